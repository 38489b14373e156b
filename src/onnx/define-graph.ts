/**
 * A graph, its inputs and its outputs from one definition. The feeds of a run are typed by it: a forgotten or
 * misspelt feed is an error of the compiler (`runtime/typed-session.ts`).
 */

import {
  type BuiltGraph,
  type ElementType,
  GraphBuilder,
  GraphError,
  type Shape,
  type Value,
} from './graph.ts';

/** Type and shape of one input tensor. */
export interface TensorSpec {
  readonly type: ElementType;
  readonly shape: Shape;
}

/** The inputs of a graph by name. A list stands for `NAME_0`, `NAME_1` and so on. */
export type InputSpecs = Readonly<Record<string, TensorSpec | readonly TensorSpec[]>>;

/** Where an output is after a run: in main memory, on the device, or a list of tensors on the device. */
export type OutputPlace = 'host' | 'resident' | 'resident list';

/** The outputs of a graph by name. */
export type OutputSpecs = Readonly<Record<string, OutputPlace>>;

/** What the inputs are while the graph is built. */
export type InputValues<In extends InputSpecs> = {
  readonly [Name in keyof In]: In[Name] extends readonly TensorSpec[] ? readonly Value[] : Value;
};

/** What a builder returns: a value for each output. */
export type OutputValues<Out extends OutputSpecs> = {
  readonly [Name in keyof Out]: Out[Name] extends 'resident list' ? readonly Value[] : Value;
};

/** A graph that can be built from `Parts`, such as a configuration and weights. */
export interface GraphDefinition<Parts, In extends InputSpecs, Out extends OutputSpecs> {
  /** Name of the built graph; two graphs of one component that differ have different names. */
  readonly name: (parts: Parts) => string;
  readonly inputs: (parts: Parts) => In;
  readonly outputs: Out;
  readonly build: (parts: Parts) => BuiltGraph;
}

/**
 * Defines a graph.
 *
 * @example
 * const sum = defineGraph({
 *   name: () => 'sum',
 *   inputs: (_: { width: number }) => ({ a: floats('rows', width), b: floats('rows', width) }),
 *   outputs: { out: 'host' },
 *   build: (g, { a, b }) => ({ out: add(g, a, b) }),
 * });
 * const session = await openTyped(runtime, weights, sum, { width: 4 });
 * const { out } = await session.run({ a, b });
 */
export function defineGraph<Parts, In extends InputSpecs, const Out extends OutputSpecs>(definition: {
  readonly name: (parts: Parts) => string;
  readonly inputs: (parts: Parts) => In;
  readonly outputs: Out;
  /** Adds the nodes. Further outputs that it declares itself are stages, for tests. */
  readonly build: (g: GraphBuilder, inputs: InputValues<In>, parts: Parts) => OutputValues<Out>;
}): GraphDefinition<Parts, In, Out> {
  const { name, inputs, outputs } = definition;
  return {
    name,
    inputs,
    outputs,
    build: (parts) => {
      const g = new GraphBuilder(name(parts));
      const built = definition.build(g, declareInputs(g, inputs(parts)), parts);
      for (const [output, place] of Object.entries(outputs)) {
        declareOutput(g, output, place, built[output]);
      }
      return g.finish();
    },
  };
}

/** A float32 input of this shape. */
export function floats(...shape: Shape): TensorSpec {
  return { type: 'float32', shape };
}

/** An int32 input of this shape. */
export function ints(...shape: Shape): TensorSpec {
  return { type: 'int32', shape };
}

/** An input that some variants of a graph do not have: a list of one, or an empty list. */
export function optional(present: boolean, spec: TensorSpec): TensorSpec[] {
  return present ? [spec] : [];
}

/** One input for each of `count`. */
export function list(count: number, spec: (index: number) => TensorSpec): TensorSpec[] {
  return Array.from({ length: count }, (_, i) => spec(i));
}

/** Name of an entry of a list of inputs or outputs. */
export function entryName(name: string, index: number): string {
  return `${name}_${index}`;
}

function declareInputs<In extends InputSpecs>(g: GraphBuilder, specs: In): InputValues<In> {
  const values = Object.entries(specs).map(([name, spec]) => [
    name,
    isList(spec)
      ? spec.map(({ type, shape }, i) => g.input(entryName(name, i), type, shape))
      : g.input(name, spec.type, spec.shape),
  ]);
  return Object.fromEntries(values);
}

function declareOutput(
  g: GraphBuilder,
  name: string,
  place: OutputPlace,
  value: Value | readonly Value[],
): void {
  const options = { resident: place !== 'host' };
  if (!isList(value)) {
    g.output(name, value, options);
  } else if (place === 'resident list') {
    for (const [i, each] of value.entries()) g.output(entryName(name, i), each, options);
  } else {
    throw new GraphError(`the output ${name} is one tensor, not a list`);
  }
}

function isList<Item extends object>(value: Item | readonly Item[]): value is readonly Item[] {
  return Array.isArray(value);
}
