/**
 * Layers of one component, with its weights.
 *
 * Token streams, norms, softmax and residual sums are always float32. Only matrix products and convolutions
 * can compute in float16, between two casts.
 */

import { type Dim, type GraphBuilder, GraphError, type Value } from '../../onnx/graph.ts';
import { add, castTo } from '../../onnx/ops/arithmetic.ts';
import { fixed } from '../../onnx/ops/checks.ts';
import { conv2d } from '../../onnx/ops/convolution.ts';
import { concat, reshape } from '../../onnx/ops/layout.ts';
import { dequantize, gemm, matmulNBits } from '../../onnx/ops/matmul.ts';
import { layerNorm, rmsNorm } from '../../onnx/ops/normalization.ts';
import { storedFloat } from '../../onnx/ops/stored.ts';
import {
  lowRankFactors,
  type QuantizedMatrix,
  quantizedMatrix,
  STORED_SIZE_BYTES,
  type StoredTensor,
  type WeightIndex,
} from '../../tensors/stored.ts';
import type { Numerics } from './numerics.ts';
import { type PaddedAxis, padAxis, padBlocks, padColumns } from './padding.ts';

export interface LinearOptions {
  /** Pads the rows of the matrix. Its columns are padded to the width of the input. */
  readonly rows?: PaddedAxis;
  /** Computes in float32 on every device, for inputs that float16 cannot hold. Default: false. */
  readonly wide?: boolean;
}

/** A matrix of more bytes is split by rows: browsers read each part into one array. */
const MAX_MATRIX_BYTES = 2 ** 27;

/**
 * The layers of one component inside one graph. Names are official tensor names without `.weight` and
 * `.bias`.
 */
export class Layers {
  readonly g: GraphBuilder;
  readonly weights: WeightIndex;
  readonly numerics: Numerics;

  constructor(g: GraphBuilder, weights: WeightIndex, numerics: Numerics) {
    this.g = g;
    this.weights = weights;
    this.numerics = numerics;
  }

  /** A stored float tensor, cast to `type`. @throws GraphError if it is missing */
  tensor(name: string, type: 'float32' | 'float16' = 'float32', shape?: readonly number[]): Value {
    return this.#as(this.#stored(name), type, shape);
  }

  /** A linear layer `[.., K] -> [.., N]`, float32 in and out, with its bias if the checkpoint has one. */
  linear(x: Value, name: string, options: LinearOptions = {}): Value {
    const bias = this.weights.get(`${name}.bias`) ? this.tensor(`${name}.bias`) : undefined;
    return this.product(x, `${name}.weight`, bias, options);
  }

  /**
   * `x [.., K] @ W^T + bias` for the matrix `W [N, K]` stored under `weightName`, plain or block-quantized.
   */
  product(x: Value, weightName: string, plainBias?: Value, options: LinearOptions = {}): Value {
    const { g } = this;
    const { rows, wide = false } = options;
    const compute = wide ? 'float32' : this.numerics.compute;
    const bias = plainBias && rows ? padAxis(g, plainBias, 0, rows) : plainBias;
    const columns = x.shape[x.shape.length - 1];
    if (typeof columns !== 'number')
      throw new GraphError(`${weightName}: the width of ${x.name} must be fixed`);
    const quantized = quantizedMatrix(this.weights, weightName);
    if (quantized && this.numerics.quantized === 'native') {
      const input = castTo(g, x, compute);
      const { bits, blockSize } = quantized;
      const { accuracyLevel } = this.numerics;
      const padded = (stored: Value) =>
        padBlocks(g, rows ? padAxis(g, stored, 0, rows) : stored, columns, blockSize);
      const products = this.#partsOf(quantized.codes, rows).map(({ from, to }) =>
        matmulNBits(
          g,
          input,
          padded(g.stored(rowsOf(quantized.codes, from, to), 'uint8')),
          padded(this.#as(rowsOf(quantized.scales, from, to), compute)),
          { bits, blockSize, columns, accuracyLevel },
        ),
      );
      const y = castTo(g, concat(g, products, -1), 'float32');
      const changed = this.#withFactors(x, y, weightName, rows);
      return bias ? add(g, changed, bias) : changed;
    }
    const flat = castTo(g, x.shape.length === 2 ? x : reshape(g, x, ['rows', columns]), compute);
    const matrices = this.#matrixParts(weightName, quantized, { columns, compute, rows });
    const fused = matrices.length === 1 ? bias && castTo(g, bias, compute) : undefined;
    const products = matrices.map((matrix) => gemm(g, flat, matrix, fused));
    const product = castTo(g, concat(g, products, -1), 'float32');
    const y = bias && !fused ? add(g, product, bias) : product;
    return x.shape.length === 2 ? y : reshape(g, y, [...x.shape.slice(0, -1), y.shape[1]]);
  }

  /** The float matrix `weightName` `[N, K]` in parts of whole rows. A quantized one is widened. */
  #matrixParts(
    weightName: string,
    quantized: QuantizedMatrix | undefined,
    { columns, compute, rows }: { columns: number; compute: 'float32' | 'float16'; rows?: PaddedAxis },
  ): Value[] {
    const { g } = this;
    const padded = (matrix: Value) => padColumns(g, rows ? padAxis(g, matrix, 0, rows) : matrix, columns);
    if (quantized) {
      const { bits, blockSize } = quantized;
      const codes = padBlocks(g, g.stored(quantized.codes, 'uint8'), columns, blockSize);
      const scales = padBlocks(g, this.#as(quantized.scales, 'float32'), columns, blockSize);
      return [castTo(g, padded(dequantize(g, codes, scales, { bits, columns })), compute)];
    }
    const tensor = this.#stored(weightName);
    return this.#partsOf(tensor, rows).map(({ from, to }) => {
      const width = tensor.sizeBytes / STORED_SIZE_BYTES[tensor.dtype] / tensor.shape[0];
      return padded(this.#as(rowsOf(tensor, from, to), compute, [to - from, width]));
    });
  }

  /** The parts of a matrix. Padded rows lie between stored ones, so such a matrix stays whole. */
  #partsOf(tensor: StoredTensor, rows: PaddedAxis | undefined): { from: number; to: number }[] {
    return rows ? [{ from: 0, to: tensor.shape[0] }] : rowParts(tensor);
  }

  /**
   * `y [.., N]` plus the products of adapters, if the matrix `weightName` has low-rank factors. They compute
   * in float32: the factors can be too small for float16, and both products cost a few percent of the
   * matrix's own.
   */
  #withFactors(x: Value, y: Value, weightName: string, rows?: PaddedAxis): Value {
    const factors = lowRankFactors(this.weights, weightName);
    if (!factors) return y;
    const { g } = this;
    const columns = fixed(x, -1);
    const down = padColumns(g, this.#as(factors.down, 'float32'), columns);
    const stored = this.#as(factors.up, 'float32');
    const up = rows ? padAxis(g, stored, 0, rows) : stored;
    const flat = x.shape.length === 2 ? x : reshape(g, x, ['rows', columns]);
    const added = gemm(g, gemm(g, flat, down), up);
    return add(g, y, x.shape.length === 2 ? added : reshape(g, added, [...y.shape]));
  }

  /** RMSNorm over the last axis by the gain `${name}.weight`. */
  rmsNorm(x: Value, name: string, eps: number): Value {
    return rmsNorm(this.g, x, this.tensor(`${name}.weight`), eps);
  }

  /** LayerNorm over the last axis with gain and bias. */
  layerNorm(x: Value, name: string, eps: number): Value {
    return layerNorm(this.g, x, this.tensor(`${name}.weight`), this.tensor(`${name}.bias`), eps);
  }

  /** A convolution `[B, C, H, W] -> [B, O, height, width]` with bias; `pads` are top, left, bottom, right. */
  conv(
    x: Value,
    name: string,
    options: { stride?: number; pads: readonly number[]; height: Dim; width: Dim },
  ): Value {
    const { compute } = this.numerics;
    const weight = this.tensor(`${name}.weight`, compute);
    const bias = this.tensor(`${name}.bias`, compute);
    return castTo(this.g, conv2d(this.g, castTo(this.g, x, compute), weight, bias, options), 'float32');
  }

  #stored(name: string): StoredTensor {
    const tensor = this.weights.get(name);
    if (!tensor) throw new GraphError(`the checkpoint has no tensor ${name}`);
    return tensor;
  }

  #as(tensor: StoredTensor, type: 'float32' | 'float16', shape?: readonly number[]): Value {
    return storedFloat(this.g, tensor, type, { castsBfloat16: this.numerics.castsBfloat16, shape });
  }
}

/** The rows `[from, to)` of a tensor, its first dimension. All parts together are the tensor. */
function rowParts({ shape, sizeBytes }: StoredTensor): { from: number; to: number }[] {
  const rows = shape[0];
  const most = Math.ceil(rows / Math.ceil(sizeBytes / MAX_MATRIX_BYTES));
  return Array.from({ length: Math.ceil(rows / most) }, (_, i) => ({
    from: i * most,
    to: Math.min(rows, (i + 1) * most),
  }));
}

/** A tensor's rows `[from, to)`, which lie together in its file. */
function rowsOf(tensor: StoredTensor, from: number, to: number): StoredTensor {
  const rows = tensor.shape[0];
  if (from === 0 && to === rows) return tensor;
  const rowBytes = tensor.sizeBytes / rows;
  return {
    ...tensor,
    name: `${tensor.name}[${from}:${to}]`,
    shape: [to - from, ...tensor.shape.slice(1)],
    offset: tensor.offset + from * rowBytes,
    sizeBytes: (to - from) * rowBytes,
  };
}
