/** The eight tasks, and the type of their cases. */
import type { Claim } from '../language/claim.ts';
import type { Scene } from '../scene.ts';

export const TASKS = [
  't2i',
  'edit',
  'incontext',
  'understand',
  'reflect',
  'critique_fix',
  'checklist',
  'chat',
] as const;
export type Task = (typeof TASKS)[number];

/** A sample with scenes instead of pictures. README.md describes the fields. */
export interface Case {
  task: Task;
  kind: string;
  instruction: string | null;
  refs: Scene[];
  target: Scene | null;
  question: string | null;
  answer: string | null;
  scene: Scene;
  /** Where an edit may change the picture: in the boxes of the changed things, or anywhere. */
  mask: 'none' | 'difference' | 'all';
  /** The claims that the words request, in cases that ask for a picture. Nothing that the words omit. */
  requested?: Claim[];
  /** `reflect`: the sentences of the answer that name a fault. */
  faults?: string[];
}
