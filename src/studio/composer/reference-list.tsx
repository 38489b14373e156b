import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { MAX_REFERENCES } from '../../config/config.ts';
import { useActions, useStudio } from '../store/context.tsx';
import { Icon } from '../ui/icon.tsx';
import { BlobView } from '../ui/picture-view.tsx';
import { PickPictures } from './pick-pictures.tsx';
import type { Reference } from './references.ts';

/** A picture that is being moved: which one, where it stood before, and by what. */
interface Lift {
  readonly id: string;
  readonly origin: number;
  readonly by: 'keys' | 'pointer';
}

/** The references in order. Dragged by their grip, or lifted with Space and moved with the arrow keys. */
export function ReferenceList() {
  const references = useStudio((state) => state.form.references);
  const { moveReference, removeReference, say } = useActions();
  const [lift, setLift] = useState<Lift>();
  const list = useRef<HTMLOListElement>(null);
  const at = lift ? references.findIndex((reference) => reference.id === lift.id) : -1;

  const moveTo = (to: number) => {
    if (to < 0 || to >= references.length || to === at) return;
    moveReference(at, to);
    say(`Now image ${to + 1} of ${references.length}.`);
  };
  const drop = (back: boolean) => {
    if (lift && back) moveReference(at, lift.origin);
    say(back ? 'Put back.' : `Dropped as image ${at + 1}.`);
    setLift(undefined);
  };
  const onKeyDown = (event: KeyboardEvent, index: number, id: string) => {
    const lifted = lift?.id === id;
    if (event.key === ' ') {
      if (lifted) drop(false);
      else {
        setLift({ id, origin: index, by: 'keys' });
        say(`Image ${index + 1} lifted. Arrow keys move it, Space drops it, Escape puts it back.`);
      }
    } else if (lifted && (event.key === 'ArrowUp' || event.key === 'ArrowLeft')) moveTo(at - 1);
    else if (lifted && (event.key === 'ArrowDown' || event.key === 'ArrowRight')) moveTo(at + 1);
    else if (lifted && event.key === 'Escape') drop(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  // Listening on the window: moving a row in the document would end its pointer capture.
  useEffect(() => {
    if (lift?.by !== 'pointer') return;
    const listeners = new AbortController();
    const { signal } = listeners;
    const onMove = (event: PointerEvent) => moveTo(placeUnder(list.current, event.clientY));
    window.addEventListener('pointermove', onMove, { signal });
    window.addEventListener('pointerup', () => drop(false), { signal });
    window.addEventListener('pointercancel', () => drop(true), { signal });
    return () => listeners.abort();
  });

  return (
    <ol className="refs" aria-label="Reference pictures, in order" ref={list}>
      {references.map((reference, index) => (
        <li key={reference.id} className={lift?.id === reference.id ? 'ref lifted' : 'ref'} data-reference>
          <span className="num" aria-hidden="true">
            {index + 1}
          </span>
          <BlobView blob={reference.blob} label={`image ${index + 1}: ${reference.name}`} />
          <Caption reference={reference} index={index} />
          <button
            type="button"
            className="btn only grip"
            aria-label={`Move image ${index + 1}. Space to lift, arrow keys to move`}
            aria-pressed={lift?.id === reference.id}
            onKeyDown={(event) => onKeyDown(event, index, reference.id)}
            onPointerDown={() => setLift({ id: reference.id, origin: index, by: 'pointer' })}
            onBlur={() => lift?.by === 'keys' && setLift(undefined)}
          >
            <Icon name="grip" />
          </button>
          <button
            type="button"
            className="btn only"
            aria-label={`Remove image ${index + 1}`}
            onClick={() => {
              removeReference(reference.id);
              say(`Image ${index + 1} removed.`);
            }}
          >
            <Icon name="close" />
          </button>
        </li>
      ))}
      {references.length < MAX_REFERENCES && (
        <li className="ref add">
          <PickPictures className="add-button" icon="plus">
            <span>Add image {references.length + 1}</span>
            <small>up to {MAX_REFERENCES}. Drop, paste, pick</small>
          </PickPictures>
        </li>
      )}
    </ol>
  );
}

function Caption({ reference, index }: { reference: Reference; index: number }) {
  return (
    <span className="cap">
      <b>image {index + 1}</b>
      <small>
        {reference.name}, {reference.width} × {reference.height}
      </small>
    </span>
  );
}

/** The place in the list whose row lies under `y`, in pixels from the top of the window. */
function placeUnder(list: HTMLOListElement | null, y: number): number {
  const rows = [...(list?.querySelectorAll('[data-reference]') ?? [])];
  const below = rows.findIndex((row) => y < row.getBoundingClientRect().bottom);
  return below < 0 ? rows.length - 1 : below;
}
