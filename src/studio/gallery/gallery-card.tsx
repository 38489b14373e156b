import { useEffect, useState } from 'react';
import type { BlobKey } from '../../jobs/job-spec.ts';
import { useActions } from '../store/context.tsx';
import { quotePrompt } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { useGallery, useGalleryActions } from './context.tsx';
import type { GalleryItem } from './gallery.ts';
import { moveFocus } from './move-focus.ts';
import { useGalleryTools } from './use-gallery-tools.ts';

/** One picture with its words and what can be done with it. */
export function GalleryCard({ item }: { item: GalleryItem }) {
  const { id, spec, picture, starred } = item;
  const { star, select } = useGalleryActions();
  const selected = useGallery((state) => state.selected.has(id));
  const { deleteStored } = useActions();
  const { sameSettings, addAsReference } = useGalleryTools();
  const url = usePictureUrl(picture.blob);
  const onKeyDown = (event: React.KeyboardEvent<HTMLElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 's') void star(id, !starred);
    else if (event.key === 'x') select(id, !selected);
    else if (event.key === 'Delete') deleteStored([id]);
    else if (!moveFocus(event.currentTarget, event.key)) return;
    event.preventDefault();
  };
  return (
    <li className="gallery-card">
      <div className="gallery-mat">
        <a
          className="gallery-picture"
          href={`#/make/${id}`}
          aria-label={`Open ${quotePrompt(spec.prompt)}`}
          aria-keyshortcuts="S X Delete"
          draggable={false}
          onKeyDown={onKeyDown}
        >
          {url ? (
            <img src={url} alt="" width={picture.width} height={picture.height} />
          ) : (
            <span className="gallery-blank" />
          )}
        </a>
        <label className="gallery-select">
          <input
            type="checkbox"
            checked={selected}
            aria-label={`Select ${quotePrompt(spec.prompt)}`}
            onChange={({ currentTarget }) => select(id, currentTarget.checked)}
          />
        </label>
        <button
          type="button"
          className="btn icon-only gallery-star"
          aria-pressed={starred}
          aria-label={`Star ${quotePrompt(spec.prompt)}`}
          onClick={() => void star(id, !starred)}
        >
          <Icon name="star" filled={starred} />
        </button>
        <div className="gallery-actions">
          <button
            type="button"
            className="btn"
            aria-label="Use as reference"
            onClick={() => void addAsReference(id)}
          >
            <Icon name="reference" /> <span>Use as reference</span>
          </button>
          <button
            type="button"
            className="btn"
            aria-label="Same settings"
            onClick={() => void sameSettings(id)}
          >
            <Icon name="more" /> <span>Same settings</span>
          </button>
          <button
            type="button"
            className="btn icon-only"
            aria-label={`Delete ${quotePrompt(spec.prompt)}`}
            onClick={() => deleteStored([id])}
          >
            <Icon name="bin" />
          </button>
        </div>
      </div>
      <p className="words">{spec.prompt}</p>
      <p className="meta">{detailsOf(item)}</p>
    </li>
  );
}

function detailsOf({ spec, rounds, complete }: GalleryItem): string {
  const { inputs } = spec;
  return [
    !complete && 'stopped',
    inputs.length === 1 ? 'edit' : inputs.length > 1 && `${inputs.length} pictures`,
    rounds > 1 && `${rounds} rounds`,
    `seed ${spec.settings.seed}`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** The address of a stored picture; undefined until it is read. */
export function usePictureUrl(key: BlobKey): string | undefined {
  const { blob } = useGalleryActions();
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    let created: string | undefined;
    let gone = false;
    void blob(key).then((read) => {
      if (!read || gone) return;
      created = URL.createObjectURL(read);
      setUrl(created);
    });
    return () => {
      gone = true;
      if (created) URL.revokeObjectURL(created);
    };
  }, [blob, key]);
  return url;
}
