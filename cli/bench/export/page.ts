/** Draws with exported graphs and with this project in one page, on the same engine. */

import { openCheckpoint } from '../../../src/checkpoints/checkpoint.ts';
import { memoryFolder } from '../../../src/checkpoints/folder.ts';
import { loadTokenizer } from '../../../src/omnigen2/language/tokenizer.transformers.ts';
import { OmniGen2Model } from '../../../src/omnigen2/model.ts';
import { type DrawInput, draw } from '../../../src/omnigen2/pipeline.ts';
import { engineBuild, loadEngine } from '../../../src/runtime/engine.web.ts';
import { startWebRuntime } from '../../../src/runtime/runtime.web.ts';
import type { Runtime } from '../../../src/runtime/types.ts';
import { drawExported, type ExportInfo, PARTS, type Part, type RunPart } from './exported-model.ts';
import { type Drawer, type RaceResult, race } from './race.ts';

/** What the page needs. Files are fetched from `/FOLDER/path`. */
export interface PageRequest {
  readonly info: ExportInfo;
  readonly rounds: number;
  /** URL of the folder with the exported graphs. */
  readonly exported: string;
  readonly plain: DrawInput;
  /** Drawings of this project: URL of the checkpoint, the paths of its files, and the settings. */
  readonly drawings: readonly {
    readonly url: string;
    readonly paths: readonly string[];
    readonly input: DrawInput;
  }[];
}

declare global {
  var raceInPage: ((request: PageRequest) => Promise<RaceResult & { description: string }>) | undefined;
}

globalThis.raceInPage = async ({ info, rounds, exported, plain, drawings }) => {
  const run = await openExported(exported);
  const runtime = await startWebRuntime({ backend: 'wasm' });
  const drawers: Drawer[] = [(seed) => drawExported(run, info, { ...plain, seed })];
  const models = new Map<string, OmniGen2Model>();
  for (const { url, paths, input } of drawings) {
    const model = models.get(url) ?? (await openModel(url, paths, runtime));
    models.set(url, model);
    drawers.push(async (seed) => (await draw(model, { ...input, seed })).image);
  }
  return { ...(await race(drawers, rounds)), description: runtime.description };
};

async function openModel(url: string, paths: readonly string[], runtime: Runtime): Promise<OmniGen2Model> {
  const files = new Map<string, Uint8Array>();
  for (const path of paths) files.set(path, await bytesOf(`${url}/${path}`));
  const checkpoint = await openCheckpoint(memoryFolder(url, files));
  return new OmniGen2Model(checkpoint, runtime, loadTokenizer);
}

async function openExported(folder: string): Promise<RunPart> {
  const { ort, inTurn } = await loadEngine(engineBuild('wasm'));
  const sessions = new Map<Part, Awaited<ReturnType<typeof ort.InferenceSession.create>>>();
  for (const part of PARTS) {
    const model = await bytesOf(`${folder}/${part}.onnx`);
    sessions.set(part, await ort.InferenceSession.create(model, { executionProviders: ['wasm'] }));
  }
  return async (part, feeds) => {
    const session = sessions.get(part);
    if (!session) throw new Error(`${part} is not open`);
    const tensors = Object.entries(feeds).map(([name, { type, data, dims }]) => [
      name,
      new ort.Tensor(type, data, dims),
    ]);
    const results = await inTurn(() => session.run(Object.fromEntries(tensors)));
    const { data } = results[session.outputNames[0]];
    if (!(data instanceof Float32Array)) throw new Error(`${part} does not give float32`);
    return data;
  };
}

async function bytesOf(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
