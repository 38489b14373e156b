import type { RefObject } from 'react';
import { useActions, useStudio } from '../store/context.tsx';
import { Icon } from '../ui/icon.tsx';
import { BlobView } from '../ui/picture-view.tsx';
import { findHints, type Hint, renamed } from './hints.ts';
import { PickPictures } from './pick-pictures.tsx';

/** Points out what the prompt says about pictures that cannot be so, with answers one click away. */
export function HintBox({ field }: { field: RefObject<HTMLTextAreaElement | null> }) {
  const prompt = useStudio((state) => state.form.prompt);
  const references = useStudio((state) => state.form.references);
  const { setPrompt } = useActions();
  const hint = findHints(prompt, references.length)[0];
  if (!hint) return null;

  const choose = (number: number) => {
    const at = field.current?.selectionStart ?? prompt.length;
    setPrompt(hint.kind === 'missing' ? renamed(prompt, hint, number) : inserted(prompt, at, number));
    field.current?.focus();
  };
  return (
    <div className="hint" role="status">
      <p>
        <Icon name="warn" />
        <span>{hintWords(hint, references.length)}</span>
      </p>
      <div className="fixes">
        {references.map((reference, index) => (
          <button key={reference.id} type="button" className="fix" onClick={() => choose(index + 1)}>
            <BlobView blob={reference.blob} />
            <span>
              {hint.kind === 'missing' ? 'use ' : 'name '}
              <b>image {index + 1}</b>
            </span>
          </button>
        ))}
        {hint.kind === 'missing' && references.length < hint.number && (
          <PickPictures className="fix" icon="plus">
            <span>
              add <b>image {references.length + 1}</b>
            </span>
          </PickPictures>
        )}
      </div>
      <p className="alt">Or make it anyway; this never stops you.</p>
    </div>
  );
}

function hintWords(hint: Hint, count: number) {
  if (hint.kind === 'unnamed') {
    return (
      <>
        <b>Which picture is which?</b> There are {count}, and the words name none of them. It would have to
        guess.
      </>
    );
  }
  const there =
    count === 0 ? 'No picture was given.' : `There ${count === 1 ? 'is one picture' : `are ${count}`}.`;
  return (
    <>
      <b>There is no image {hint.number}.</b> {there}
    </>
  );
}

/** The prompt with " image n" put in at the cursor, with a space wherever two words would touch. */
function inserted(prompt: string, at: number, number: number): string {
  const before = prompt.slice(0, at).trimEnd();
  const after = prompt.slice(at).trimStart();
  const middle = `${before === '' ? '' : ' '}image ${number}`;
  return before + middle + (after === '' || /^[,.;:!?]/.test(after) ? '' : ' ') + after;
}
