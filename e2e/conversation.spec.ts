/**
 * A conversation in the worker of the built page gives the same text and pictures as the same one under Node.
 */

import { readFile } from 'node:fs/promises';
import { expect } from '@playwright/test';
import { Conversation, type ConversationTurn } from '../src/omnigen2/language/conversation.ts';
import { PROTOCOL_VERSION } from '../src/protocol.ts';
import { DEFAULT_SETTINGS, type DrawSettings } from '../src/settings/draw-settings.ts';
import { test } from './fixtures.ts';
import { decodedSample, expectSamePixels, options, SEED } from './node-side.ts';
import { type StudioPage, sample } from './studio-page.ts';

/** A turn as the test sends it to the page. */
interface Turn extends Pick<ConversationTurn, 'text' | 'sampling'> {
  /** A picture file in base64. */
  readonly picture?: string;
}
interface Reply {
  readonly text: string;
  readonly drew: boolean;
  readonly picture?: { readonly width: number; readonly height: number; readonly data: number[] };
}

test('pictures, and text about pictures', async ({ studio, nodeModel }) => {
  const { prompt: _, references: __, ...drawing } = options('', [], 6, { textGuidance: 4, imageGuidance: 2 });
  const house = (await readFile(sample('house-in-snow'))).toString('base64');
  const turns: Turn[] = [
    { text: 'a red house in the snow' },
    { text: 'Make it night.' },
    { text: 'What is in the picture?' },
    { text: 'What is in the picture?', picture: house, sampling: { temperature: 1, topP: 0.9, seed: 3 } },
  ];
  const settings = { ...DEFAULT_SETTINGS, width: 128, height: 128, steps: 6, seed: SEED };
  const replies = await converse(studio, turns, settings);

  const conversation = new Conversation(nodeModel);
  for (const [i, { text, picture, sampling }] of turns.entries()) {
    const pictures = picture ? [await decodedSample('house-in-snow')] : [];
    const wanted = await conversation.say({ text, pictures, sampling, maxNewTokens: 64, drawing });
    const got = replies[i];
    expect(got).toMatchObject({ text: wanted.text, drew: wanted.image !== undefined });
    if (wanted.image) {
      const { width, height, data } = got.picture ?? { width: 0, height: 0, data: [] };
      expectSamePixels({ width, height, data: Uint8Array.from(data) }, wanted.image);
    }
  }
  expect(replies.map(({ drew }) => drew)).toEqual([true, true, false, false]);
});

/** Sends the turns to a new worker in the page, one after another. */
async function converse(
  { page }: StudioPage,
  turns: readonly Turn[],
  settings: DrawSettings,
): Promise<Reply[]> {
  const script = page.workers()[0].url();
  return page.evaluate(
    async ({ script, version, turns, settings }) => {
      const worker = new Worker(script, { type: 'module' });
      const model = {
        kind: 'bundle',
        name: 'storybook',
        baseUrl: new URL('models/storybook/', location.href).href,
      };
      worker.postMessage({ type: 'open', version, model, backend: 'auto' });
      const replies: Reply[] = [];
      for (const [i, { text, picture, sampling }] of turns.entries()) {
        const bytes = picture ? Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0)) : undefined;
        const pictures = bytes ? [new Blob([bytes])] : [];
        const request = { conversation: 'a', turns: i, text, pictures, sampling, settings, maxNewTokens: 64 };
        let drawn: Reply['picture'];
        const ended = new Promise<Reply>((resolve, reject) => {
          worker.onerror = ({ message }) => reject(new Error(message));
          worker.onmessage = ({ data: { state, event } }) => {
            if (state?.status === 'failed') reject(new Error(state.error.message));
            if (event?.type === 'failed') reject(new Error(event.error.message));
            if (event?.type === 'done') resolve({ ...event.result, picture: drawn });
            if (event?.type !== 'picture') return;
            const { width, height, data } = event.picture;
            drawn = { width, height, data: [...data].filter((_, place) => place % 4 !== 3) };
          };
        });
        worker.postMessage({ type: 'turn', job: `turn ${i}`, request });
        replies.push(await ended);
      }
      worker.terminate();
      return replies;
    },
    { script, version: PROTOCOL_VERSION, turns, settings },
  );
}
