/** A saved picture brings its words, settings and references back. */

import { readFile } from 'node:fs/promises';
import { expect } from '@playwright/test';
import { readSession } from '../src/archive/session.ts';
import { test } from './fixtures.ts';

test('the session of a saved picture comes back when its file is added', async ({ studio }) => {
  const { page } = studio;
  await studio.addReferences('blue-cat');
  await studio.setStepsAndSeed({ steps: 3, seed: 77 });
  await studio.draw('Put the cat in the snow.');
  await studio.result();
  const [download] = await Promise.all([page.waitForEvent('download'), studio.saveButton.click()]);
  const buffer = await readFile(await download.path());
  const session = await readSession(new Uint8Array(buffer), 'saved.png');
  expect(session).toMatchObject({ prompt: 'Put the cat in the snow.', settings: { steps: 3, seed: 77 } });

  await studio.reset();
  await page.getByTestId('pick-pictures').first().setInputFiles({
    name: 'saved.png',
    mimeType: 'image/png',
    buffer,
  });
  await page.getByRole('button', { name: 'Bring them back' }).click();
  await expect(studio.prompt).toHaveValue('Put the cat in the snow.');
  await expect(studio.references).toHaveCount(1);
  await expect(studio.references.first()).toContainText('blue-cat');
  await studio.openSettings();
  expect(await studio.numberOf('Steps')).toBe(3);
  expect(await studio.numberOf('Seed')).toBe(77);
  await studio.closeSettings();
});

test('the person can save pictures without it', async ({ studio }) => {
  const { page } = studio;
  await page.getByRole('link', { name: 'Settings', exact: true }).click();
  const choice = page.getByRole('checkbox', { name: /^Write the words/ });
  await choice.uncheck();
  await page.getByRole('link', { name: 'Make', exact: true }).click();
  await studio.setSteps(1);
  await studio.draw('a red house');
  await studio.result();
  const [download] = await Promise.all([page.waitForEvent('download'), studio.saveButton.click()]);
  const bytes = new Uint8Array(await readFile(await download.path()));
  expect(await readSession(bytes, 'saved.png')).toBeUndefined();
  await page.getByRole('link', { name: 'Settings', exact: true }).click();
  await choice.check();
  await page.getByRole('link', { name: 'Make', exact: true }).click();
});
