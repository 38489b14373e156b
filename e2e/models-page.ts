/** Page object of the Models page. */

import { expect, type Locator, type Page } from '@playwright/test';
import { StudioPage } from './studio-page.ts';

export class ModelsPage {
  readonly page: Page;
  readonly studio: StudioPage;
  readonly list: Locator;
  readonly refusal: Locator;
  readonly storageUse: Locator;

  constructor(page: Page) {
    this.page = page;
    this.studio = new StudioPage(page);
    this.list = page.getByRole('list', { name: 'Models' });
    this.refusal = page.getByRole('region', { name: 'Add a model' }).getByRole('alert');
    this.storageUse = page.getByTestId('storage-use');
  }

  async open(): Promise<void> {
    await this.page.goto('/#models');
    await expect(this.storageUse).toBeVisible();
  }

  /** Goes to the page from another room, without a reload. */
  async goto(): Promise<void> {
    await this.page.getByRole('link', { name: 'Models', exact: true }).click();
    await expect(this.page.getByRole('heading', { name: 'Models', exact: true })).toBeVisible();
  }

  /** The row of a model, by its name or where it is from. */
  row(name: string): Locator {
    return this.list.getByRole('listitem').filter({ hasText: name });
  }

  async install(address: string): Promise<void> {
    await this.page.getByRole('radio', { name: /^Hub or web address/ }).check();
    await this.page.getByLabel('Hub id or address').fill(address);
    await this.page.getByRole('button', { name: 'Download' }).click();
  }

  /** Uses a model, and waits until it is loaded. */
  async use(row: Locator): Promise<void> {
    await row.getByRole('button', { name: 'Use', exact: true }).click();
    await this.inUse(row);
  }

  async inUse(row: Locator): Promise<void> {
    await expect(row).toContainText('In use', { timeout: 120_000 });
  }

  async delete(row: Locator): Promise<void> {
    await row.getByRole('button', { name: 'Delete' }).click();
    await row.getByRole('group').getByRole('button', { name: 'Delete' }).click();
  }
}
