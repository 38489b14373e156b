/** What a task hands out. */
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

/** A sample before its pictures are drawn: scenes in place of pictures. */
export interface Case {
  task: Task;
  kind: string;
  instruction: string | null;
  refs: Scene[];
  target: Scene | null;
  question: string | null;
  answer: string | null;
  scene: Scene;
  mask: 'none' | 'difference' | 'all';
  /** What the words ask of the picture, and nothing that they leave open; where they ask for a picture. */
  requested?: Claim[];
  /** `reflect`: the sentences of the answer that name what is wrong. */
  faults?: string[];
}
