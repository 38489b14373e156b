/**
 * Builds an ONNX graph in memory. Dimensions are numbers or names. The functions in `ops/` check shapes.
 *
 * The graph holds no weights. It points into the files of the checkpoint (ONNX external data: location,
 * offset, length). A tensor in a stored form that the engine cannot read (bfloat16 on some engines) is
 * derived before the session opens; the graph lists how.
 */

import { create, type MessageShape, toBinary } from '@bufbuild/protobuf';
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
export type ElementType = 'float32' | 'float16' | 'bfloat16' | 'int32' | 'int64' | 'uint8' | 'bool';

/** Code of each element type in the ONNX format, and its size. */
const ELEMENT: Readonly<Record<ElementType, { code: number; sizeBytes: number }>> = {
  float32: { code: 1, sizeBytes: 4 },
  uint8: { code: 2, sizeBytes: 1 },
  int32: { code: 6, sizeBytes: 4 },
  int64: { code: 7, sizeBytes: 8 },
  bool: { code: 9, sizeBytes: 1 },
  float16: { code: 10, sizeBytes: 2 },
  bfloat16: { code: 16, sizeBytes: 2 },
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

/** A tensor that is computed from a stored tensor before a session opens: a cast. */
export interface DerivedTensor {
  /** Its location in the model. */
  readonly key: string;
  readonly source: StoredTensor;
  readonly to: 'float32' | 'float16';
  readonly sizeBytes: number;
}

/** A contiguous range of bytes of a checkpoint file that holds tensors of a graph. */
export interface WeightSlice {
  /** Its location in the model. */
  readonly key: string;
  readonly file: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

/**
 * What the external data of a model names: slices by their keys, or whole files by their paths in the
 * checkpoint's folder. Derived tensors are named by their keys in both.
 */
export type Locations = 'slices' | 'files';

/** A finished graph: an ONNX model, and the targets of its external data. */
export interface BuiltGraph {
  readonly name: string;
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
  /** Names of the resident outputs: they stay on the device, as feeds of later runs. */
  readonly resident: readonly string[];
  /** The ranges of the checkpoint's files that hold the stored tensors. */
  readonly slices: readonly WeightSlice[];
  readonly derived: readonly DerivedTensor[];
  /** The bytes of the model, a ModelProto. */
  readonly serialize: (locations: Locations) => Uint8Array<ArrayBuffer>;
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
  readonly #external = new Map<string, ExternalTensor>();
  readonly #constants = new Map<string, Value>();
  #next = 0;

  constructor(name: string) {
    this.name = name;
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
    return this.#externalTensor(tensor.name, type, shape, tensor);
  }

  /** A stored tensor, cast before the session opens. */
  derived(source: StoredTensor, to: 'float32' | 'float16', shape: readonly number[] = source.shape): Value {
    const key = `${source.name}:${to}`;
    const sizeBytes = source.shape.reduce((a, b) => a * b, 1) * ELEMENT[to].sizeBytes;
    return this.#externalTensor(key, to, shape, { key, source, to, sizeBytes });
  }

  /** The finished graph. The builder must not be used afterwards. */
  finish(): BuiltGraph {
    const targets = [...this.#external.values()].map(({ target }) => target);
    const slices = mergeSlices(targets.filter((target) => 'file' in target));
    return {
      name: this.name,
      inputs: this.#inputs,
      outputs: this.#outputs,
      resident: this.#resident,
      slices,
      derived: [...new Map(targets.filter((t) => 'key' in t).map((t) => [t.key, t])).values()],
      serialize: (locations) => toBinary(ModelProtoSchema, this.#model(locations === 'files' ? [] : slices)),
    };
  }

  /** @param slices none: external data names whole files */
  #model(slices: readonly WeightSlice[]): MessageShape<typeof ModelProtoSchema> {
    const external = [...this.#external.values()].map((tensor) => externalMessage(tensor, slices));
    return create(ModelProtoSchema, {
      irVersion: 10n,
      producerName: 'omnigen2-studio',
      opsetImport: [
        { domain: '', version: 21n },
        { domain: 'com.microsoft', version: 1n },
      ],
      graph: {
        name: this.name,
        node: this.#nodes,
        initializer: [...this.#initializers, ...external],
        input: this.#inputs.map(valueInfo),
        output: this.#outputs.map(valueInfo),
      },
    });
  }

  #externalTensor(
    name: string,
    type: ElementType,
    shape: readonly number[],
    target: StoredTensor | DerivedTensor,
  ): Value {
    const key = `${name}[${shape.join()}]`;
    const known = this.#external.get(key);
    if (known) return known.value;
    const value: Value = { name: key, type, shape };
    this.#external.set(key, { value, shape, target });
    return value;
  }
}

/** A tensor whose bytes are outside of the model. */
interface ExternalTensor {
  readonly value: Value;
  readonly shape: readonly number[];
  readonly target: StoredTensor | DerivedTensor;
}

/** A slice grows by its neighbour up to this size. Browsers read slices into arrays. */
const MAX_SLICE_BYTES = 2 ** 27;

/** The ranges of these tensors. Neighbours in a file share one slice. */
function mergeSlices(tensors: readonly StoredTensor[]): WeightSlice[] {
  const sorted = [...tensors].sort((a, b) =>
    a.file < b.file ? -1 : a.file > b.file ? 1 : a.offset - b.offset,
  );
  const slices: WeightSlice[] = [];
  for (const { file, offset, sizeBytes } of sorted) {
    const last = slices.at(-1);
    const end = offset + sizeBytes;
    // Two tensors of a graph can be the same bytes in two shapes.
    if (last?.file === file && offset >= last.offset && end <= last.offset + last.sizeBytes) continue;
    const grown =
      last?.file === file && offset === last.offset + last.sizeBytes ? end - last.offset : Infinity;
    if (last && grown <= MAX_SLICE_BYTES) slices[slices.length - 1] = { ...last, sizeBytes: grown };
    else slices.push({ key: `${file}@${offset}`, file, offset, sizeBytes });
  }
  return slices;
}

function externalMessage(
  { value, shape, target }: ExternalTensor,
  slices: readonly WeightSlice[],
): TensorMessage {
  const { location, offset } =
    'key' in target ? { location: target.key, offset: 0 } : placeIn(slices, target);
  return create(TensorProtoSchema, {
    name: value.name,
    dataType: ELEMENT[value.type].code,
    dims: shape.map(BigInt),
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: [
      { key: 'location', value: location },
      { key: 'offset', value: String(offset) },
      { key: 'length', value: String(target.sizeBytes) },
    ],
  });
}

/** Where a stored tensor is: in one of the slices, or in its file if there are none. */
function placeIn(
  slices: readonly WeightSlice[],
  { file, offset, sizeBytes }: StoredTensor,
): { location: string; offset: number } {
  const slice = slices.find(
    (s) => s.file === file && s.offset <= offset && offset + sizeBytes <= s.offset + s.sizeBytes,
  );
  return slice ? { location: slice.key, offset: offset - slice.offset } : { location: file, offset };
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
