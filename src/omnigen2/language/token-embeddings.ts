/**
 * Token embeddings, read row by row from the stored table, plain or quantized. The table of 150,000 rows
 * takes hundreds of megabytes; a prompt needs a few hundred rows.
 */

import { dequantize } from '../../checkpoints/quantize.ts';
import { aligned, toFloat32 } from '../../checkpoints/safetensors.ts';
import type { LanguageConfig } from '../../config/config.ts';
import { OmniError } from '../../errors.ts';
import {
  type QuantizedMatrix,
  quantizedMatrix,
  STORED_SIZE_BYTES,
  type StoredTensor,
  type WeightIndex,
} from '../../tensors/stored.ts';
import { TOKEN_TABLE } from '../graphs/language-model.ts';

/** Reads `length` bytes from `offset` of a file of the checkpoint. */
export type ReadFile = (path: string, offset: number, length: number) => Promise<Uint8Array>;

/** Tensors up to this size are read once and cached. */
const CACHE_BYTES = 2 ** 25;

export class TokenEmbeddings {
  readonly #hiddenSize: number;
  readonly #vocabSize: number;
  readonly #read: ReadFile;
  readonly #table: { plain: StoredTensor } | { quantized: QuantizedMatrix };
  readonly #cached = new Map<string, Promise<Uint8Array>>();

  /** @throws OmniError `bad_checkpoint` if the weights have no token table */
  constructor(
    weights: WeightIndex,
    { hiddenSize, vocabSize }: Pick<LanguageConfig, 'hiddenSize' | 'vocabSize'>,
    read: ReadFile,
  ) {
    const quantized = quantizedMatrix(weights, TOKEN_TABLE);
    const plain = weights.get(TOKEN_TABLE);
    if (quantized) this.#table = { quantized };
    else if (plain) this.#table = { plain };
    else {
      throw new OmniError({
        code: 'bad_checkpoint',
        message: `mllm has no tensor ${TOKEN_TABLE}, plain or quantized.`,
        action: 'Fetch the weights of the language model again.',
      });
    }
    this.#hiddenSize = hiddenSize;
    this.#vocabSize = vocabSize;
    this.#read = read;
  }

  /**
   * The embeddings of `ids`, float32 `[L, H]`.
   * @throws OmniError `bad_request` for an id outside of the vocabulary
   */
  async rows(ids: ArrayLike<number>): Promise<Float32Array> {
    const out = new Float32Array(ids.length * this.#hiddenSize);
    const unique = [...new Set(Array.from(ids))];
    const rows = new Map(await Promise.all(unique.map(async (id) => [id, await this.#row(id)] as const)));
    for (let i = 0; i < ids.length; i++) out.set(rows.get(ids[i]) ?? [], i * this.#hiddenSize);
    return out;
  }

  async #row(id: number): Promise<Float32Array> {
    if (!Number.isInteger(id) || id < 0 || id >= this.#vocabSize) {
      throw new OmniError({
        code: 'bad_request',
        message: `Token ${id} is not in the language model's vocabulary of ${this.#vocabSize}.`,
        action: 'Use the tokenizer and the language model of the same checkpoint.',
      });
    }
    if ('plain' in this.#table) {
      const { plain } = this.#table;
      return toFloat32(
        await this.#bytes(plain, id, this.#hiddenSize * STORED_SIZE_BYTES[plain.dtype]),
        plain.dtype,
      );
    }
    const { bits, blockSize, codes, scales } = this.#table.quantized;
    const blocks = codes.shape[1];
    const [code, scale] = await Promise.all([
      this.#bytes(codes, id, blocks * codes.shape[2]),
      this.#bytes(scales, id, blocks * 2),
    ]);
    const factors = aligned(scale, 2);
    const row = new Float32Array(this.#hiddenSize);
    const shape = { rows: 1, columns: this.#hiddenSize, bits, blockSize };
    dequantize(code, new Uint16Array(factors.buffer, factors.byteOffset, blocks), shape, row);
    return row;
  }

  /** The bytes of one row of a stored tensor. */
  async #bytes(tensor: StoredTensor, row: number, rowBytes: number): Promise<Uint8Array> {
    const { name, file, offset, sizeBytes } = tensor;
    if (sizeBytes > CACHE_BYTES) return this.#read(file, offset + row * rowBytes, rowBytes);
    let whole = this.#cached.get(name);
    if (!whole) {
      whole = this.#read(file, offset, sizeBytes);
      this.#cached.set(name, whole);
      // A later call tries a failed read again.
      whole.catch(() => this.#cached.delete(name));
    }
    return (await whole).subarray(row * rowBytes, (row + 1) * rowBytes);
  }
}
