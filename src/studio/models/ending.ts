/** How the install, the conversion or the check of a model ended, for a person on another page. */

import type { Notice } from '../store/state.ts';
import type { Ending } from './models-state.ts';

export function endingWords(name: string, ending: Ending): string {
  return ending.tone === 'good'
    ? `${name}: ${ending.text}`
    : `${name}: ${ending.error.message} ${ending.error.action}`;
}

export function endingNotice(name: string, ending: Ending): Notice {
  const id = `model ${name}`;
  const action = { kind: 'open models' } as const;
  if (ending.tone === 'good') return { id, tone: 'good', title: name, text: ending.text, action };
  const { message, action: advice } = ending.error;
  return { id, tone: 'bad', title: `${name}: ${message}`, text: advice, action };
}
