/** The second visit fetches no weights. */

import { expect } from '@playwright/test';
import { requestsForModel, test } from './fixtures.ts';

test('the second visit reads the weights from storage', async ({ loadedStudio, laterVisit: studio }) => {
  expect(loadedStudio.modelRequests).toContainEqual(expect.stringMatching(/^transformer\/.*\.safetensors$/));
  const requests = await requestsForModel(studio.page, async () => {
    await studio.open();
    await studio.modelReady();
  });
  expect(requests).toEqual(['manifest.json']);
});
