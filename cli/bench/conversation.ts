/** What the prompt cache saves in a conversation: the second turn with and without the cached first turn. */

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
      const times = { cached: [] as number[], uncached: [] as number[] };
      let tokens = 0;
      for (let run = 0; run <= RUNS; run++) {
        for (const mode of ['cached', 'uncached'] as const) {
          const { ms, before } = await secondTurn(model, picture, mode === 'uncached');
          if (run > 0) times[mode].push(ms);
          tokens = before;
        }
      }
      const [cached, uncached] = [median(times.cached), median(times.uncached)];
      rows.push([
        `${side} x ${side}`,
        String(tokens),
        `${figure(cached)} ms`,
        `${figure(uncached)} ms`,
        `${figure(uncached / cached)} x`,
      ]);
    }
    return {
      title: 'The second turn of a conversation',
      method:
        'The built-in model under Node gets two questions about a picture of the first turn. The time is from the second question ' +
        `to its first token: median of ${RUNS} after a warm-up, with and without the cache of the first turn in alternation.`,
      columns: ['picture', 'tokens of the first turn', 'cached', 'not cached', 'speed-up'],
      rows,
    };
  } finally {
    await model.dispose();
  }
}

async function secondTurn(
  model: OmniGen2Model,
  picture: RgbImage,
  clearCache: boolean,
): Promise<{ ms: number; before: number }> {
  const { prompt: _, references: __, ...drawing } = fromWords();
  // `official` keeps pictures at full size, as for a model that was trained on large ones.
  const conversation = new Conversation(model, { official: true });
  const ask = (text: string, pictures: readonly RgbImage[], maxNewTokens: number) =>
    conversation.say({ text, pictures, maxNewTokens, drawing });
  await ask('What is in the picture?', [picture], 12);
  const before = conversation.length;
  if (clearCache) conversation.release();
  const start = performance.now();
  await ask('How many trees are there?', [], 1);
  const ms = performance.now() - start;
  conversation.release();
  return { ms, before };
}
