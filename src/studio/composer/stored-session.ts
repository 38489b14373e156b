/** Brings words, settings and references back from a picture file that this page has saved. */

import { readSession, type Session } from '../../archive/session.ts';
import { reportOf } from '../../errors.ts';
import type { StudioActions } from '../store/actions.ts';
import { quotePrompt } from '../ui/format.ts';
import { pictureName } from '../ui/picture-files.ts';
import { fillForm } from './fill-form.ts';

/** Id of the notice that a file has a session. */
const SESSION_NOTICE = 'session in a file';
/** Larger files are not looked into: this page writes no such files. */
const MAX_FILE_BYTES = 64e6;

/** Offers the session of the first picture file that has one. */
export async function offerSession(actions: StudioActions, files: readonly Blob[]): Promise<void> {
  for (const file of files) {
    if (file.type !== 'image/png' || file.size > MAX_FILE_BYTES) continue;
    const name = pictureName(file);
    try {
      const session = await readSession(new Uint8Array(await file.arrayBuffer()), name);
      if (!session) continue;
      actions.notify({
        id: SESSION_NOTICE,
        tone: 'good',
        inForm: true,
        title: 'This picture has its words and settings in it',
        text: quotePrompt(session.prompt),
        action: { kind: 'bring back session', session },
      });
    } catch (error) {
      const { message, action } = reportOf(error, 'Reading the picture');
      actions.notify({ id: SESSION_NOTICE, tone: 'warn', inForm: true, title: message, text: action });
    }
    return;
  }
}

/** Fills the form with a session. References come back as the small copies in the file. */
export async function bringBackSession(actions: StudioActions, session: Session): Promise<void> {
  const { prompt, settings, references, rounds } = session;
  const copies = references.flatMap(({ copy, name }) => {
    if (!copy) return [];
    const bytes = Uint8Array.from(atob(copy.base64), (letter) => letter.charCodeAt(0));
    return [new File([bytes], name, { type: copy.type })];
  });
  await fillForm(actions, prompt, settings, copies);
  actions.dismiss(SESSION_NOTICE);
  actions.setChecksItself(rounds > 1);
  if (rounds > 1) actions.setRounds(rounds);
  actions.announce('Words and settings are back.');
}
