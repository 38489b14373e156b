import { expect, test } from 'vitest';
import { builtInModel, installedModel } from './chosen-model.ts';
import type { KeptFolders } from './kept-folders.ts';
import { firstModel } from './start.ts';

const BUILT_IN = builtInModel('https://example.org/models/storybook/');

/** A folder of an earlier visit with what the browser says about its permission. */
function folders(state: PermissionState): KeptFolders {
  const directory = { kind: 'directory', name: 'bear', queryPermission: async () => state };
  const summary = { sizeBytes: 9, weights: 'bfloat16', trainedSide: 1024 } as const;
  const kept = {
    key: 'folder:1',
    name: 'bear',
    directory: directory as unknown as FileSystemDirectoryHandle,
    summary,
  };
  return { list: async () => [kept], keep: async () => undefined, forget: async () => undefined };
}

const remember = (key: string) => ({ key, name: 'bear' });

test('the built-in model and an installed one are opened at once', async () => {
  expect(await firstModel(BUILT_IN, BUILT_IN, folders('granted'))).toEqual({ model: BUILT_IN });
  expect(await firstModel(remember('installed:7'), BUILT_IN, folders('granted'))).toEqual({
    model: installedModel('7', 'bear'),
  });
});

test('a folder is opened if the page may still read it, else a click is offered', async () => {
  const opened = await firstModel(remember('folder:1'), BUILT_IN, folders('granted'));
  expect(opened.model).toMatchObject({ key: 'folder:1', source: { kind: 'directory' } });
  expect(opened.notice).toBeUndefined();
  const asks = await firstModel(remember('folder:1'), BUILT_IN, folders('prompt'));
  expect(asks).toMatchObject({
    model: BUILT_IN,
    notice: { action: { kind: 'allow folder', key: 'folder:1' } },
  });
});

test('a folder that was picked for one visit, or is forgotten, has to be picked again', async () => {
  for (const key of ['files:bear', 'folder:2']) {
    const first = await firstModel(remember(key), BUILT_IN, folders('granted'));
    expect(first).toMatchObject({ model: BUILT_IN, notice: { action: { kind: 'open models' } } });
    expect(first.notice?.title).toContain('bear');
  }
});
