/**
 * Builds an ONNX graph in memory. Dimensions are numbers or names. The functions in `ops/` check shapes.
 *
 * The graph holds no weights. It points into the files of the checkpoint (ONNX external data: file, offset,
 * length). If the graph cannot compute with the stored form (bfloat16, or a quantized matrix on an engine
 * without the operator), it points into a derived file instead and lists how to compute that file.
 */

import { create, toBinary } from '@bufbuild/protobuf';
import type { StoredTensor } from '../tensors/stored.ts';
import {
  type AttributeProto as AttributeMessage,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  ModelProtoSchema,
  type NodeProto as NodeMessage,
  NodeProtoSchema,
  type TensorProto as TensorMessage,
  TensorProto_DataLocation,
  TensorProtoSchema,
  type ValueInfoProto as ValueInfoMessage,
  ValueInfoProtoSchema,
} from './onnx_pb.ts';

/** Element types that graphs of this project use. */
export type ElementType = 'float32' | 'float16' | 'int32' | 'int64' | 'uint8' | 'bool';

/** Code of each element type in the ONNX format, and its size. */
const ELEMENT: Readonly<Record<ElementType, { code: number; sizeBytes: number }>> = {
  float32: { code: 1, sizeBytes: 4 },
  uint8: { code: 2, sizeBytes: 1 },
  int32: { code: 6, sizeBytes: 4 },
  int64: { code: 7, sizeBytes: 8 },
  bool: { code: 9, sizeBytes: 1 },
  float16: { code: 10, sizeBytes: 2 },
};

/** A dimension: a fixed size, or a name whose size is known when the graph runs. */
export type Dim = number | string;
export type Shape = readonly Dim[];

/** A tensor inside a graph under construction. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
}

/** Name, type and shape of a graph input or output. */
export type ValueSpec = Value;

/** A tensor that is computed from stored tensors before a session opens. */
export type DerivedTensor = {
  /** First byte in the derived file. */
  readonly offset: number;
  readonly sizeBytes: number;
} & (
  | { readonly kind: 'cast'; readonly source: StoredTensor; readonly to: 'float32' | 'float16' }
  /** `[N, K]` float32 from codes and scales. `columns` is K. */
  | {
      readonly kind: 'dequantize';
      readonly codes: StoredTensor;
      readonly scales: StoredTensor;
      readonly bits: 4 | 8;
      readonly columns: number;
    }
);

/** A finished graph: the bytes of an ONNX model, and the targets of its external data. */
export interface BuiltGraph {
  readonly name: string;
  /** A serialised ModelProto. */
  readonly model: Uint8Array<ArrayBuffer>;
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
  /** Names of the resident outputs: they stay on the device, as feeds of later runs. */
  readonly resident: readonly string[];
  /** Paths of the checkpoint files that external data points into. */
  readonly files: readonly string[];
  /** Path that external data of the derived tensors names. */
  readonly derivedFile: string;
  readonly derived: readonly DerivedTensor[];
  readonly derivedSizeBytes: number;
}

/** The value of a node attribute. Numbers are written as INT unless wrapped in {@link float}. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** Marks a number as a FLOAT attribute. */
export function float(value: number): Attribute {
  return { float: value };
}

/** Shapes that do not fit: a defect in graph code. Input from a person is validated before. */
export class GraphError extends Error {
  override readonly name = 'GraphError';
}

/**
 * Collects the nodes, weights, inputs and outputs of one graph.
 *
 * @example
 * const g = new GraphBuilder('double');
 * const x = g.input('x', 'float32', ['tokens', 64]);
 * g.output('y', scale(g, x, 2));
 * const session = await runtime.open(g.finish(), weights);
 * const { y } = await session.run({ x: { type: 'float32', dims: [3, 64], data: new Float32Array(192) } });
 */
export class GraphBuilder {
  readonly name: string;
  readonly #nodes: NodeMessage[] = [];
  readonly #initializers: TensorMessage[] = [];
  readonly #inputs: ValueSpec[] = [];
  readonly #outputs: ValueSpec[] = [];
  readonly #resident: string[] = [];
  readonly #external = new Map<string, Value>();
  readonly #constants = new Map<string, Value>();
  readonly #files = new Set<string>();
  readonly #derived: DerivedTensor[] = [];
  #derivedSizeBytes = 0;
  #next = 0;

  constructor(name: string) {
    this.name = name;
  }

  get #derivedFile(): string {
    return `${this.name}.derived`;
  }

  /** Declares an input of the graph. */
  input(name: string, type: ElementType, shape: Shape): Value {
    const value = { name, type, shape };
    this.#inputs.push(value);
    return value;
  }

  /**
   * Declares `value` as an output of the graph, under `name`.
   * @param resident whether it stays on the device after a run, as a feed of later runs
   */
  output(name: string, value: Value, { resident = false }: { resident?: boolean } = {}): void {
    if (resident) this.#resident.push(name);
    const renamed = this.node('Identity', [value], value.type, value.shape, {}, { outputName: name });
    this.#outputs.push(renamed);
  }

  /** Adds a node with one output of this type and shape. The functions in `ops/` check them. */
  node(
    opType: string,
    inputs: readonly (Value | undefined)[],
    type: ElementType,
    shape: Shape,
    attributes: Readonly<Record<string, Attribute>> = {},
    options: { domain?: string; outputName?: string } = {},
  ): Value {
    return this.nodes(opType, inputs, [{ type, shape }], attributes, options)[0];
  }

  /** Adds a node with several outputs. */
  nodes(
    opType: string,
    inputs: readonly (Value | undefined)[],
    outputs: readonly { type: ElementType; shape: Shape }[],
    attributes: Readonly<Record<string, Attribute>> = {},
    options: { domain?: string; outputName?: string } = {},
  ): Value[] {
    const id = this.#next++;
    const name = `${opType}_${id}`;
    const values = outputs.map(({ type, shape }, i) => ({
      name: options.outputName ?? (outputs.length === 1 ? name : `${name}_${i}`),
      type,
      shape,
    }));
    this.#nodes.push(
      create(NodeProtoSchema, {
        name,
        opType,
        domain: options.domain ?? '',
        input: inputs.map((value) => value?.name ?? ''),
        output: values.map((value) => value.name),
        attribute: Object.entries(attributes).map(([key, value]) => attributeMessage(key, value)),
      }),
    );
    return values;
  }

  /** A small constant, stored in the graph. Equal constants share one tensor. */
  constant(type: 'float32' | 'int32' | 'int64', dims: readonly number[], values: readonly number[]): Value {
    const key = `${type}[${dims.join()}]${values.join()}`;
    const known = this.#constants.get(key);
    if (known) return known;
    if (dims.reduce((a, b) => a * b, 1) !== values.length)
      throw new GraphError(`constant ${key}: the number of values does not match the dimensions`);
    const raw =
      type === 'float32'
        ? Float32Array.from(values)
        : type === 'int32'
          ? Int32Array.from(values)
          : BigInt64Array.from(values.map(BigInt));
    const value: Value = { name: `constant_${this.#constants.size}`, type, shape: dims };
    this.#constants.set(key, value);
    this.#initializers.push(
      create(TensorProtoSchema, {
        name: value.name,
        dataType: ELEMENT[type].code,
        dims: dims.map(BigInt),
        rawData: new Uint8Array(raw.buffer),
      }),
    );
    return value;
  }

  /** A stored tensor, used as it is stored in its file. */
  stored(tensor: StoredTensor, type: ElementType, shape: readonly number[] = tensor.shape): Value {
    return this.#externalTensor(tensor.name, type, shape, tensor.file, () => {
      this.#files.add(tensor.file);
      return tensor;
    });
  }

  /** A stored tensor, cast while loading. */
  cast(source: StoredTensor, to: 'float32' | 'float16', shape: readonly number[] = source.shape): Value {
    const sizeBytes = source.shape.reduce((a, b) => a * b, 1) * ELEMENT[to].sizeBytes;
    return this.#externalTensor(`${source.name}:${to}`, to, shape, this.#derivedFile, () =>
      this.#derive(sizeBytes, (place) => ({ ...place, kind: 'cast', source, to })),
    );
  }

  /** A block-quantized matrix `[N, K]`, dequantized to float32 while loading. */
  dequantize(codes: StoredTensor, scales: StoredTensor, bits: 4 | 8, columns: number): Value {
    const rows = codes.shape[0];
    return this.#externalTensor(`${codes.name}:float32`, 'float32', [rows, columns], this.#derivedFile, () =>
      this.#derive(rows * columns * 4, (place) => ({
        ...place,
        kind: 'dequantize',
        codes,
        scales,
        bits,
        columns,
      })),
    );
  }

  /** The finished graph. The builder must not be used afterwards. */
  finish(): BuiltGraph {
    const model = create(ModelProtoSchema, {
      irVersion: 10n,
      producerName: 'omnigen2-studio',
      opsetImport: [
        { domain: '', version: 21n },
        { domain: 'com.microsoft', version: 1n },
      ],
      graph: {
        name: this.name,
        node: this.#nodes,
        initializer: this.#initializers,
        input: this.#inputs.map(valueInfo),
        output: this.#outputs.map(valueInfo),
      },
    });
    return {
      name: this.name,
      model: toBinary(ModelProtoSchema, model),
      inputs: this.#inputs,
      outputs: this.#outputs,
      resident: this.#resident,
      files: [...this.#files],
      derivedFile: this.#derivedFile,
      derived: this.#derived,
      derivedSizeBytes: this.#derivedSizeBytes,
    };
  }

  #derive(
    sizeBytes: number,
    make: (place: { offset: number; sizeBytes: number }) => DerivedTensor,
  ): DerivedTensor {
    const derived = make({ offset: this.#derivedSizeBytes, sizeBytes });
    this.#derived.push(derived);
    this.#derivedSizeBytes += Math.ceil(sizeBytes / 16) * 16;
    return derived;
  }

  #externalTensor(
    name: string,
    type: ElementType,
    shape: readonly number[],
    location: string,
    place: () => { offset: number; sizeBytes: number },
  ): Value {
    const key = `${name}[${shape.join()}]`;
    const known = this.#external.get(key);
    if (known) return known;
    const { offset, sizeBytes } = place();
    const value: Value = { name: key, type, shape };
    this.#external.set(key, value);
    this.#initializers.push(
      create(TensorProtoSchema, {
        name: key,
        dataType: ELEMENT[type].code,
        dims: shape.map(BigInt),
        dataLocation: TensorProto_DataLocation.EXTERNAL,
        externalData: [
          { key: 'location', value: location },
          { key: 'offset', value: String(offset) },
          { key: 'length', value: String(sizeBytes) },
        ],
      }),
    );
    return value;
  }
}

function valueInfo({ name, type, shape }: ValueSpec): ValueInfoMessage {
  return create(ValueInfoProtoSchema, {
    name,
    type: {
      value: {
        case: 'tensorType',
        value: {
          elemType: ELEMENT[type].code,
          shape: {
            dim: shape.map((dim) => ({
              value:
                typeof dim === 'number'
                  ? { case: 'dimValue' as const, value: BigInt(dim) }
                  : { case: 'dimParam' as const, value: dim },
            })),
          },
        },
      },
    },
  });
}

function attributeMessage(name: string, value: Attribute): AttributeMessage {
  const Type = AttributeProto_AttributeType;
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) throw new GraphError(`attribute ${name}: wrap ${value} in float()`);
    return create(AttributeProtoSchema, { name, type: Type.INT, i: BigInt(value) });
  }
  if (typeof value === 'string') {
    return create(AttributeProtoSchema, { name, type: Type.STRING, s: new TextEncoder().encode(value) });
  }
  if ('float' in value) return create(AttributeProtoSchema, { name, type: Type.FLOAT, f: value.float });
  return create(AttributeProtoSchema, { name, type: Type.INTS, ints: value.map(BigInt) });
}
