/** Conversations through the service: replies, forgotten turns and freed caches. */

import { describe, expect, test } from 'vitest';
import { OmniError } from '../errors.ts';
import type { ConversationId, JobEvent, JobId, TurnRequest } from '../protocol.ts';
import { watchedRuntime } from '../runtime/watched-runtime.node.ts';
import { drawing, page } from './page-fixture.node.ts';

const [A, B, C, D, E] = ['a', 'b', 'c', 'd', 'e'] as JobId[];

const [ONE, OTHER] = ['one', 'other'] as ConversationId[];

function saying(text: string, changes: Partial<TurnRequest> = {}): TurnRequest {
  const { settings } = drawing(2);
  return { conversation: ONE, turns: 0, text, pictures: [], settings, maxNewTokens: 4, ...changes };
}

/** A turn with a picture as reply. The seed was found by search. */
const ASKING_FOR_PICTURE = saying('A dog running in the park', {
  sampling: { temperature: 100, topP: 1, seed: 331 },
});

const deviceError = () =>
  new OmniError({ code: 'device', message: 'The device is gone.', action: 'Try again.' });

const types = (events: readonly JobEvent[]) => [...new Set(events.map(({ type }) => type))];

test('a conversation replies with text or a picture and remembers earlier turns', async () => {
  const { open, turn, ended, events } = page();
  open();
  turn(A, ASKING_FOR_PICTURE);
  turn(B, saying('Which colour?'));
  turn(C, saying('Which colour?', { conversation: OTHER }));
  expect(await ended(A)).toMatchObject({
    result: { type: 'reply', text: '', drew: true, complete: true, notes: [] },
  });
  expect(types(events(A))).toEqual([
    'queued',
    'loading',
    'encoding-prompt',
    'denoising',
    'decoding',
    'picture',
    'done',
  ]);
  const pictures = events(A).filter((event) => event.type === 'picture');
  expect(pictures).toMatchObject([{ round: 1, picture: { width: 32, height: 32 } }]);
  const [remembering, anew] = [await ended(B), await ended(C)];
  expect(remembering).toMatchObject({ result: { type: 'reply', drew: false, notes: [] } });
  expect(types(events(B))).toEqual(['queued', 'answering', 'done']);
  expect(anew).toMatchObject({ result: { type: 'reply', drew: false } });
  const words = ({ type, ...event }: JobEvent) =>
    type === 'done' && 'result' in event && event.result.type === 'reply' ? event.result.text : undefined;
  expect(words(remembering)).not.toBe(words(anew));
});

test('a turn can be stopped while it draws, and the conversation goes on', async () => {
  const { open, turn, cancel, ended, on } = page();
  on((message) => {
    if (message.type === 'job' && message.event.type === 'denoising' && message.event.step === 1) cancel(A);
  });
  open();
  const settings = { ...drawing(30).settings };
  turn(A, { ...ASKING_FOR_PICTURE, settings });
  turn(B, saying('Which colour?'));
  expect(await ended(A)).toMatchObject({ type: 'cancelled', partial: { width: 32, height: 32 } });
  expect(await ended(B)).toMatchObject({ type: 'done', result: { drew: false, notes: [] } });
});

/** The last event of a turn with a reply. */
const withNotes = (...notes: readonly unknown[]) => ({ type: 'done', result: { notes } });
const FORGOTTEN = expect.stringContaining('no longer knows what was said before');

describe('the note about forgotten turns', () => {
  test('appears after the model was loaded again', async () => {
    const { open, turn, ended, ready } = page();
    open();
    turn(A, saying('Which colour?'));
    await ended(A);
    open();
    await ready(2);
    turn(B, saying('Which colour?', { turns: 1 }));
    turn(C, saying('Which colour?', { turns: 2 }));
    expect(await ended(B)).toMatchObject(withNotes(FORGOTTEN));
    expect(await ended(C)).toMatchObject(withNotes());
  });

  test('appears after another conversation, in the next turn with a reply', async () => {
    const { open, turn, cancel, ended, on } = page();
    on((message) => {
      if (message.type === 'job' && message.job === C && message.event.type === 'denoising') cancel(C);
    });
    open();
    turn(A, saying('Which colour?'));
    turn(B, saying('Which colour?', { conversation: OTHER }));
    expect(await ended(B)).toMatchObject(withNotes());
    turn(C, { ...ASKING_FOR_PICTURE, turns: 1, settings: drawing(30).settings });
    expect(await ended(C)).toMatchObject({ type: 'cancelled' });
    turn(D, saying('Which colour?', { turns: 1 }));
    expect(await ended(D)).toMatchObject(withNotes(FORGOTTEN));
    turn(E, saying('Which colour?', { turns: 2 }));
    expect(await ended(E)).toMatchObject(withNotes());
  });

  test('appears once in a worker that does not know the conversation', async () => {
    const { open, turn, ended } = page();
    open();
    turn(A, saying('Which colour?', { turns: 3 }));
    turn(B, saying('Which colour?', { turns: 4 }));
    expect(await ended(A)).toMatchObject(withNotes(FORGOTTEN));
    expect(await ended(B)).toMatchObject(withNotes());
  });

  test('does not appear if a turn is sent before the reply to the last one', async () => {
    const { open, turn, ended } = page();
    open();
    turn(A, saying('Which colour?'));
    turn(B, saying('Which colour?'));
    expect(await ended(B)).toMatchObject(withNotes());
  });
});

describe('the cache of a conversation is freed', () => {
  test('when it ends, at once or after the running turn', async () => {
    const watched = watchedRuntime();
    const { open, turn, service, ended, on } = page({ runtime: () => watched.runtime });
    const end = (conversation: ConversationId) => service.handle({ type: 'end', conversation });
    open();
    turn(A, saying('Which colour?'));
    await ended(A);
    end(OTHER);
    expect(watched.alive.size).toBeGreaterThan(0);
    end(ONE);
    expect(watched.alive.size).toBe(0);
    let held = 0;
    on((message) => {
      if (message.type !== 'job' || message.event.type !== 'decoding') return;
      end(ONE);
      held = watched.alive.size;
    });
    turn(B, ASKING_FOR_PICTURE);
    expect(await ended(B)).toMatchObject({ type: 'done' });
    expect(held).toBeGreaterThan(0);
    expect(watched.alive.size).toBe(0);
  });

  test('when another model replaces its model', async () => {
    const watched = watchedRuntime();
    const { open, turn, ended, ready } = page({ runtime: () => watched.runtime });
    open();
    turn(A, saying('Which colour?'));
    await ended(A);
    open('other');
    await ready(2);
    expect(watched.alive.size).toBe(0);
  });

  test('when a drawing fails on the device, which then runs again', async () => {
    const watched = watchedRuntime();
    const { open, turn, draw, ended, log } = page({ runtime: () => watched.runtime });
    open();
    turn(A, saying('Which colour?'));
    await ended(A);
    const cache = [...watched.alive];
    watched.beforeRun = (graph) => {
      const isFull = cache.some((tensor) => watched.alive.has(tensor));
      if (graph.startsWith('transformer') && isFull) throw deviceError();
    };
    draw(B);
    turn(C, saying('Which colour?', { turns: 1 }));
    expect(await ended(B)).toMatchObject({ type: 'done' });
    expect(await ended(C)).toMatchObject(withNotes());
    expect(log).toEqual(['load 1 of tiny']);
  });
});
