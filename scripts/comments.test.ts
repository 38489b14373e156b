/** Comment lines end at 110 characters, as code lines do. The formatter does not check them. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const MAX_LENGTH = 110;

it('no comment line is longer than a code line', () => {
  const tracked = execFileSync('git', ['ls-files', '*.ts', '*.tsx', '*.mjs'], { encoding: 'utf8' });
  const files = tracked.split('\n').filter((file) => file !== '' && file !== 'src/onnx/onnx_pb.ts');
  const long = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, i) => (isComment(line) && line.length > MAX_LENGTH ? [`${file}:${i + 1}`] : [])),
  );
  expect(long).toEqual([]);
});

function isComment(line: string): boolean {
  return /^ *(\*|\/\/|\/\*)/.test(line);
}
