/**
 * Layers of one component, with its weights.
 *
 * Token streams, norms, softmax and residual sums are always float32. Only matrix products and convolutions
 * can compute in float16, between two casts.
 */

import { type Dim, type GraphBuilder, GraphError, type Value } from '../../onnx/graph.ts';
import { add, castTo } from '../../onnx/ops/arithmetic.ts';
import { conv2d } from '../../onnx/ops/convolution.ts';
import { reshape } from '../../onnx/ops/layout.ts';
import { gemm, matmulNBits } from '../../onnx/ops/matmul.ts';
import { layerNorm, rmsNorm } from '../../onnx/ops/normalization.ts';
import {
  lowRankFactors,
  quantizedMatrix,
  type StoredTensor,
  type WeightIndex,
} from '../../tensors/stored.ts';

/** The element type of products, and how quantized matrices are computed. Both follow from the runtime. */
export interface Numerics {
  readonly compute: 'float32' | 'float16';
  readonly quantized: 'native' | 'widened';
}

/** The numerics of a CPU: float32, and quantized matrices dequantized while loading. */
export const CPU_NUMERICS: Numerics = { compute: 'float32', quantized: 'widened' };

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
    const tensor = this.weights.get(name);
    if (!tensor) throw new GraphError(`the checkpoint has no tensor ${name}`);
    return this.#as(tensor, type, shape);
  }

  /** A linear layer `[.., K] -> [.., N]`, float32 in and out, with its bias if the checkpoint has one. */
  linear(x: Value, name: string): Value {
    const bias = this.weights.get(`${name}.bias`) ? this.tensor(`${name}.bias`) : undefined;
    return this.product(x, `${name}.weight`, bias);
  }

  /**
   * `x [.., K] @ W^T + bias` for the matrix `W [N, K]` stored under `weightName`, plain or block-quantized.
   */
  product(x: Value, weightName: string, bias?: Value): Value {
    const { g } = this;
    const { compute } = this.numerics;
    const columns = x.shape[x.shape.length - 1];
    if (typeof columns !== 'number')
      throw new GraphError(`${weightName}: the width of ${x.name} must be fixed`);
    const quantized = quantizedMatrix(this.weights, weightName);
    if (quantized && this.numerics.quantized === 'native') {
      const codes = g.stored(quantized.codes, 'uint8');
      const scales = this.#as(quantized.scales, compute);
      const { bits, blockSize } = quantized;
      const y = castTo(
        g,
        matmulNBits(g, castTo(g, x, compute), codes, scales, { bits, blockSize, columns }),
        'float32',
      );
      const changed = this.#withFactors(x, y, weightName);
      return bias ? add(g, changed, bias) : changed;
    }
    const weight = quantized
      ? g.dequantize(quantized.codes, quantized.scales, quantized.bits, columns)
      : this.tensor(weightName, compute, matrixShape(this.weights.get(weightName)));
    const flat = x.shape.length === 2 ? x : reshape(g, x, ['rows', columns]);
    const typedBias = bias && castTo(g, bias, weight.type as 'float32' | 'float16');
    const y = castTo(
      g,
      gemm(g, castTo(g, flat, weight.type as 'float32' | 'float16'), weight, typedBias),
      'float32',
    );
    return x.shape.length === 2 ? y : reshape(g, y, [...x.shape.slice(0, -1), y.shape[1]]);
  }

  /**
   * `y [.., N]` plus the products of adapters, if the matrix `weightName` has low-rank factors. They compute
   * in float32: the factors can be too small for float16, and both products cost a few percent of the
   * matrix's own.
   */
  #withFactors(x: Value, y: Value, weightName: string): Value {
    const factors = lowRankFactors(this.weights, weightName);
    if (!factors) return y;
    const { g } = this;
    const [down, up] = [this.#as(factors.down, 'float32'), this.#as(factors.up, 'float32')];
    const flat = x.shape.length === 2 ? x : reshape(g, x, ['rows', factors.down.shape[1]]);
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

  #as(tensor: StoredTensor, type: 'float32' | 'float16', shape?: readonly number[]): Value {
    const storedAs = tensor.dtype === 'F32' ? 'float32' : tensor.dtype === 'F16' ? 'float16' : undefined;
    return storedAs === type ? this.g.stored(tensor, type, shape) : this.g.cast(tensor, type, shape);
  }
}

/** The shape `[N, K]` of a weight used as a matrix. A convolution over whole patches is one too. */
function matrixShape(tensor: StoredTensor | undefined): readonly number[] | undefined {
  return tensor && [tensor.shape[0], tensor.shape.slice(1).reduce((a, b) => a * b, 1)];
}
