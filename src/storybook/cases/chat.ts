/** Cases of a conversation: requests, edits, questions and small talk. */

import { listed } from '../../listed.ts';
import { drawScene, type Split } from '../compose.ts';
import { change } from '../edits/change.ts';
import { EDIT_KINDS } from '../edits/edit.ts';
import { request } from '../language/phrases.ts';
import type { Random } from '../random.ts';
import { COLOURS } from '../scene.ts';

import type { Case } from './case.ts';
import { polish } from './edit.ts';
import { drawQuestion, QUESTION_KINDS } from './understand.ts';

/** The whole reply if a picture is wanted. The official pipeline then stops to write and draws. */
const IMG = '<|img|>';

export const CHAT_KINDS = [
  ['draw', 34],
  ['edit', 24],
  ['question', 22],
  ['talk', 20],
] as const;

export function drawChat(random: Random, split: Split, kind: (typeof CHAT_KINDS)[number][0]): Case | null {
  const scene = drawScene(random, split);
  const base = { task: 'chat' as const, target: null, scene, mask: 'none' as const };
  switch (kind) {
    case 'draw': {
      const { text } = request(random, scene);
      const words = /^(draw|paint|show|make|please|can|i )/i.test(text)
        ? text
        : `${random.pick(['draw', 'please draw', 'can you make', 'I want'])} ${text.charAt(0).toLowerCase()}${text.slice(1)}`;
      return {
        ...base,
        kind,
        instruction: words,
        refs: [],
        question: words,
        answer: IMG,
      };
    }
    case 'edit': {
      const c = change(random.pick(EDIT_KINDS), random, scene, split);
      if (!c) return null;
      const words = polish(random, c.words);
      return {
        ...base,
        scene: c.after,
        kind,
        instruction: words,
        refs: [c.before],
        question: words,
        answer: IMG,
      };
    }
    case 'question': {
      const pair = drawQuestion(
        random,
        scene,
        random.weighted(QUESTION_KINDS.filter(([k]) => k !== 'checklist')),
      );
      return pair && { ...base, kind, instruction: null, refs: [scene], question: pair[0], answer: pair[1] };
    }
    case 'talk': {
      const [q, a] = random.pick(TALK);
      return { ...base, kind, instruction: null, refs: [], question: random.pick(q), answer: random.pick(a) };
    }
  }
}

const TALK: readonly (readonly [readonly string[], readonly string[]])[] = [
  [
    ['Hello!', 'Hi!', 'Good day!', 'Hello, who are you?'],
    ['Hello! Tell me what you want to see.', 'Hello! I draw storybook pictures. What shall I draw?'],
  ],
  [
    ['What can you do?', 'What can you draw?', 'Help.', 'How does this work?'],
    [
      'I draw pictures, change them, and answer questions about them.',
      'Tell me what you want to see, and I draw it. I can also change a picture.',
    ],
  ],
  [
    ['Thank you!', 'Thanks!', 'That is nice.', 'I like it!'],
    ['You are welcome!', 'I am glad that you like it.'],
  ],
  [
    ['Which animals can you draw?', 'Which creatures do you know?'],
    ['I can draw a cat, a bunny, a bear, a fox, an alien, a bird, a frog and a mouse.'],
  ],
  [['Which colours do you know?', 'Which colours can you use?'], [`I know ${listed(COLOURS)}.`]],
  [
    ['Which styles do you know?', 'Which styles can you draw?'],
    ['I draw storybook pictures, pencil sketches, neon drawings and paper cut-outs.'],
  ],
  [
    ['Which places do you know?', 'Where can it be?'],
    ['A meadow, snow, a forest, a beach, a desert, the sea, a room, mountains and a city.'],
  ],
  [['Goodbye!', 'Bye!'], ['Goodbye! Come back soon.']],
];
