/** A session whose feeds and outputs are typed by the definition of its graph. */

import {
  entryName,
  type GraphDefinition,
  type InputSpecs,
  type OutputSpecs,
  type TensorSpec,
} from '../onnx/define-graph.ts';
import type { GraphSession, HostTensor, ResidentTensor, Runtime, WeightBytes } from './types.ts';

/** A tensor that goes into a run. Resident ones come from the same runtime; a run does not use them up. */
export type Feed = HostTensor | ResidentTensor;

/** The feeds of a run: one tensor for each input, a list for each list of inputs. */
export type Feeds<In extends InputSpecs> = {
  readonly [Name in keyof In]: In[Name] extends readonly TensorSpec[] ? readonly Feed[] : Feed;
};

/** The outputs of a run. The caller disposes the resident ones. */
export type Outputs<Out extends OutputSpecs> = {
  readonly [Name in keyof Out]: Out[Name] extends 'host'
    ? HostTensor
    : Out[Name] extends 'resident'
      ? ResidentTensor
      : readonly ResidentTensor[];
};

/** Is called with every stage that a graph gives beside its outputs. */
export type OnStage = (stage: string, tensor: HostTensor) => void;

export class TypedSession<In extends InputSpecs, Out extends OutputSpecs> {
  readonly #session: GraphSession;
  readonly #outputs: Out;

  /** The name of its graph. */
  get name(): string {
    return this.#session.name;
  }

  /** @param outputs of the definition that the session was opened from */
  constructor(session: GraphSession, outputs: Out) {
    this.#session = session;
    this.#outputs = outputs;
  }

  /**
   * Runs the graph.
   * @throws OmniError `device` if the engine fails
   */
  async run(feeds: Feeds<In>, onStage?: OnStage): Promise<Outputs<Out>> {
    const { outputs, resident } = await this.#session.runResident(flatFeeds(feeds));
    if (onStage) {
      for (const [name, tensor] of Object.entries(outputs)) {
        if (!(name in this.#outputs)) onStage(name, tensor);
      }
    }
    const named = Object.entries(this.#outputs).map(([name, place]) => [
      name,
      place === 'host' ? outputs[name] : place === 'resident' ? resident[name] : entries(name, resident),
    ]);
    return Object.fromEntries(named);
  }

  dispose(): Promise<void> {
    return this.#session.dispose();
  }
}

/**
 * Opens a graph from its definition. A component with several graphs uses `Sessions` instead.
 * @throws OmniError `device` if the engine cannot open the graph
 */
export async function openTyped<Parts, In extends InputSpecs, Out extends OutputSpecs>(
  runtime: Runtime,
  weights: WeightBytes,
  definition: GraphDefinition<Parts, In, Out>,
  parts: Parts,
): Promise<TypedSession<In, Out>> {
  return new TypedSession<In, Out>(await runtime.open(definition.build(parts), weights), definition.outputs);
}

/** Feeds as a session takes them: a list becomes `NAME_0`, `NAME_1` and so on. */
export function flatFeeds(feeds: Readonly<Record<string, Feed | readonly Feed[]>>): Record<string, Feed> {
  const flat: Record<string, Feed> = {};
  for (const [name, feed] of Object.entries(feeds)) {
    if (isList(feed)) for (const [i, each] of feed.entries()) flat[entryName(name, i)] = each;
    else flat[name] = feed;
  }
  return flat;
}

function entries(name: string, resident: Readonly<Record<string, ResidentTensor>>): ResidentTensor[] {
  const found: ResidentTensor[] = [];
  for (let i = 0; entryName(name, i) in resident; i++) found.push(resident[entryName(name, i)]);
  return found;
}

function isList(feed: Feed | readonly Feed[]): feed is readonly Feed[] {
  return Array.isArray(feed);
}
