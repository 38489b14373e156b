/** Fails if more than one copy of onnxruntime-web is installed, or not the one that transformers.js pins. */

import { readFileSync } from 'node:fs';

interface LockedPackage {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Readonly<Record<string, LockedPackage>>;
};
const copies = Object.keys(packages).filter((path) => path.endsWith('node_modules/onnxruntime-web'));
const own = packages['node_modules/onnxruntime-web']?.version;
const pinned = packages['node_modules/@huggingface/transformers']?.dependencies?.['onnxruntime-web'];

if (copies.length !== 1 || own !== pinned) {
  console.error(
    `Expected one onnxruntime-web, version ${pinned} as @huggingface/transformers pins it; ` +
      `found ${copies.join(', ')} with ${own} at the top level.`,
  );
  process.exit(1);
}
console.log(`one onnxruntime-web, ${own}`);
