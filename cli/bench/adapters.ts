/** How much of an adapter's change survives if it is merged into weights and stored again. */

import { addChange } from '../../src/checkpoints/adapters/changes.ts';
import type { LoraPair } from '../../src/checkpoints/adapters/lora.ts';
import { type Checkpoint, openCheckpoint } from '../../src/checkpoints/checkpoint.ts';
import { nodeFolder } from '../../src/checkpoints/folder.node.ts';
import { BLOCK_SIZE, dequantize, quantize } from '../../src/checkpoints/quantize.ts';
import { floatRows } from '../../src/checkpoints/rows.ts';
import { noise } from '../../src/omnigen2/random.ts';
import { bfloatToFloat, floatToBfloat, floatToHalf, halfToFloat } from '../../src/tensors/half.ts';
import { TRAINED } from '../models.ts';
import { figure, type Table } from './table.ts';

const RANK = 16;
/** Norm of the change, relative to the norm of the matrix. */
const SIZES = [0.01, 0.03, 0.1] as const;

/** Stores a matrix `[rows, columns]` in a format and reads it back. */
type RoundTrip = (values: Float32Array, columns: number) => Float32Array;

const FLOAT32: RoundTrip = (values) => values;
const FLOAT16: RoundTrip = (values) => halfToFloat(floatToHalf(values));
const BFLOAT16: RoundTrip = (values) => bfloatToFloat(floatToBfloat(values));
const Q8: RoundTrip = (values, columns) => requantized(values, columns, 8);
const Q4: RoundTrip = (values, columns) => requantized(values, columns, 4);

/** The format of the weights before the change, and the format in which they are stored with it. */
const FORMATS: readonly [name: string, before: RoundTrip, after: RoundTrip][] = [
  ['float32, stored as float32', FLOAT32, FLOAT32],
  ['float16, stored as float16', FLOAT16, FLOAT16],
  ['bfloat16, stored as bfloat16', BFLOAT16, BFLOAT16],
  ['float16, stored as q8', FLOAT16, Q8],
  ['q8, stored as q8', Q8, Q8],
  ['float16, stored as q4', FLOAT16, Q4],
  ['q4, stored as q4', Q4, Q4],
];

export async function adaptersTable(): Promise<Table> {
  const checkpoint = await openCheckpoint(nodeFolder(TRAINED));
  const matrices = await attentionMatrices(checkpoint);
  const rows = FORMATS.map(([name, before, after]) => [
    name,
    ...SIZES.flatMap((size) => {
      const { error, left } = changeAfterStorage(matrices, { before, after }, size);
      return [`${figure(100 * error)}%`, `${Math.round(100 * left)}%`];
    }),
  ]);
  return {
    title: 'An adapter merged into stored weights',
    method:
      `A random adapter of rank ${RANK} on the ${matrices.length} attention matrices of the built-in model's main layers. The size of its change is relative to ` +
      'the norm of the matrix. A row names the format of the weights, and the format in which the sum of weights and change is stored. ' +
      'The stored change is the difference to the weights stored without it. Error: its distance from the exact change, relative to ' +
      'that change. Left: its projection on the exact change.',
    columns: [
      'weights',
      ...SIZES.flatMap((size) => [`error, change of ${100 * size}%`, `left, change of ${100 * size}%`]),
    ],
    rows,
  };
}

interface Matrix {
  readonly values: Float32Array;
  readonly columns: number;
}

async function attentionMatrices({ components, folder }: Checkpoint): Promise<Matrix[]> {
  const { weights, expected } = components.transformer;
  const matrices: Matrix[] = [];
  for (const { name, shape } of expected) {
    const source = /^layers\.\d+\.attn\.to_/.test(name) ? weights.get(name) : undefined;
    if (!source) continue;
    const [rows, columns] = shape;
    const band = { firstRow: 0, rows, columns, totalRows: rows };
    matrices.push({ values: (await floatRows(folder, source, band)).slice(), columns });
  }
  return matrices;
}

/** Compares a change after storage with the exact change. */
function changeAfterStorage(
  matrices: readonly Matrix[],
  { before, after }: { before: RoundTrip; after: RoundTrip },
  size: number,
): { error: number; left: number } {
  let [errors, products, powers] = [0, 0, 0];
  for (const [seed, { values, columns }] of matrices.entries()) {
    const base = before(values, columns);
    const changed = base.slice();
    addChange(changed, [randomPair(seed, base, columns, size)]);
    const [without, read] = [after(base, columns), after(changed, columns)];
    for (let i = 0; i < base.length; i++) {
      const wanted = changed[i] - base[i];
      const got = read[i] - without[i];
      errors += (got - wanted) ** 2;
      products += got * wanted;
      powers += wanted ** 2;
    }
  }
  return { error: Math.sqrt(errors / powers), left: products / powers };
}

/** A random pair of factors. The norm of their product is `size` times the norm of the matrix. */
function randomPair(seed: number, matrix: Float32Array, columns: number, size: number): LoraPair {
  const rows = matrix.length / columns;
  const values = noise(seed, 'latents', RANK * (columns + rows));
  const pair = { down: values.subarray(0, RANK * columns), up: values.subarray(RANK * columns), rank: RANK };
  const product = new Float32Array(matrix.length);
  addChange(product, [{ ...pair, scale: 1 }]);
  return { ...pair, scale: (size * norm(matrix)) / norm(product) };
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

function requantized(values: Float32Array, columns: number, bits: 4 | 8): Float32Array {
  const rows = values.length / columns;
  const { codes, scales } = quantize(values, rows, columns, bits);
  const out = new Float32Array(values.length);
  dequantize(codes, scales, { rows, columns, bits, blockSize: BLOCK_SIZE }, out);
  return out;
}
