/**
 * Talks with a model on the command line: it answers in words, with pictures, or with both.
 *
 *   npm run -s chat -- --model DIR|storybook [--image FILE …] [--say TEXT …] [--temperature X --top-p X --seed N]
 *                      [--size WxH] [--steps N] [--official] [--json] [--out FILE.png]
 */

import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { MAX_NEW_TOKENS } from '../src/config/config.ts';
import { USUAL_SETTINGS } from '../src/draw-settings.ts';
import { OmniError } from '../src/errors.ts';
import {
  Conversation,
  type ConversationReply,
  type ConversationTurn,
} from '../src/omnigen2/language/conversation.ts';
import { drawDefaults } from '../src/omnigen2/pipeline.ts';
import { numberOption, readArgs, runCommand, sizeOption } from './args.ts';
import { openModel } from './models.ts';
import { officialGreys } from './official-greys.ts';
import { checkPictureTarget, otherSizeNote, readPictures, writePictures } from './picture-files.ts';

/** One turn, as it is printed. */
interface Said {
  readonly said: string;
  readonly reply: string;
  readonly complete: boolean;
  /** Where the picture of the reply lies. */
  readonly file?: string;
  readonly seconds: number;
  readonly notes: readonly string[];
}

await runCommand('The conversation', async (signal) => {
  const args = readArgs({
    call: 'npm run -s chat --',
    summary: 'Talks with a model: it answers in words, with pictures, or with both.',
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
      temperature: { placeholder: 'X', help: 'how freely words are chosen; 0: the likeliest', fallback: '0' },
      'top-p': { placeholder: 'X', help: 'share of the likely words that are chosen from', fallback: '1' },
      seed: { placeholder: 'N', help: 'same seed, same words and pictures', fallback: '0' },
      'max-tokens': {
        placeholder: 'N',
        help: 'how long an answer may be',
        fallback: String(MAX_NEW_TOKENS),
      },
      size: {
        placeholder: 'WxH',
        help: 'of pictures, in pixels (default: what the model was trained on; an edit keeps the shape of its picture)',
      },
      steps: {
        placeholder: 'N',
        help: 'denoising steps of pictures',
        fallback: String(USUAL_SETTINGS.steps),
      },
      official: { help: 'as the official program does it, defects included (docs/DEVIATIONS.md)' },
      out: { placeholder: 'FILE.png', help: 'where to write the first picture', fallback: 'chat.png' },
      json: { help: 'print one line of JSON a turn' },
    },
  });
  await checkPictureTarget(args.out, args.image);
  const whole = { min: 0, max: 2 ** 32 - 1, whole: true };
  const seed = numberOption('seed', args.seed, whole);
  const sampling = {
    temperature: numberOption('temperature', args.temperature, { min: 0, max: 100 }),
    topP: numberOption('top-p', args['top-p'], { min: 0, max: 1 }),
    seed,
  };
  const maxNewTokens = numberOption('max-tokens', args['max-tokens'], { min: 1, max: 32_768, whole: true });
  const steps = numberOption('steps', args.steps, { ...whole, min: 1, max: 1000 });
  const imageNotes: string[] = [];
  const { official } = args;
  const images = await readPictures(args.image, undefined, imageNotes, official ? 'dropped' : 'over-white');
  const model = await openModel(args.model);
  try {
    const { trainedOn } = model.checkpoint;
    const size =
      args.size === undefined
        ? { width: trainedOn.side, height: trainedOn.side }
        : sizeOption('size', args.size);
    const drawing = {
      ...drawDefaults(size, trainedOn, { official }),
      // A size that was asked for is what comes out, but not of the official program.
      alignSize: official || args.size === undefined,
      steps,
      textGuidance: USUAL_SETTINGS.textGuidance,
      imageGuidance: USUAL_SETTINGS.imageGuidance,
      guidanceRange: USUAL_SETTINGS.guidanceRange,
    };
    const conversation = new Conversation(model, { official });
    let turns = 0;
    let drawn = 0;

    const say = async (text: string): Promise<Said> => {
      const start = performance.now();
      const turn: ConversationTurn = {
        text,
        pictures: turns === 0 ? images : [],
        maxNewTokens,
        sampling,
        // Else every picture of a conversation would begin from the same noise.
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

    let heard = false;
    for await (const text of args.say.length > 0 ? args.say : lines(signal)) {
      heard = true;
      try {
        const said = await say(text);
        if (args.json) console.log(JSON.stringify(said));
        else print(said);
      } catch (error) {
        // A person at a terminal may say it in another way.
        if (!(error instanceof OmniError && args.say.length === 0 && process.stdin.isTTY)) throw error;
        console.error(`${error.message} ${error.action}`);
      }
    }
    signal.throwIfAborted();
    if (!heard) {
      throw new OmniError({
        code: 'bad_request',
        message: 'Nothing was said: there is no --say, and the input has no words.',
        action: 'Say something with --say TEXT, or in the lines of the input.',
      });
    }
    return 0;
  } finally {
    await model.dispose();
  }
});

function print({ reply, complete, file, notes }: Said): void {
  if (reply !== '') console.log(complete ? reply : `${reply} …`);
  if (file !== undefined) console.log(`Wrote ${file}.`);
  if (reply === '' && file === undefined) console.log('(no words)');
  for (const note of notes) console.log(note);
}

/** What a person types, line by line; blank lines say nothing. */
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
