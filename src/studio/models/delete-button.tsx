import { useEffect, useRef, useState } from 'react';
import { formatBytes } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';

interface DeleteButtonProps {
  readonly name: string;
  readonly sizeBytes: number;
  onDelete(): void;
}

/** Asks once before it deletes a model. */
export function DeleteButton({ name, sizeBytes, onDelete }: DeleteButtonProps) {
  const [asking, setAsking] = useState(false);
  const keep = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (asking) keep.current?.focus();
  }, [asking]);
  if (!asking) {
    return (
      <button type="button" className="btn quiet" onClick={() => setAsking(true)}>
        <Icon name="bin" />
        <span>Delete</span>
      </button>
    );
  }
  return (
    <fieldset
      className="delete-question"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        setAsking(false);
      }}
    >
      <legend>
        Delete {name} and free {formatBytes(sizeBytes)}?
      </legend>
      <button type="button" className="btn danger" onClick={onDelete}>
        <Icon name="bin" />
        <span>Delete</span>
      </button>
      <button type="button" className="btn" ref={keep} onClick={() => setAsking(false)}>
        Keep
      </button>
    </fieldset>
  );
}
