/** The runtime of this processor, watched by tests: what is open and runs, and which resident tensors have not been freed. */

import { nodeRuntime } from './runtime.node.ts';
import type { GraphSession, ResidentTensor, Runtime } from './types.ts';

export interface WatchedRuntime {
  readonly runtime: Runtime;
  /** Names of the graphs that were opened, in order. */
  readonly opened: string[];
  /** The sessions that have not been closed. */
  readonly sessions: Set<GraphSession>;
  /** Names of the graphs that ran, in order. */
  readonly runs: string[];
  /** Resident tensors that are in use. */
  readonly alive: Set<ResidentTensor>;
  /** Called before each run; what it throws is the run's failure. */
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
    const { backend, halfPrecision, quantized } = real;
    return {
      backend,
      halfPrecision,
      quantized,
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
        const kept = await session.runResident(inputs);
        for (const tensor of Object.values(kept.resident)) watchTensor(tensor);
        return kept;
      },
      dispose: () => {
        watched.sessions.delete(one);
        return session.dispose();
      },
    };
    watched.sessions.add(one);
    return one;
  }

  /** Changes the tensor itself: the engine takes none but its own. */
  function watchTensor(tensor: ResidentTensor): void {
    const dispose = tensor.dispose.bind(tensor);
    watched.alive.add(tensor);
    tensor.dispose = () => {
      if (!watched.alive.delete(tensor)) throw new Error('a resident tensor was freed twice');
      dispose();
    };
  }
}
