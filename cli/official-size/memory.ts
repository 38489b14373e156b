/** The memory of processes, sampled while they work (Linux only). */

import { readFile } from 'node:fs/promises';

/** Pages that a process has in memory, in bytes. */
export interface Resident {
  /** All pages, shared ones and mapped files included. */
  readonly rssBytes: number;
  /** Pages of mapped files. The system drops them when memory is short. */
  readonly fileBytes: number;
}

export interface Sample extends Resident {
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

const INTERVAL_MS = 200;

/** The memory of a process now; undefined if it has ended or the system has no /proc. */
export async function residentMemory(pid: number): Promise<Resident | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = (name: string) => {
    const [, digits] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status) ?? [];
    return digits === undefined ? undefined : 1024 * Number(digits);
  };
  const rssBytes = kilobytes('VmRSS');
  return rssBytes === undefined ? undefined : { rssBytes, fileBytes: kilobytes('RssFile') ?? 0 };
}

/** Samples processes until it is stopped. A sample is the largest of them. */
export class MemorySampler {
  readonly samples: Sample[] = [];
  readonly #pids: () => Promise<readonly number[]>;
  #running = true;

  /** @param pids the processes at each sample */
  constructor(pids: () => Promise<readonly number[]>) {
    this.#pids = pids;
    void this.#loop();
  }

  /** The largest sample between two times; undefined without one. */
  peak(fromMs = 0, toMs = Number.POSITIVE_INFINITY): Sample | undefined {
    return largest(this.samples.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs));
  }

  /** The most memory of a sample without mapped files; undefined without a sample. */
  ownPeakBytes(): number | undefined {
    if (this.samples.length === 0) return undefined;
    return Math.max(...this.samples.map(({ rssBytes, fileBytes }) => rssBytes - fileBytes));
  }

  stop(): void {
    this.#running = false;
  }

  async #loop(): Promise<void> {
    while (this.#running) {
      const pids = await this.#pids().catch(() => []);
      const now = largest((await Promise.all(pids.map(residentMemory))).filter((each) => each !== undefined));
      if (now) this.samples.push({ ...now, atMs: Date.now() });
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
  }
}

function largest<Each extends Resident>(all: readonly Each[]): Each | undefined {
  return all.length === 0 ? undefined : all.reduce((a, b) => (b.rssBytes > a.rssBytes ? b : a));
}
