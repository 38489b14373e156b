/** What it saves that a conversation stays read: the second turn with and without what is held of the first. */

import { readFile } from 'node:fs/promises';
import { Conversation } from '../../src/omnigen2/language/conversation.ts';
import type { OmniGen2Model } from '../../src/omnigen2/model.ts';
import { decodeImage } from '../../src/pictures/decode.node.ts';
import type { RgbImage } from '../../src/pictures/image.ts';
import { resample } from '../../src/pictures/resample.ts';
import { openModel } from '../models.ts';
import { fromWords } from './cases.ts';
import { figure, median, type Table } from './table.ts';

const SIDES = [128, 448, 896] as const;
const RUNS = 7;

export async function conversationTable(): Promise<Table> {
  const bytes = await readFile(new URL('../../public/samples/house-in-snow.png', import.meta.url));
  const sample = await decodeImage(bytes, 'house-in-snow');
  const model = await openModel('storybook');
  try {
    const rows: string[][] = [];
    for (const side of SIDES) {
      const picture = resample(sample, side, side, 'bicubic');
      const times = { held: [] as number[], anew: [] as number[] };
      let tokens = 0;
      for (let run = 0; run <= RUNS; run++) {
        for (const way of ['held', 'anew'] as const) {
          const { ms, before } = await secondTurn(model, picture, way === 'anew');
          if (run > 0) times[way].push(ms);
          tokens = before;
        }
      }
      const [held, anew] = [median(times.held), median(times.anew)];
      rows.push([
        `${side} x ${side}`,
        String(tokens),
        `${figure(held)} ms`,
        `${figure(anew)} ms`,
        `${figure(anew / held)}x`,
      ]);
    }
    return {
      title: 'The second turn of a conversation',
      method: `The built-in model under Node is asked twice about a picture that the first turn shows: time from the second question to its first token. Median of ${RUNS} after one that warms up, both ways in turn.`,
      columns: ['picture', 'tokens before', 'kept read', 'read anew', 'faster'],
      rows,
    };
  } finally {
    await model.dispose();
  }
}

async function secondTurn(
  model: OmniGen2Model,
  picture: RgbImage,
  anew: boolean,
): Promise<{ ms: number; before: number }> {
  const { prompt: _, references: __, ...drawing } = fromWords();
  // The official way shows pictures in full size, as a model does that has learnt to look at large ones.
  const conversation = new Conversation(model, { official: true });
  const ask = (text: string, pictures: readonly RgbImage[], maxNewTokens: number) =>
    conversation.say({ text, pictures, maxNewTokens, drawing });
  await ask('What is in the picture?', [picture], 12);
  const before = conversation.length;
  if (anew) conversation.release();
  const start = performance.now();
  await ask('How many trees are there?', [], 1);
  const ms = performance.now() - start;
  conversation.release();
  return { ms, before };
}
