/** Page object of the studio: its controls by role and name. */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, type Locator, type Page } from '@playwright/test';

/** Path of a sample picture that the page also serves. */
export function sample(name: string): string {
  return resolve('public/samples', `${name}.png`);
}

/** A file to choose in the page. */
export interface ChosenFile {
  readonly name: string;
  readonly bytes: Buffer;
}

export class StudioPage {
  readonly page: Page;
  readonly prompt: Locator;
  readonly drawButton: Locator;
  readonly references: Locator;
  readonly problems: Locator;
  readonly hint: Locator;
  readonly mode: Locator;
  readonly modelStatus: Locator;
  readonly checksItself: Locator;
  readonly maxRounds: Locator;
  readonly stopButton: Locator;
  readonly saveButton: Locator;
  readonly stepPreviews: Locator;
  readonly rounds: Locator;
  readonly settings: Locator;
  readonly questions: Locator;

  constructor(page: Page) {
    this.page = page;
    const composer = page.getByRole('form', { name: 'Describe a picture' });
    this.prompt = composer.getByRole('textbox').first();
    this.drawButton = composer.getByRole('button', { name: /^(Draw|Draw again|Add to queue)$/ });
    this.references = composer.getByRole('list', { name: 'Reference pictures' }).locator('[data-reference]');
    this.problems = composer.locator('.problems');
    this.hint = composer.locator('.hint');
    this.mode = composer.locator('.mode');
    this.modelStatus = page.locator('.status');
    this.checksItself = composer.getByRole('switch', { name: 'Check its own work' });
    this.maxRounds = composer.getByLabel('Maximum number of rounds');
    this.stopButton = page.getByRole('button', { name: /^Stop/ });
    this.saveButton = page.getByRole('button', { name: 'Save', exact: true });
    this.stepPreviews = page.getByRole('list', { name: /^Steps so far/ }).getByRole('button');
    this.rounds = page.getByRole('list', { name: /^Rounds/ }).getByRole('article');
    this.settings = page.getByRole('dialog', { name: 'Settings' });
    this.questions = page.getByRole('region', { name: 'Ask about the picture' });
  }

  async open(): Promise<void> {
    await this.page.goto('/');
    await expect(this.prompt).toBeVisible();
  }

  /** Waits until the model is loaded. */
  async modelReady(): Promise<void> {
    await expect(this.modelStatus).toContainText(/on the (GPU|CPU)/, { timeout: 120_000 });
  }

  /** Adds sample pictures as references. */
  async addReferences(...names: readonly string[]): Promise<void> {
    const before = await this.references.count();
    await this.page.getByTestId('pick-pictures').first().setInputFiles(names.map(sample));
    await expect(this.references).toHaveCount(Math.min(5, before + names.length));
  }

  /** Chooses any files in the file picker. */
  async chooseFiles(...files: readonly ChosenFile[]): Promise<void> {
    await this.page
      .getByTestId('pick-pictures')
      .first()
      .setInputFiles(files.map(({ name, bytes }) => ({ name, buffer: bytes, mimeType: 'image/png' })));
  }

  async removeReferences(): Promise<void> {
    const remove = this.references.getByRole('button', { name: /^Remove/ });
    while ((await remove.count()) > 0) await remove.first().click();
  }

  /** The file names of the references, in order. */
  async referenceNames(): Promise<readonly string[]> {
    const captions = await this.references.locator('small').allInnerTexts();
    return captions.map((caption) => caption.split('.png')[0] ?? '');
  }

  async openSettings(): Promise<void> {
    await this.page.getByRole('button', { name: 'Settings' }).click();
    await expect(this.settings).toBeVisible();
  }

  async setNumber(label: string, value: number | string): Promise<void> {
    await this.settings.getByLabel(label, { exact: true }).fill(String(value));
  }

  async closeSettings(): Promise<void> {
    await this.settings.getByRole('button', { name: 'Done' }).click();
    await expect(this.settings).toBeHidden();
  }

  async setSteps(steps: number): Promise<void> {
    await this.openSettings();
    await this.setNumber('Steps', steps);
    await this.closeSettings();
  }

  /**
   * @param side of a square picture in pixels; without it the size stays as it is.
   * @returns the guidance in the form
   */
  async setStepsAndSeed(numbers: {
    readonly steps: number;
    readonly seed: number;
    readonly side?: number;
  }): Promise<{ readonly textGuidance: number; readonly imageGuidance: number }> {
    await this.openSettings();
    await this.setNumber('Steps', numbers.steps);
    await this.setNumber('Seed', numbers.seed);
    if (numbers.side) {
      await this.setNumber('Width in pixels', numbers.side);
      await this.setNumber('Height in pixels', numbers.side);
    }
    // Typing a seed locks it, unless it was there already.
    const lock = this.settings.getByRole('button', { name: 'Lock the seed' });
    if ((await lock.getAttribute('aria-pressed')) !== 'true') await lock.click();
    const [textGuidance, imageGuidance] = [
      await this.numberOf('Follow the prompt'),
      await this.numberOf('Follow the pictures'),
    ];
    await this.closeSettings();
    return { textGuidance, imageGuidance };
  }

  async numberOf(label: string): Promise<number> {
    return Number(await this.settings.getByLabel(label, { exact: true }).inputValue());
  }

  /** Drops a sample picture on the page, like a file from the desktop. */
  async dropSample(name: string): Promise<void> {
    const before = await this.references.count();
    const bytes = await readFile(sample(name), 'base64');
    const transfer = await this.page.evaluateHandle(
      ([data, file]) => {
        const dropped = new DataTransfer();
        const content = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
        dropped.items.add(new File([content], file, { type: 'image/png' }));
        return dropped;
      },
      [bytes, `${name}.png`] as const,
    );
    for (const type of ['dragenter', 'dragover', 'drop']) {
      await this.page.dispatchEvent('body', type, { dataTransfer: transfer });
    }
    await expect(this.references).toHaveCount(before + 1);
  }

  /** Drops files and folders of the disk. */
  async dropFromDisk(...paths: readonly string[]): Promise<void> {
    const devtools = await this.page.context().newCDPSession(this.page);
    const data = { items: [], files: [...paths], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await devtools.send('Input.dispatchDragEvent', { type, x: 200, y: 200, data });
    }
    await devtools.detach();
  }

  /** Asks about the chosen picture. @returns the whole answer */
  async ask(question: string): Promise<string> {
    const asked = this.questions.getByRole('list').getByText(question, { exact: true });
    const before = await asked.count();
    await this.questions.getByLabel('Your question').fill(question);
    await this.questions.getByRole('button', { name: 'Ask' }).click();
    await expect(asked).toHaveCount(before + 1);
    await expect(this.questions.getByRole('button', { name: 'Stop' })).toBeHidden({ timeout: 120_000 });
    // The notes of an answer are list items too.
    const turns = this.questions.locator('.question-list > li');
    return (await turns.last().locator('.prose').last().textContent()) ?? '';
  }

  async draw(prompt: string): Promise<void> {
    await this.prompt.fill(prompt);
    await this.drawButton.click();
  }

  /** Waits for the result. @returns its picture */
  async result(): Promise<Locator> {
    await expect(this.saveButton).toBeVisible({ timeout: 150_000 });
    return this.page.getByRole('img', { name: /^Result/ });
  }

  /** Dismisses all notices. */
  async dismissNotices(): Promise<void> {
    const dismiss = this.page.getByRole('button', { name: 'Dismiss', exact: true });
    while ((await dismiss.count()) > 0) await dismiss.first().click();
  }

  /**
   * Resets a page that was used before: nothing runs or waits, no results, an empty form with default
   * settings. Loaded sessions of the model stay open.
   */
  async reset(): Promise<void> {
    const waiting = this.page.getByRole('button', { name: /^Remove from the queue/ });
    while ((await waiting.count()) > 0) await waiting.first().click();
    if ((await this.stopButton.count()) > 0 && (await this.stopButton.first().isEnabled())) {
      await this.stopButton.first().click();
    }
    await expect(this.stopButton).toHaveCount(0, { timeout: 60_000 });
    const results = this.page.getByRole('button', { name: /^Show/ });
    if ((await results.count()) > 0) await results.first().click();
    const removeResult = this.page.getByRole('button', { name: 'Remove from results' });
    while ((await removeResult.count()) > 0) await removeResult.click();
    await this.dismissNotices();
    await this.removeReferences();
    await this.page.getByRole('button', { name: 'OmniGen2 Studio, new picture' }).click();
    await this.prompt.fill('');
    await this.checksItself.check();
    await this.maxRounds.selectOption('4');
    await this.checksItself.uncheck();
    await this.page.getByRole('radio', { name: 'Balanced' }).check();
    await this.openSettings();
    const resetSettings = this.settings.getByRole('button', { name: 'Reset' });
    if (await resetSettings.isVisible()) await resetSettings.click();
    const lockedSeed = this.settings.getByRole('button', { name: 'Lock the seed', pressed: true });
    if (await lockedSeed.isVisible()) await lockedSeed.click();
    await this.closeSettings();
  }
}
