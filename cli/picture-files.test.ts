import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkPictureTarget, readPictures, writePictures } from './picture-files.ts';

const PICTURE = { width: 1, height: 1, data: new Uint8Array(3) };

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pictures-'));
});

afterEach(() => rm(folder, { recursive: true }));

const at = (name: string) => join(folder, name);

it('accepts a new name, an existing picture and missing folders', async () => {
  await writeFile(at('old.png'), 'old');
  for (const name of ['new.png', 'old.PNG', 'old.png', 'a/b/new.png']) await checkPictureTarget(at(name), []);
  expect(await readdir(folder)).toEqual(['old.png']);
});

it.each<[string, RegExp]>([
  ['picture.jpg', /picture\.jpg", but pictures are written as PNG\.$/],
  ['folder.png', /folder\.png", which is a folder\.$/],
  ['file/picture.png', /picture\.png cannot be written: a part of its path is a file\.$/],
  [`${'n'.repeat(300)}.png`, /cannot be written: its name is too long\.$/],
  ['source.png', /which is also given with --image and would be lost\.$/],
])('refuses %s before anything is drawn', async (name, words) => {
  await mkdir(at('folder.png'));
  await writeFile(at('file'), '');
  await writeFile(at('source.png'), '');
  await symlink(at('source.png'), at('link.png'));
  const refused = expect(checkPictureTarget(at(name), [at('link.png')])).rejects;
  await refused.toMatchObject({ name: 'OmniError', message: expect.stringMatching(words) });
});

it.runIf(process.platform === 'linux')('refuses a folder that takes no files', async () => {
  for (const path of ['/proc/x.png', '/proc/none/x.png']) {
    await expect(checkPictureTarget(path, [])).rejects.toMatchObject({
      code: 'storage',
      message: `${path} cannot be written: ${process.getuid?.() === 0 ? 'the folder takes no files' : 'access is denied'}.`,
    });
  }
});

it('writes all pictures and leaves nothing else', async () => {
  const pictures = new Map([at('new/a.png'), at('new/b.png')].map((path) => [path, PICTURE]));
  expect(await writePictures(pictures)).toBe(at('new'));
  expect(await writePictures(pictures)).toBeUndefined();
  expect(await readdir(at('new'))).toEqual(['a.png', 'b.png']);
});

it('writes none of the pictures if one cannot be written', async () => {
  await writeFile(at('a.png'), 'old');
  const long = at(`${'n'.repeat(300)}.png`);
  const written = writePictures(new Map([long, at('a.png')].map((path) => [path, PICTURE])));
  await expect(written).rejects.toMatchObject({
    code: 'storage',
    message: `${long} cannot be written: its name is too long.`,
  });
  expect(await readdir(folder)).toEqual(['a.png']);
  expect(await readFile(at('a.png'), 'utf8')).toBe('old');
});

it('says why a picture cannot be read', async () => {
  const limits = { maxPixels: 1024, maxReferenceSide: 1024 };
  await expect(readPictures([at('none.png')], limits, [])).rejects.toMatchObject({
    code: 'bad_image',
    message: `The picture ${at('none.png')} cannot be read: it does not exist.`,
  });
  await expect(readPictures([folder], limits, [])).rejects.toThrow('it is a folder.');
  await expect(readPictures(['/dev/zero'], limits, [])).rejects.toThrow(
    'it is a pipe or a device, not a file.',
  );
  await symlink('loop', at('loop'));
  await expect(readPictures([at('loop')], limits, [])).rejects.toThrow('its links form a circle.');
});

it('names the type of a file that is no picture, and every picture by its path', async () => {
  const limits = { maxPixels: 1024, maxReferenceSide: 1024 };
  await writeFile(at('film.png'), '\0\0\0\x18ftypisom\0\0\0\0mp42isom');
  await truncate(at('film.png'), 3 * 2 ** 30);
  const film = readPictures([at('film.png')], limits, []);
  await expect(film).rejects.toThrow(`${at('film.png')} is a video (MP4), not a picture.`);
  const notes: string[] = [];
  const moving = fileURLToPath(new URL('../fixtures/pictures/twelve-frames.gif', import.meta.url));
  expect(await readPictures([moving, moving], limits, notes)).toHaveLength(2);
  expect(notes[0]).toBe(`${moving} is an animation; the first of its 12 frames is used.`);
});
