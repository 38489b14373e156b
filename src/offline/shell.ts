/** Which files a visit without a network needs. */

/** A file of the build. `revision` is null if its name changes with its content. */
export interface ShellEntry {
  readonly url: string;
  readonly revision: string | null;
}

/** What a browser can do. */
export interface Abilities {
  /** It suspends WebAssembly. */
  readonly jspi: boolean;
  /** It has WebGPU, perhaps without a graphics processor. */
  readonly gpu: boolean;
}

/** A file of one build of the engine; the build without a name runs on the CPU only. */
const ENGINE = /ort-wasm-simd-threaded(?:\.(\w+))?-[\w-]+\.(?:wasm|mjs)$/;

/** The files without the builds of the engine that this browser does not load. */
export function neededFiles(entries: readonly ShellEntry[], { jspi, gpu }: Abilities): readonly ShellEntry[] {
  // Without JSPI the page takes the plain build if WebGPU turns out to have no graphics processor.
  const builds = jspi ? ['jspi'] : gpu ? ['asyncify', undefined] : [undefined];
  return entries.filter(({ url }) => {
    const engine = ENGINE.exec(url);
    return !engine || builds.includes(engine[1]);
  });
}

/** Differs whenever a file does. */
export function versionOf(entries: readonly ShellEntry[]): string {
  let hash = 0x811c9dc5;
  for (const { url, revision } of entries) {
    for (const character of `${url} ${revision ?? ''}\n`) {
      hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
    }
  }
  return hash.toString(36);
}
