import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { MAX_REFERENCES } from '../../config/config.ts';
import { useActions, useStudio } from '../store/context.tsx';
import { Icon } from '../ui/icon.tsx';
import { BlobView } from '../ui/picture-view.tsx';
import { PickPictures } from './pick-pictures.tsx';
import type { Reference } from './references.ts';
import './reference-list.css';

/** The reference that is being moved. `origin` is its index before the move. */
interface Move {
  readonly id: string;
  readonly origin: number;
  readonly by: 'keys' | 'pointer';
}

/** The references in order. They can be dragged, or picked up with Space and moved with the arrow keys. */
export function ReferenceList() {
  const references = useStudio((state) => state.form.references);
  const { moveReference, removeReference, announce } = useActions();
  const [move, setMove] = useState<Move>();
  const list = useRef<HTMLOListElement>(null);
  const at = move ? references.findIndex((reference) => reference.id === move.id) : -1;

  const moveTo = (to: number) => {
    if (to < 0 || to >= references.length || to === at) return;
    moveReference(at, to);
    announce(`Now image ${to + 1} of ${references.length}.`);
  };
  const drop = (back: boolean) => {
    if (move && back) moveReference(at, move.origin);
    announce(back ? 'Move cancelled.' : `Dropped as image ${at + 1}.`);
    setMove(undefined);
  };
  const onKeyDown = (event: KeyboardEvent, index: number, id: string) => {
    const moving = move?.id === id;
    if (event.key === ' ') {
      if (moving) drop(false);
      else {
        setMove({ id, origin: index, by: 'keys' });
        announce(
          `Image ${index + 1} picked up. Press the arrow keys to move it, Space to drop it, Escape to cancel.`,
        );
      }
    } else if (moving && (event.key === 'ArrowUp' || event.key === 'ArrowLeft')) moveTo(at - 1);
    else if (moving && (event.key === 'ArrowDown' || event.key === 'ArrowRight')) moveTo(at + 1);
    else if (moving && event.key === 'Escape') drop(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  // Listens on the window, because moving a row in the document ends its pointer capture.
  useEffect(() => {
    if (move?.by !== 'pointer') return;
    const listeners = new AbortController();
    const { signal } = listeners;
    const onMove = (event: PointerEvent) => moveTo(rowUnder(list.current, event.clientY));
    window.addEventListener('pointermove', onMove, { signal });
    window.addEventListener('pointerup', () => drop(false), { signal });
    window.addEventListener('pointercancel', () => drop(true), { signal });
    return () => listeners.abort();
  });

  return (
    <ol className="reference-list" aria-label="Reference pictures, in order" ref={list}>
      {references.map((reference, index) => (
        <li
          key={reference.id}
          className={move?.id === reference.id ? 'reference moving' : 'reference'}
          data-reference
        >
          <span className="number" aria-hidden="true">
            {index + 1}
          </span>
          <BlobView blob={reference.blob} label={`image ${index + 1}: ${reference.name}`} />
          <Caption reference={reference} index={index} />
          <button
            type="button"
            className="btn icon-only grip"
            aria-label={`Move image ${index + 1}. Press Space to pick it up, then the arrow keys`}
            aria-pressed={move?.id === reference.id}
            onKeyDown={(event) => onKeyDown(event, index, reference.id)}
            onPointerDown={() => setMove({ id: reference.id, origin: index, by: 'pointer' })}
            onBlur={() => move?.by === 'keys' && setMove(undefined)}
          >
            <Icon name="grip" />
          </button>
          <button
            type="button"
            className="btn icon-only"
            aria-label={`Remove image ${index + 1}`}
            onClick={() => {
              removeReference(reference.id);
              announce(`Image ${index + 1} removed.`);
            }}
          >
            <Icon name="close" />
          </button>
        </li>
      ))}
      {references.length < MAX_REFERENCES && (
        <li className="reference add">
          <PickPictures className="add-button" icon="plus">
            <span>Add image {references.length + 1}</span>
            <small>
              up to {MAX_REFERENCES}
              <span className="fine-pointer">: drop, paste or choose</span>
            </small>
          </PickPictures>
        </li>
      )}
    </ol>
  );
}

function Caption({ reference, index }: { reference: Reference; index: number }) {
  return (
    <span className="caption">
      <b>image {index + 1}</b>
      <small>
        {reference.name}, {reference.width} × {reference.height}
      </small>
    </span>
  );
}

/** Index of the row at `y`, in pixels from the top of the window. */
function rowUnder(list: HTMLOListElement | null, y: number): number {
  const rows = [...(list?.querySelectorAll('[data-reference]') ?? [])];
  const below = rows.findIndex((row) => y < row.getBoundingClientRect().bottom);
  return below < 0 ? rows.length - 1 : below;
}
