/** What would be left of an adapter's change if it were merged into stored weights in their own form. */

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
/** Norm of the change, as a part of the matrix's. */
const SIZES = [0.01, 0.03, 0.1] as const;

/** Stores a matrix `[rows, columns]` and reads it back. */
type Round = (values: Float32Array, columns: number) => Float32Array;

const AS_IT_IS: Round = (values) => values;
const FLOAT16: Round = (values) => halfToFloat(floatToHalf(values));
const BFLOAT16: Round = (values) => bfloatToFloat(floatToBfloat(values));
const Q8: Round = (values, columns) => requantized(values, columns, 8);
const Q4: Round = (values, columns) => requantized(values, columns, 4);

/** How the weights lie before the change, and how they are stored with it. */
const FORMS: readonly [name: string, before: Round, after: Round][] = [
  ['read as float32', AS_IT_IS, AS_IT_IS],
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
  const rows = FORMS.map(([name, before, after]) => [
    name,
    ...SIZES.flatMap((size) => {
      const { error, kept } = changeLeft(matrices, { before, after }, size);
      return [`${figure(100 * error)} %`, `${Math.round(100 * kept)} %`];
    }),
  ]);
  return {
    title: 'An adapter merged into stored weights',
    method:
      `A random adapter of rank ${RANK} on the ${matrices.length} attention matrices of the built-in model's main layers, its change a part ` +
      'of their norm. The row says how they lie, and how they are stored with the change. What storing makes of the change is the ' +
      'difference to the weights stored without it. Error: its distance from the change, as a part of the change. Left: as much of ' +
      'the change itself as is in it.',
    columns: [
      'weights',
      ...SIZES.flatMap((size) => [`error, change of ${100 * size} %`, `left, change of ${100 * size} %`]),
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

/** Compares what storing leaves of a change with the change. */
function changeLeft(
  matrices: readonly Matrix[],
  { before, after }: { before: Round; after: Round },
  size: number,
): { error: number; kept: number } {
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
  return { error: Math.sqrt(errors / powers), kept: products / powers };
}

/** A pair whose product has `size` times the norm of a matrix. */
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
