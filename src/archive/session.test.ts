import sharp from 'sharp';
import { expect, it } from 'vitest';
import { withPngText } from '../pictures/metadata/png-text.ts';
import { completeSettings } from '../settings/draw-settings.ts';
import { readSession, SESSION_KEYWORD, type Session, writeSession } from './session.ts';

const png = new Uint8Array(
  await sharp({ create: { width: 4, height: 4, channels: 3, background: '#204060' } })
    .png()
    .toBuffer(),
);
const session: Session = {
  version: 1,
  createdMs: 1,
  model: { key: 'built-in', name: 'Built-in model' },
  prompt: 'a <script>alert(1)</script> house',
  references: [{ name: 'cat.png', width: 640, height: 480, copy: { type: 'image/webp', base64: 'AAAA' } }],
  settings: completeSettings({ steps: 7 }, { trainedSide: 128, seed: 9 }),
  settingsName: 'custom settings',
  rounds: 2,
  round: 1,
  reports: [{ round: 1, instruction: 'draw', critique: 'good', outcome: 'accept', drawMs: 1, critiqueMs: 1 }],
};

it('reads what it wrote', async () => {
  expect(await readSession(await writeSession(png, session), 'house.png')).toEqual(session);
  expect(await readSession(png, 'house.png')).toBeUndefined();
});

it('leaves out the copies of the references if they do not fit', async () => {
  const copy = { type: 'image/webp', base64: 'A'.repeat(256_000) } as const;
  const references = Array.from({ length: 16 }, (_, i) => ({ name: `${i}`, width: 1, height: 1, copy }));
  const large = { ...session, prompt: '🏠'.repeat(20_000), references };
  const read = await readSession(await writeSession(png, large), 'house.png');
  expect(read?.prompt).toBe(large.prompt);
  expect(read?.references).toHaveLength(16);
});

it.each([
  ['not JSON', 'not valid JSON'],
  [JSON.stringify({ ...session, version: 2 }), 'a newer version'],
  [JSON.stringify({ ...session, settings: { ...session.settings, steps: 1e9 } }), 'settings.steps'],
  [JSON.stringify({ ...session, references: Array(17).fill(session.references[0]) }), 'references'],
  [JSON.stringify([]), 'form of a session'],
])('refuses %.20s… in a sentence', async (text, words) => {
  const bytes = await withPngText(png, SESSION_KEYWORD, text);
  await expect(readSession(bytes, 'house.png')).rejects.toThrow(words);
});
