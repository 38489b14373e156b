import { expect, type Page } from '@playwright/test';
import axe, { type AxeResults } from 'axe-core';

/** Checks the accessibility rules of axe on the page as it is. @param state names it in the report */
export async function expectNoViolations(page: Page, state: string): Promise<void> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  const found = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`,
  );
  expect(found, state).toEqual([]);
}
