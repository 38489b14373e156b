import type { RefObject } from 'react';
import { listed } from '../../listed.ts';
import { useActions, useStudio } from '../store/context.tsx';
import { Icon } from '../ui/icon.tsx';
import { BlobView } from '../ui/picture-view.tsx';
import { findHints, type Hint, insertMention, replaceMention } from './hints.ts';
import { PickPictures } from './pick-pictures.tsx';
import './hint-box.css';

/** Shows the first hint about the references that the prompt mentions, with buttons that resolve it. */
export function HintBox({ field }: { field: RefObject<HTMLTextAreaElement | null> }) {
  const prompt = useStudio((state) => state.form.prompt);
  const references = useStudio((state) => state.form.references);
  const { setPrompt } = useActions();
  const hint = findHints(prompt, references.length)[0];
  if (!hint) return null;

  const choose = (number: number) => {
    const at = field.current?.selectionStart ?? prompt.length;
    setPrompt(
      hint.kind === 'missing' ? replaceMention(prompt, hint, number) : insertMention(prompt, at, number),
    );
    field.current?.focus();
  };
  return (
    <div className="hint" role="status">
      <p>
        <Icon name="warn" />
        <span>{hintText(hint, references.length)}</span>
      </p>
      <div className="hint-choices">
        {references
          .map(({ id, blob }, index) => ({ id, blob, number: index + 1 }))
          .filter(({ number }) => hint.kind === 'missing' || hint.numbers.includes(number))
          .map(({ id, blob, number }) => (
            <button key={id} type="button" className="hint-choice" onClick={() => choose(number)}>
              <BlobView blob={blob} />
              <span>
                {hint.kind === 'missing' ? 'use ' : 'mention '}
                <b>image {number}</b>
              </span>
            </button>
          ))}
        {hint.kind === 'missing' && references.length < hint.number && (
          <PickPictures className="hint-choice" icon="plus">
            <span>
              add <b>image {references.length + 1}</b>
            </span>
          </PickPictures>
        )}
      </div>
      <p className="hint-note">This is only a hint. You can draw anyway.</p>
    </div>
  );
}

function hintText(hint: Hint, count: number) {
  if (hint.kind === 'unnamed') {
    return hint.numbers.length < count ? (
      <>
        <b>What comes from image {listed(hint.numbers.map(String))}?</b> The prompt does not mention it.
      </>
    ) : (
      <>
        <b>Which picture is which?</b> There are {count}, and the prompt mentions none of them.
      </>
    );
  }
  const added =
    count === 0 ? 'You have not added a picture.' : `You have added ${count === 1 ? 'one picture' : count}.`;
  return (
    <>
      <b>There is no image {hint.number}.</b> {added}
    </>
  );
}
