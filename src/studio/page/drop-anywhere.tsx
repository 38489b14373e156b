import { useEffect, useState } from 'react';
import { MAX_REFERENCES } from '../../config/config.ts';
import { takePictures } from '../composer/pick-pictures.tsx';
import { useActions, useStudio } from '../store/context.tsx';
import { Icon } from '../ui/icon.tsx';
import './drop-anywhere.css';

/** Takes pictures that are dropped or pasted anywhere on the page, and shows that it would. */
export function DropAnywhere() {
  const actions = useActions();
  const count = useStudio((state) => state.form.references.length);
  const [over, setOver] = useState(false);
  useEffect(() => {
    const listeners = new AbortController();
    const { signal } = listeners;
    // Leaving an element for its child fires too; only leaving the window has no related target.
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
        void takePictures(actions, files, folders);
      },
      { signal },
    );
    window.addEventListener(
      'paste',
      (event) => {
        const files = [...(event.clipboardData?.files ?? [])];
        if (files.length === 0 || pastesWords(event)) return;
        event.preventDefault();
        void takePictures(actions, files);
      },
      { signal },
    );
    return () => listeners.abort();
  }, [actions]);
  if (!over) return null;
  return (
    <div className="drop-veil">
      <p>
        <Icon name="image" />
        {count < MAX_REFERENCES
          ? `Drop it to make it image ${count + 1}`
          : `${MAX_REFERENCES} pictures are all it takes`}
      </p>
    </div>
  );
}

/** Whether words go into a field: office programs put a picture of the words beside them on the clipboard. */
function pastesWords(event: ClipboardEvent): boolean {
  const { target, clipboardData } = event;
  const editable = target instanceof HTMLElement && target.matches('input, textarea, [contenteditable]');
  return editable && (clipboardData?.types.includes('text/plain') ?? false);
}

/** Names of the folders among what is dropped: they look like files that cannot be read. */
function foldersOf(event: DragEvent): readonly string[] {
  const entries = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry());
  return entries.flatMap((entry) => (entry?.isDirectory ? [entry.name] : []));
}

function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes('Files') ?? false;
}
