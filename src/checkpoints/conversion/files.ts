/** Distributes the tensors of a component over files, so that layers of a group lie together in one file. */

import type { ComponentName } from '../checkpoint.ts';
import { groupLayers } from '../layer-groups.ts';
import { layoutSafetensors, type SafetensorsLayout } from '../safetensors.ts';
import { outputTensors, type TensorAction } from './actions.ts';

/** A safetensors file that a conversion writes. */
export interface PlannedFile {
  readonly path: string;
  /** Its tensors in order: the layers by index, and what is outside of the layers before them. */
  readonly actions: readonly TensorAction[];
}

/** File names that the official loaders look for. */
const FILE_STEM: Readonly<Record<ComponentName, string>> = {
  transformer: 'diffusion_pytorch_model',
  vae: 'diffusion_pytorch_model',
  mllm: 'model',
};

/**
 * The sections of each component. No file has tensors of two sections, unless the component fits into one
 * file. A tensor belongs to the first section that its name matches.
 */
const SECTIONS: Readonly<Record<ComponentName, readonly [name: string, pattern: RegExp][]>> = {
  transformer: [
    ['layers', /^layers\./],
    ['rest', /^/],
  ],
  vae: [['all', /^/]],
  mllm: [
    ['layers', /^model\.layers\./],
    ['vision', /^visual\./],
    ['vocabulary', /^/],
  ],
};
/** The order of sections in a component. */
const SECTION_ORDER: readonly string[] = ['all', 'rest', 'vocabulary', 'layers', 'vision'];

/** Path of the index that maps each tensor of a split component to its file. */
export function indexFileName(component: ComponentName): string {
  return `${component}/${FILE_STEM[component]}.safetensors.index.json`;
}

/**
 * Distributes the tensors of a component over files of at most `maxFileBytes`. A file exceeds it only if one
 * layer does, or one tensor outside of the layers.
 * @param actions the tensors in the order of the component, with the layers by index
 */
export function planFiles(
  component: ComponentName,
  actions: readonly TensorAction[],
  maxFileBytes: number,
): PlannedFile[] {
  const sections = groupBy(actions, ({ name }) => sectionOf(component, name))
    .toSorted(([a], [b]) => SECTION_ORDER.indexOf(a) - SECTION_ORDER.indexOf(b))
    .map(([, members]) => groupBy(members, unitOf).map(([, unit]) => unit));
  const whole = bytesOf(actions) <= maxFileBytes;
  const files = whole ? [sections.flat(2)] : sections.flatMap((units) => split(units, maxFileBytes));
  const stem = `${component}/${FILE_STEM[component]}`;
  const number = (n: number) => String(n).padStart(5, '0');
  return files.map((members, i) => ({
    path:
      files.length === 1
        ? `${stem}.safetensors`
        : `${stem}-${number(i + 1)}-of-${number(files.length)}.safetensors`,
    actions: members,
  }));
}

/** The layout of a planned file: the tensors of a layer lie together, and the layers follow each other. */
export function layoutOf({ path, actions }: PlannedFile): SafetensorsLayout {
  return layoutSafetensors(
    groupBy(actions, unitOf).map(([, unit]) => unit.flatMap(outputTensors)),
    path,
  );
}

function split(units: readonly (readonly TensorAction[])[], maxFileBytes: number): TensorAction[][] {
  return groupLayers(units.map(bytesOf), maxFileBytes).map(({ from, to }) => units.slice(from, to).flat());
}

function sectionOf(component: ComponentName, name: string): string {
  return SECTIONS[component].find(([, pattern]) => pattern.test(name))?.[0] ?? '';
}

/**
 * What stays in one file: a layer of any stack, such as `model.layers.3`, the token embeddings with the last
 * norm, or a single tensor.
 */
function unitOf({ name }: TensorAction): string {
  if (/^model\.(embed_tokens|norm)\./.test(name)) return 'model';
  return /^(model\.layers|visual\.blocks|layers|\w+_refiner)\.\d+/.exec(name)?.[0] ?? name;
}

/** Groups items by key, in the order in which the keys occur. */
function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): [key: string, members: T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const members = groups.get(key);
    if (members) members.push(item);
    else groups.set(key, [item]);
  }
  return [...groups];
}

function bytesOf(actions: readonly TensorAction[]): number {
  return actions.reduce((sum, { afterBytes }) => sum + afterBytes, 0);
}
