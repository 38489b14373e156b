/**
 * A conversation with a model on the command line: it replies with text, pictures, or both.
 *
 * npm run -s chat -- [--model DIR|storybook] [--image FILE …] [--say TEXT …] [--temperature X] [--top-p X]
 *                    [--seed N] [--size WxH] [--steps N] [--official] [--json] [--out FILE.png]
 */

import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { OmniError } from '../src/errors.ts';
import { drawLimits } from '../src/omnigen2/draw-limits.ts';
import {
  Conversation,
  type ConversationReply,
  type ConversationTurn,
} from '../src/omnigen2/language/conversation.ts';
import { hasBoxJson, NO_USABLE_ANSWER, parseBoxes } from '../src/omnigen2/language/grounding.ts';
import { modelSize } from '../src/omnigen2/residency/model-size.ts';
import { MAX_NEW_TOKENS, SAMPLING_SETTINGS } from '../src/settings/answer-settings.ts';
import { DEFAULT_SETTINGS, DRAW_SETTINGS, defaultSettings } from '../src/settings/draw-settings.ts';
import { readArgs, runCommand, settingOption, sizeOption } from './args.ts';
import { openModel } from './models.ts';
import { officialGreys } from './official-greys.ts';
import { checkPictureTarget, otherSizeNote, readPictures, writePictures } from './picture-files.ts';

/** One turn, as it is printed. */
interface PrintedTurn {
  readonly said: string;
  readonly reply: string;
  readonly complete: boolean;
  /** The file of the reply's picture. */
  readonly file?: string;
  readonly seconds: number;
  readonly notes: readonly string[];
}

await runCommand('The conversation', async (signal) => {
  const args = readArgs({
    call: 'npm run -s chat --',
    summary: 'A conversation with a model: it replies with text, pictures, or both.',
    options: {
      model: { placeholder: 'DIR', help: 'checkpoint folder, or storybook', fallback: 'storybook' },
      say: {
        placeholder: 'TEXT',
        help: 'one turn; without any, each line of the input is one',
        multiple: true,
      },
      image: {
        placeholder: 'FILE',
        help: 'picture that the first turn is about; the first is "image 1"',
        multiple: true,
      },
      temperature: settingOption(SAMPLING_SETTINGS.temperature, 'X', { fallback: '0' }),
      'top-p': settingOption(SAMPLING_SETTINGS.topP, 'X'),
      seed: settingOption(SAMPLING_SETTINGS.seed, 'N', {
        help: 'same seed, same text and pictures',
        fallback: '0',
      }),
      'max-tokens': settingOption(MAX_NEW_TOKENS, 'N'),
      size: {
        placeholder: 'WxH',
        help: 'of pictures, in pixels (default: what the model was trained at; an edit keeps the shape of its picture)',
      },
      steps: settingOption(DRAW_SETTINGS.steps, 'N', { help: 'denoising steps of pictures' }),
      official: { help: 'exactly as the official program, with its defects (docs/reference/deviations.md)' },
      out: { placeholder: 'FILE.png', help: 'where to write the first picture', fallback: 'chat.png' },
      json: { help: 'print one line of JSON a turn' },
    },
  });
  await checkPictureTarget(args.out, args.image);
  const { official, seed, steps } = args;
  const sampling = { temperature: args.temperature, topP: args['top-p'], seed };
  const maxNewTokens = args['max-tokens'];
  const imageNotes: string[] = [];
  const images = await readPictures(args.image, undefined, imageNotes, official ? 'dropped' : 'over-white');
  const model = await openModel(args.model);
  try {
    const { trainedOn } = model.checkpoint;
    const size =
      args.size === undefined
        ? { width: trainedOn.side, height: trainedOn.side }
        : sizeOption('size', args.size);
    const drawing = {
      ...(official
        ? DEFAULT_SETTINGS
        : defaultSettings(modelSize(model.checkpoint, model.source('transformer').numerics))),
      ...size,
      ...drawLimits(size, trainedOn, { official }),
      // Pictures have the requested size. The official program ignores it for an edit.
      alignSize: official || args.size === undefined,
      steps,
    };
    const conversation = new Conversation(model, { official });
    let turns = 0;
    let drawn = 0;

    const say = async (text: string): Promise<PrintedTurn> => {
      const start = performance.now();
      const turn: ConversationTurn = {
        text,
        pictures: turns === 0 ? images : [],
        maxNewTokens,
        sampling,
        // Otherwise every picture of a conversation would start from the same noise.
        drawing: { ...drawing, seed: (seed + turns) >>> 0 },
      };
      const reply = await conversation.say(turn, { signal });
      const notes = [...(turns === 0 ? imageNotes : []), ...reply.notes];
      turns++;
      const otherSize =
        args.size === undefined || !reply.image ? undefined : otherSizeNote(size, reply.image);
      if (otherSize !== undefined) notes.push(otherSize);
      const file = reply.image && (await keep(reply.image, drawn++));
      const seconds = Number(((performance.now() - start) / 1000).toFixed(2));
      return { said: text, reply: reply.text, complete: reply.complete, file, seconds, notes };
    };

    const keep = async (image: NonNullable<ConversationReply['image']>, before: number): Promise<string> => {
      const file = pictureFile(args.out, before);
      await checkPictureTarget(file, args.image);
      await writePictures(new Map([[file, official ? officialGreys(image) : image]]));
      return file;
    };

    let hasInput = false;
    for await (const text of args.say.length > 0 ? args.say : lines(signal)) {
      hasInput = true;
      try {
        const turn = await say(text);
        if (args.json) console.log(JSON.stringify(turn));
        else print(turn, official);
      } catch (error) {
        // A person at a terminal can try other words.
        if (!(error instanceof OmniError && args.say.length === 0 && process.stdin.isTTY)) throw error;
        console.error(`${error.message} ${error.action}`);
      }
    }
    signal.throwIfAborted();
    if (!hasInput) {
      throw new OmniError({
        code: 'bad_request',
        message: 'Nothing was said: there is no --say, and the input has no text.',
        action: 'Say something with --say TEXT, or in the lines of the input.',
      });
    }
    return 0;
  } finally {
    await model.dispose();
  }
});

/** Boxes are printed as lines of text, unless the output must equal that of the official program. */
function print({ reply, complete, file, notes }: PrintedTurn, official: boolean): void {
  if (!official && hasBoxJson(reply)) console.log(boxLines(reply));
  else if (reply !== '') console.log(complete ? reply : `${reply} …`);
  if (file !== undefined) console.log(`Wrote ${file}.`);
  if (reply === '' && file === undefined) console.log('(no words)');
  for (const note of notes) console.log(note);
}

/** "cat: 3, 4, 50, 60", one line for each box of a reply. */
function boxLines(reply: string): string {
  const boxes = parseBoxes(reply);
  if (!boxes) return NO_USABLE_ANSWER;
  return boxes.map(({ label, box }, i) => `${label ?? `object ${i + 1}`}: ${box.join(', ')}`).join('\n');
}

/** The lines of the input, without blank ones. */
async function* lines(signal: AbortSignal): AsyncGenerator<string> {
  const { stdin, stderr } = process;
  const input = createInterface({ input: stdin, terminal: false });
  const stop = () => input.close();
  signal.addEventListener('abort', stop, { once: true });
  const ask = () => stdin.isTTY && stderr.write('> ');
  try {
    ask();
    for await (const line of input) {
      if (line.trim() !== '') yield line;
      ask();
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** `chat.png`, then `chat-2.png`, `chat-3.png` … */
function pictureFile(out: string, before: number): string {
  return before === 0 ? out : `${out.slice(0, -extname(out).length)}-${before + 1}.png`;
}
