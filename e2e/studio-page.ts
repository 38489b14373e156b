/** Page object of the studio: what a person sees and does, by role and name. */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, type Locator, type Page } from '@playwright/test';

/** A sample picture that is served with the page, as a file on disk. */
export function sample(name: string): string {
  return resolve('public/samples', `${name}.png`);
}

/** A file as a person has it. */
export interface GivenFile {
  readonly name: string;
  readonly bytes: Buffer;
}

export class StudioPage {
  readonly page: Page;
  readonly prompt: Locator;
  readonly makeButton: Locator;
  readonly references: Locator;
  readonly problems: Locator;
  readonly hint: Locator;
  readonly mode: Locator;
  readonly status: Locator;
  readonly checksItself: Locator;
  readonly stopButton: Locator;
  readonly saveButton: Locator;
  readonly steps: Locator;
  readonly rounds: Locator;
  readonly more: Locator;

  constructor(page: Page) {
    this.page = page;
    const composer = page.getByRole('form', { name: 'Describe a picture' });
    this.prompt = composer.getByRole('textbox').first();
    this.makeButton = composer.getByRole('button', { name: /^(Make it|Make again|Add to queue)$/ });
    this.references = composer.getByRole('list', { name: 'Reference pictures' }).locator('[data-reference]');
    this.problems = composer.locator('.problems');
    this.hint = composer.locator('.hint');
    this.mode = composer.locator('.mode');
    this.status = page.locator('.status');
    this.checksItself = composer.getByRole('switch', { name: 'Check its own work' });
    this.stopButton = page.getByRole('button', { name: /^Stop/ });
    this.saveButton = page.getByRole('button', { name: 'Save', exact: true });
    this.steps = page.getByRole('list', { name: /^Steps so far/ }).getByRole('button');
    this.rounds = page.getByRole('list', { name: /^Rounds/ }).getByRole('article');
    this.more = page.getByRole('dialog', { name: 'How to make it' });
  }

  async open(): Promise<void> {
    await this.page.goto('/');
    await expect(this.prompt).toBeVisible();
  }

  /** Waits until the model is loaded, on whichever unit. */
  async modelReady(): Promise<void> {
    await expect(this.status).toContainText(/on this (GPU|processor)/, { timeout: 120_000 });
  }

  async give(...names: readonly string[]): Promise<void> {
    const before = await this.references.count();
    await this.page.getByTestId('pick-pictures').first().setInputFiles(names.map(sample));
    await expect(this.references).toHaveCount(Math.min(5, before + names.length));
  }

  /** Chooses files that need not be pictures. */
  async choose(...files: readonly GivenFile[]): Promise<void> {
    await this.page
      .getByTestId('pick-pictures')
      .first()
      .setInputFiles(files.map(({ name, bytes }) => ({ name, buffer: bytes, mimeType: 'image/png' })));
  }

  /** The file names of the references, in order. */
  async referenceNames(): Promise<readonly string[]> {
    const captions = await this.references.locator('small').allInnerTexts();
    return captions.map((caption) => caption.split('.png')[0] ?? '');
  }

  async openMore(): Promise<void> {
    await this.page.getByRole('button', { name: 'More' }).click();
    await expect(this.more).toBeVisible();
  }

  async setNumber(label: string, value: number | string): Promise<void> {
    await this.more.getByLabel(label, { exact: true }).fill(String(value));
  }

  async closeMore(): Promise<void> {
    await this.more.getByRole('button', { name: 'Done' }).click();
    await expect(this.more).toBeHidden();
  }

  /** Sets a number of steps that a slow machine draws in seconds. */
  async drawQuickly(steps: number): Promise<void> {
    await this.openMore();
    await this.setNumber('Steps', steps);
    await this.closeMore();
  }

  /** Sets what decides a picture beside its words. @returns the guidance that the form stands at */
  async set(numbers: {
    readonly steps: number;
    readonly seed: number;
  }): Promise<{ readonly textGuidance: number; readonly imageGuidance: number }> {
    await this.openMore();
    await this.setNumber('Steps', numbers.steps);
    await this.setNumber('Seed', numbers.seed);
    const [textGuidance, imageGuidance] = [
      await this.number('Follow the words'),
      await this.number('Follow the pictures'),
    ];
    await this.closeMore();
    return { textGuidance, imageGuidance };
  }

  async number(label: string): Promise<number> {
    return Number(await this.more.getByLabel(label, { exact: true }).inputValue());
  }

  /** Drops a sample picture on the page, as a file from the desktop. */
  async drop(name: string): Promise<void> {
    const before = await this.references.count();
    const bytes = await readFile(sample(name), 'base64');
    const transfer = await this.page.evaluateHandle(
      ([data, file]) => {
        const held = new DataTransfer();
        const content = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
        held.items.add(new File([content], file, { type: 'image/png' }));
        return held;
      },
      [bytes, `${name}.png`] as const,
    );
    for (const type of ['dragenter', 'dragover', 'drop']) {
      await this.page.dispatchEvent('body', type, { dataTransfer: transfer });
    }
    await expect(this.references).toHaveCount(before + 1);
  }

  /** Drops files and folders as they lie on the disk. */
  async dropFromDisk(...paths: readonly string[]): Promise<void> {
    const devtools = await this.page.context().newCDPSession(this.page);
    const data = { items: [], files: [...paths], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await devtools.send('Input.dispatchDragEvent', { type, x: 200, y: 200, data });
    }
    await devtools.detach();
  }

  /** Asks about the picture at hand. @returns the whole answer */
  async ask(question: string): Promise<string> {
    const questions = this.page.getByRole('region', { name: 'Ask about the picture' });
    await questions.getByLabel('Your question').fill(question);
    await questions.getByRole('button', { name: 'Ask' }).click();
    await expect(questions.getByRole('button', { name: 'Stop' })).toBeHidden({ timeout: 120_000 });
    return (await questions.getByRole('listitem').last().locator('.words').last().textContent()) ?? '';
  }

  async make(prompt: string): Promise<void> {
    await this.prompt.fill(prompt);
    await this.makeButton.click();
  }

  /** The picture of the result, once it is there. */
  async result(): Promise<Locator> {
    await expect(this.saveButton).toBeVisible({ timeout: 150_000 });
    return this.page.getByRole('img', { name: /^Result/ });
  }
}
