/** Fails unless this project and @huggingface/transformers use one and the same onnxruntime-web. */

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
    `Expected one onnxruntime-web, the ${pinned} that @huggingface/transformers pins; ` +
      `found ${copies.join(', ')} with ${own} at the top level.`,
  );
  process.exit(1);
}
console.log(`one onnxruntime-web, ${own}`);
