/** A Node runtime for tests. It records open sessions, runs, and resident tensors that are not freed yet. */

import { nodeRuntime } from './runtime.node.ts';
import type { GraphSession, ResidentTensor, Runtime } from './types.ts';

export interface WatchedRuntime {
  readonly runtime: Runtime;
  /** Names of the opened graphs, in order. */
  readonly opened: string[];
  /** Sessions that are open. */
  readonly sessions: Set<GraphSession>;
  /** Names of the graphs that ran, in order. */
  readonly runs: string[];
  /** Resident tensors that are not freed. */
  readonly alive: Set<ResidentTensor>;
  /** Called before each run. If it throws, the run fails with that error. */
  beforeRun: (graph: string) => unknown;
}

export function watchedRuntime(): WatchedRuntime {
  const real = nodeRuntime({ threads: 1 });
  const watched: WatchedRuntime = {
    runtime: watch(),
    opened: [],
    sessions: new Set(),
    runs: [],
    alive: new Set(),
    beforeRun: () => undefined,
  };
  return watched;

  function watch(): Runtime {
    const { backend, halfPrecision } = real;
    return {
      backend,
      halfPrecision,
      dispose: () => real.dispose(),
      open: async (graph, weights) => {
        watched.opened.push(graph.name);
        return watchSession(await real.open(graph, weights));
      },
    };
  }

  function watchSession(session: GraphSession): GraphSession {
    const begin = () => {
      watched.runs.push(session.name);
      watched.beforeRun(session.name);
    };
    const one: GraphSession = {
      name: session.name,
      run: async (inputs) => {
        begin();
        return session.run(inputs);
      },
      runResident: async (inputs) => {
        begin();
        const result = await session.runResident(inputs);
        for (const tensor of Object.values(result.resident)) watchTensor(tensor);
        return result;
      },
      dispose: () => {
        watched.sessions.delete(one);
        return session.dispose();
      },
    };
    watched.sessions.add(one);
    return one;
  }

  /** Changes the tensor itself, because the engine accepts only its own tensors. */
  function watchTensor(tensor: ResidentTensor): void {
    const dispose = tensor.dispose.bind(tensor);
    watched.alive.add(tensor);
    tensor.dispose = () => {
      if (!watched.alive.delete(tensor)) throw new Error('a resident tensor was freed twice');
      dispose();
    };
  }
}
