/**
 * Draws a picture on the command line, with the same pipeline as the page.
 *
 * npm run -s generate -- --prompt TEXT [--model DIR|storybook] [--image FILE …] --out FILE.png
 *
 * `--help` lists all options.
 */

import { extname } from 'node:path';
import { OmniError } from '../src/errors.ts';
import { drawLimits } from '../src/omnigen2/draw-limits.ts';
import { drawWithReflection } from '../src/omnigen2/drawing.ts';
import type { DrawInput } from '../src/omnigen2/pipeline.ts';
import { plannedDrawing } from '../src/omnigen2/residency/drawings.ts';
import { modelSize } from '../src/omnigen2/residency/model-size.ts';
import { outputSize } from '../src/omnigen2/sizes.ts';
import {
  DEFAULT_SETTINGS,
  DRAW_SETTINGS,
  defaultSettings,
  LARGE_MODEL_SETTINGS,
} from '../src/settings/draw-settings.ts';
import { ROUNDS } from '../src/settings/job-settings.ts';
import type { Setting } from '../src/settings/setting.ts';
import { quotedList, unknownWords } from '../src/storybook/vocabulary.ts';
import { openAdapters } from './adapters.ts';
import { optionalSetting, readArgs, runCommand, settingOption, sizeOption } from './args.ts';
import { DecisionCount } from './decisions.ts';
import { DrawingProgress } from './drawing-progress.ts';
import { GUIDANCE_OPTIONS, guidanceOf } from './guidance.ts';
import { BUILT_IN, memoryOption, openModel } from './models.ts';
import { officialGreys } from './official-greys.ts';
import { checkPictureTarget, otherSizeNote, readPictures, writePictures } from './picture-files.ts';
import { planLines, planReport } from './plan-report.ts';

const CALL = 'npm run -s generate --';

await runCommand('Drawing', async (signal) => {
  const args = readArgs({
    call: CALL,
    summary: 'Draws a picture: from words, by editing one picture, or from several.',
    options: {
      model: { placeholder: 'DIR', help: 'checkpoint folder, or storybook', fallback: 'storybook' },
      prompt: { placeholder: 'TEXT', help: 'what to draw, or what to change', required: true },
      image: { placeholder: 'FILE', help: 'reference picture; the first is "image 1"', multiple: true },
      size: {
        placeholder: 'WxH',
        help: 'in pixels (default: what the model was trained at; an edit keeps the shape of its picture)',
      },
      steps: settingOption(DRAW_SETTINGS.steps, 'N'),
      seed: settingOption(DRAW_SETTINGS.seed, 'N', { fallback: '0' }),
      reflect: settingOption(ROUNDS, 'N'),
      ...GUIDANCE_OPTIONS,
      'negative-prompt': settingOption(DRAW_SETTINGS.negativePrompt, 'TEXT'),
      scheduler: sizedSetting(DRAW_SETTINGS.scheduler, LARGE_MODEL_SETTINGS.scheduler),
      acceleration: sizedSetting(DRAW_SETTINGS.acceleration, LARGE_MODEL_SETTINGS.acceleration),
      'teacache-threshold': optionalSetting(DRAW_SETTINGS.teaCacheThreshold, 'X'),
      posterior: optionalSetting(DRAW_SETTINGS.posterior, 'NAME'),
      lora: {
        placeholder: 'FILE[:STRENGTH]',
        help: 'LoRA adapter to draw with; without a number as strongly as it was trained',
        multiple: true,
      },
      official: { help: 'exactly as the official program, with its defects (docs/reference/deviations.md)' },
      memory: { placeholder: 'GB', help: 'memory that the model may take (default: half of this machine)' },
      plan: { help: 'say what the drawing will take in memory and time, and stop' },
      out: { placeholder: 'FILE.png', help: 'where to write the picture (not needed with --plan)' },
      json: { help: 'print file, seed, time, notes and rounds as JSON' },
    },
  });
  const { out } = args;
  if (out !== undefined) await checkPictureTarget(out, args.image);
  else if (!args.plan) throw missingTarget();
  const { official, reflect: rounds } = args;
  const imageNotes: string[] = [];
  const model = await openModel(args.model, { budgetBytes: memoryOption(args.memory) });
  const defaults = official
    ? DEFAULT_SETTINGS
    : defaultSettings(modelSize(model.checkpoint, model.source('transformer').numerics));
  const { trainedOn } = model.checkpoint;
  const size =
    args.size === undefined
      ? { width: trainedOn.side, height: trainedOn.side }
      : sizeOption('size', args.size);
  const limits = drawLimits(size, trainedOn, { official });
  const input: DrawInput = {
    ...size,
    ...limits,
    prompt: args.prompt,
    references: await readPictures(args.image, limits, imageNotes, official ? 'dropped' : 'over-white'),
    negativePrompt: args['negative-prompt'],
    steps: args.steps,
    seed: args.seed,
    ...guidanceOf(args),
    scheduler: args.scheduler ?? defaults.scheduler,
    acceleration: args.acceleration ?? defaults.acceleration,
    posterior: args.posterior ?? defaults.posterior,
    teaCacheThreshold: args['teacache-threshold'] ?? defaults.teaCacheThreshold,
    // The picture has the requested size. The official program ignores it for an edit.
    alignSize: official || args.size === undefined,
  };
  const idle = [
    ...(args['teacache-threshold'] !== undefined && input.acceleration !== 'teacache'
      ? ['--teacache-threshold does nothing without --acceleration teacache.']
      : []),
    ...(args.posterior !== undefined && args.image.length === 0 && rounds < 2
      ? ['--posterior does nothing without --image.']
      : []),
  ];
  if (args.plan || out === undefined) {
    const drawn = outputSize(input, input.maxPixels).drawn;
    const drawing = plannedDrawing(input, drawn, input.references.length);
    const report = await planReport(model, drawing);
    if (args.json) console.log(JSON.stringify(report, undefined, 2));
    else for (const line of planLines(model, drawing, report)) console.log(line);
    await model.dispose();
    return 0;
  }
  const progress = new DrawingProgress();
  const decisions = new DecisionCount(input.acceleration);
  try {
    await model.setAdapters(await openAdapters(args.lora, model.checkpoint, { official }));
    const started = performance.now();
    const {
      picture,
      pictureRound: kept,
      rounds: reports,
      notes: drawNotes,
    } = await drawWithReflection(model, input, rounds, {
      signal,
      now: () => performance.now(),
      onEvent: (event) => progress.show(event),
      onDecision: decisions.count,
    });
    progress.end();
    const notes = [...idle, ...imageNotes, ...drawNotes];
    // The space marks the last word as complete: an incomplete one is not reported.
    const unknown = args.model === BUILT_IN ? unknownWords(`${args.prompt} `) : [];
    if (unknown.length > 0)
      notes.push(`The built-in model does not know ${quotedList(unknown)} and may draw something else.`);
    const otherSize = args.size === undefined ? undefined : otherSizeNote(size, picture);
    if (otherSize !== undefined) notes.push(otherSize);
    const files = reports.map(({ round }) => roundFile(out, round));
    const written = new Map([
      ...reports.map((report, i) => [files[i], report.picture] as const),
      [out, picture] as const,
    ]);
    const createdFolder = await writePictures(
      official ? new Map([...written].map(([file, image]) => [file, officialGreys(image)])) : written,
    );
    const seconds = Number(((performance.now() - started) / 1000).toFixed(2));
    if (args.json) {
      const listed = reports.map(({ picture: _, ...report }, i) => ({
        ...report,
        drawMs: Math.round(report.drawMs),
        critiqueMs: Math.round(report.critiqueMs),
        file: files[i],
      }));
      const { predictions, computed } = decisions;
      const acceleration =
        input.acceleration === 'none' ? undefined : { name: input.acceleration, predictions, computed };
      const { seed } = input;
      console.log(
        JSON.stringify({ file: out, seed, seconds, notes, acceleration, kept, rounds: listed }, undefined, 2),
      );
    } else {
      for (const note of notes) console.log(note);
      if (decisions.sentence !== undefined) console.log(decisions.sentence);
      for (const { round, critique, outcome } of reports)
        console.log(`Round ${round} (${outcome}): ${critique}`);
      if (reports.length > 1) console.log(`Round ${kept} is kept.`);
      const created = createdFolder === undefined ? '' : ` Created the folder ${createdFolder}.`;
      console.log(`Wrote ${out} in ${seconds} s.${created}`);
    }
    return 0;
  } finally {
    await model.dispose();
  }
});

/** The option of a setting whose default depends on the size of the model. */
function sizedSetting<Value extends string>(setting: Setting<Value, Value>, large: Value) {
  return optionalSetting(setting, 'NAME', `${setting.default}; ${large} for large models`);
}

function missingTarget(): OmniError {
  return new OmniError({
    code: 'bad_request',
    message: '--out FILE.png is missing.',
    action: 'Say where to write the picture, or add --plan to see only what it would take.',
  });
}

/** `picture.png`, round 2: `picture.round-2.png`. */
function roundFile(out: string, round: number): string {
  return `${out.slice(0, -extname(out).length)}.round-${round}.png`;
}
