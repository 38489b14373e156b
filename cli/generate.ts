/**
 * Draws a picture from the command line, on the same pipeline as the page.
 *
 *   npm run -s generate -- --model DIR|storybook --prompt TEXT [--image FILE …] [--size WxH] [--steps N] [--seed N]
 *                          [--reflect N] [--acceleration none|teacache|taylorseer] [--guidance-range A,B]
 *                          [--posterior sample|mean] [--lora FILE[:STRENGTH] …] [--official]
 *                          --out FILE.png [--json]
 */

import { extname } from 'node:path';
import { USUAL_SETTINGS } from '../src/draw-settings.ts';
import { ACCELERATIONS, TEACACHE_THRESHOLD } from '../src/omnigen2/acceleration/acceleration.ts';
import { drawWithReflection } from '../src/omnigen2/drawing.ts';
import { type DrawOptions, drawDefaults } from '../src/omnigen2/pipeline.ts';
import { SCHEDULERS } from '../src/omnigen2/schedulers/create.ts';
import { POSTERIORS } from '../src/omnigen2/vae/vae.ts';
import { quotedList, unknownWords } from '../src/storybook/vocabulary.ts';
import { openAdapters } from './adapters.ts';
import { numberOption, readArgs, runCommand, sizeOption } from './args.ts';
import { DecisionCount } from './decisions.ts';
import { DrawingProgress } from './drawing-progress.ts';
import { GUIDANCE_OPTIONS, guidanceOf } from './guidance.ts';
import { BUILT_IN, openModel } from './models.ts';
import { officialGreys } from './official-greys.ts';
import { checkPictureTarget, otherSizeNote, readPictures, writePictures } from './picture-files.ts';

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
        help: 'in pixels (default: what the model was trained on; an edit keeps the shape of its picture)',
      },
      steps: { placeholder: 'N', help: 'denoising steps', fallback: String(USUAL_SETTINGS.steps) },
      seed: { placeholder: 'N', help: 'same seed, same picture', fallback: '0' },
      reflect: {
        placeholder: 'N',
        help: 'rounds in which the model may check and mend its work',
        fallback: '1',
      },
      ...GUIDANCE_OPTIONS,
      'negative-prompt': { placeholder: 'TEXT', help: 'what to keep away from', fallback: '' },
      scheduler: { placeholder: 'NAME', help: 'how to step', fallback: 'euler', oneOf: SCHEDULERS },
      acceleration: {
        placeholder: 'NAME',
        help: 'skip work that changes little',
        fallback: 'none',
        oneOf: ACCELERATIONS,
      },
      'teacache-threshold': {
        placeholder: 'X',
        help: `how much change TeaCache lets pass; a higher one skips more (default ${TEACACHE_THRESHOLD})`,
      },
      posterior: {
        placeholder: 'NAME',
        help: 'read references by the seed, or as their mean, the same for every seed (default sample)',
        oneOf: POSTERIORS,
      },
      lora: {
        placeholder: 'FILE[:STRENGTH]',
        help: 'LoRA adapter to draw with, as strongly as it was trained or as said',
        multiple: true,
      },
      official: { help: 'as the official program does it, defects included (docs/DEVIATIONS.md)' },
      out: { placeholder: 'FILE.png', help: 'where to write the picture', required: true },
      json: { help: 'print the rounds as JSON' },
    },
  });
  await checkPictureTarget(args.out, args.image);
  const whole = { min: 0, max: 2 ** 32 - 1, whole: true };
  const rounds = numberOption('reflect', args.reflect, { min: 0, max: 20, whole: true });
  const imageNotes: string[] = [];
  const model = await openModel(args.model);
  const { trainedOn } = model.checkpoint;
  const size =
    args.size === undefined
      ? { width: trainedOn.side, height: trainedOn.side }
      : sizeOption('size', args.size);
  const { official } = args;
  const defaults = drawDefaults(size, trainedOn, { official });
  const threshold = args['teacache-threshold'];
  const options: DrawOptions = {
    ...defaults,
    prompt: args.prompt,
    negativePrompt: args['negative-prompt'],
    references: await readPictures(args.image, defaults, imageNotes, official ? 'dropped' : 'over-white'),
    steps: numberOption('steps', args.steps, { ...whole, min: 1, max: 1000 }),
    seed: numberOption('seed', args.seed, whole),
    ...guidanceOf(args),
    scheduler: args.scheduler,
    acceleration: args.acceleration,
    posterior: args.posterior ?? defaults.posterior,
    teaCacheThreshold:
      threshold === undefined
        ? defaults.teaCacheThreshold
        : numberOption('teacache-threshold', threshold, { min: 0, max: 10 }),
    // A size that was asked for is what comes out, but not of the official program.
    alignSize: official || args.size === undefined,
  };
  const idle = [
    ...(threshold !== undefined && args.acceleration !== 'teacache'
      ? ['--teacache-threshold does nothing without --acceleration teacache.']
      : []),
    ...(args.posterior !== undefined && args.image.length === 0 && rounds < 2
      ? ['--posterior does nothing without --image.']
      : []),
  ];
  const progress = new DrawingProgress();
  const decisions = new DecisionCount(options.acceleration);
  try {
    await model.setAdapters(await openAdapters(args.lora, model.checkpoint, { official }));
    const started = performance.now();
    const {
      picture,
      kept,
      rounds: reports,
      notes: drawNotes,
    } = await drawWithReflection(model, options, Math.max(1, rounds), {
      signal,
      now: () => performance.now(),
      onEvent: (event) => progress.tell(event),
      onDecision: decisions.count,
    });
    progress.end();
    const notes = [...idle, ...imageNotes, ...drawNotes];
    // The blank ends the last word: nobody is typing it any more.
    const unknown = args.model === BUILT_IN ? unknownWords(`${args.prompt} `) : [];
    if (unknown.length > 0)
      notes.push(`The built-in model has not learnt ${quotedList(unknown)}: it draws what is nearest.`);
    const otherSize = args.size === undefined ? undefined : otherSizeNote(size, picture);
    if (otherSize !== undefined) notes.push(otherSize);
    const files = reports.map(({ round }) => roundFile(args.out, round));
    const written = new Map([
      ...reports.map((report, i) => [files[i], report.picture] as const),
      [args.out, picture] as const,
    ]);
    await writePictures(
      official ? new Map([...written].map(([file, image]) => [file, officialGreys(image)])) : written,
    );
    const seconds = Number(((performance.now() - started) / 1000).toFixed(2));
    if (args.json) {
      const listed = reports.map(({ picture: _, ...report }, i) => ({ ...report, file: files[i] }));
      const { predictions, computed } = decisions;
      const acceleration =
        args.acceleration === 'none' ? undefined : { name: args.acceleration, predictions, computed };
      const { seed } = options;
      console.log(
        JSON.stringify(
          { file: args.out, seed, seconds, notes, acceleration, kept, rounds: listed },
          undefined,
          2,
        ),
      );
    } else {
      for (const note of notes) console.log(note);
      if (decisions.sentence !== undefined) console.log(decisions.sentence);
      for (const { round, critique, outcome } of reports)
        console.log(`Round ${round} (${outcome}): ${critique}`);
      if (reports.length > 1) console.log(`Round ${kept} is kept.`);
      console.log(`Wrote ${args.out} in ${seconds} s.`);
    }
    return 0;
  } finally {
    await model.dispose();
  }
});

/** `picture.png`, round 2: `picture.round-2.png`. */
function roundFile(out: string, round: number): string {
  return `${out.slice(0, -extname(out).length)}.round-${round}.png`;
}
