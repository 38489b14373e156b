/** Makes a random case of any of the eight tasks. */

import type { Case, Task } from './cases/case.ts';
import { CHAT_KINDS, drawChat } from './cases/chat.ts';
import { drawEdit, EDIT_WEIGHTS } from './cases/edit.ts';
import { CATEGORIES, drawInContext } from './cases/in-context.ts';
import { DEFECTS, drawChecklist, drawFix, drawReflect } from './cases/reflect.ts';
import { drawUnderstand, QUESTION_KINDS } from './cases/understand.ts';
import { drawScene, isHeldout, type Split } from './compose.ts';
import { disambiguate } from './language/claims.ts';
import { request } from './language/phrases.ts';
import type { Random } from './random.ts';

/** Whether a case belongs to its split: training never shows a held-out combination. */
function respectsSplit(c: Case, split: Split): boolean {
  const scenes = [...c.refs, ...(c.target ? [c.target] : []), c.scene];
  if (split === 'train') return scenes.every((s) => s.things.every((t) => !isHeldout(t.who)));
  return scenes.every((s) => s.things.length === 0 || s.things.some((t) => isHeldout(t.who)));
}

/**
 * A random case of a task: scenes and words, without pictures.
 *
 * @throws Error if 1,000 attempts give no case
 * @example
 * const { instruction, refs, target } = drawCase('edit', new SteadyRandom(1), 'heldout');
 */
export function drawCase(task: Task, random: Random, split: Split): Case {
  // The kind is chosen once, before the attempts, so that kinds that often fail are as frequent as the
  // others.
  const edit = random.weighted(EDIT_WEIGHTS),
    category = random.weighted(CATEGORIES),
    questionKind = random.weighted(QUESTION_KINDS);
  const faults = random.weighted(
    task === 'reflect'
      ? ([
          [0, 0.36],
          [1, 0.44],
          [2, 0.2],
        ] as const)
      : ([
          [1, 0.72],
          [2, 0.28],
        ] as const),
  );
  const first = random.weighted(DEFECTS),
    chat = random.weighted(CHAT_KINDS);
  const attemptCase = (): Case | null => {
    switch (task) {
      case 't2i': {
        const scene = drawScene(random, split);
        const { text, stated } = request(random, scene, { loose: true });
        return {
          task,
          kind: 't2i',
          instruction: text,
          refs: [],
          target: scene,
          question: null,
          answer: null,
          scene,
          mask: 'none',
          requested: disambiguate(stated, scene),
        };
      }
      case 'edit':
        return drawEdit(random, split, edit);
      case 'incontext':
        return drawInContext(random, split, category);
      case 'understand':
        return drawUnderstand(random, split, questionKind);
      case 'reflect':
        return drawReflect(random, split, faults, first);
      case 'critique_fix':
        return drawFix(random, split, faults, first);
      case 'checklist':
        return drawChecklist(random, split);
      case 'chat':
        return drawChat(random, split, chat);
    }
  };
  for (let attempt = 0; attempt < 1000; attempt++) {
    const c = attemptCase();
    if (c !== null && respectsSplit(c, split)) return c;
  }
  throw new Error(`no case of ${task} for ${split}`);
}
