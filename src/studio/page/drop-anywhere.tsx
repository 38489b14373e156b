import { useEffect, useState } from 'react';
import { MAX_REFERENCES } from '../../config/config.ts';
import { addPictureFiles } from '../composer/pick-pictures.tsx';
import { useActions, useStudio } from '../store/context.tsx';
import { Icon } from '../ui/icon.tsx';
import './drop-anywhere.css';

/**
 * Adds pictures that are dropped or pasted anywhere on the page. Shows an overlay while files are dragged
 * over it.
 */
export function DropAnywhere() {
  const actions = useActions();
  const count = useStudio((state) => state.form.references.length);
  const [over, setOver] = useState(false);
  useEffect(() => {
    const listeners = new AbortController();
    const { signal } = listeners;
    // The event also fires when the pointer enters a child. It has no related target only at the window's
    // edge.
    window.addEventListener('dragenter', (event) => setOver(carriesFiles(event)), { signal });
    window.addEventListener('dragleave', (event) => event.relatedTarget ?? setOver(false), { signal });
    window.addEventListener('dragover', (event) => carriesFiles(event) && event.preventDefault(), { signal });
    window.addEventListener(
      'drop',
      (event) => {
        setOver(false);
        if (!carriesFiles(event)) return;
        event.preventDefault();
        const folders = foldersOf(event);
        const files = [...(event.dataTransfer?.files ?? [])].filter(({ name }) => !folders.includes(name));
        void addPictureFiles(actions, files, folders);
      },
      { signal },
    );
    window.addEventListener(
      'paste',
      (event) => {
        const files = [...(event.clipboardData?.files ?? [])];
        if (files.length === 0 || pastesText(event)) return;
        event.preventDefault();
        void addPictureFiles(actions, files);
      },
      { signal },
    );
    return () => listeners.abort();
  }, [actions]);
  if (!over) return null;
  return (
    <div className="drop-overlay">
      <p>
        <Icon name="image" />
        {count < MAX_REFERENCES
          ? `Drop to add as image ${count + 1}`
          : `You have already added ${MAX_REFERENCES} pictures`}
      </p>
    </div>
  );
}

/**
 * Whether text is pasted into a field. Office programs put a picture of the text on the clipboard as well.
 */
function pastesText(event: ClipboardEvent): boolean {
  const { target, clipboardData } = event;
  const editable = target instanceof HTMLElement && target.matches('input, textarea, [contenteditable]');
  return editable && (clipboardData?.types.includes('text/plain') ?? false);
}

/** Names of dropped folders, which `files` also lists, as files that cannot be read. */
function foldersOf(event: DragEvent): readonly string[] {
  const entries = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry());
  return entries.flatMap((entry) => (entry?.isDirectory ? [entry.name] : []));
}

function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes('Files') ?? false;
}
