import { useEffect, useState } from 'react';
import { MAX_REFERENCES } from '../../config/config.ts';
import { addPictureFiles } from '../composer/pick-pictures.tsx';
import { useModelsActions } from '../models/context.tsx';
import { type Dropped, type DroppedFolder, readDrop } from '../models/dropped-folder.ts';
import { useActions, useStudio } from '../store/context.tsx';
import { Icon } from '../ui/icon.tsx';
import { goTo, useRoom } from './rooms.ts';
import './drop-anywhere.css';

/**
 * Adds pictures that are dropped or pasted anywhere on the page, and folders of models. Shows an overlay
 * while files are dragged over it.
 */
export function DropAnywhere() {
  const actions = useActions();
  const count = useStudio((state) => state.form.references.length);
  const models = useModelsActions();
  const room = useRoom();
  const [over, setOver] = useState(false);
  useEffect(() => {
    const takeDrop = async ({ folders, files }: Dropped) => {
      const checkpoints = room === 'models' ? folders : await checkpointsOf(folders);
      if (checkpoints.length > 0) goTo('models');
      for (const folder of checkpoints) await models.addFolder(folder.read());
      const [part] = files.filter(({ name }) => MODEL_FILE.test(name));
      if (part && room === 'models') models.refuse(partOfModel(part.name));
      const pictures = room === 'models' ? files.filter(({ name }) => !MODEL_FILE.test(name)) : files;
      const others = folders.filter((folder) => !checkpoints.includes(folder));
      if (pictures.length + others.length === 0) return;
      goTo('make');
      const names = others.map(({ name }) => name);
      await addPictureFiles(actions, pictures, names);
    };
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
        if (event.dataTransfer) void takeDrop(readDrop(event.dataTransfer));
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
  }, [actions, models, room]);
  if (!over) return null;
  return (
    <div className="drop-overlay">
      <p>
        <Icon name={room === 'models' ? 'folder' : 'image'} />
        {room === 'models' ? 'Drop the folder of a model' : dropWords(count)}
      </p>
    </div>
  );
}

function dropWords(count: number): string {
  return count < MAX_REFERENCES
    ? `Drop to add as image ${count + 1}`
    : `You have already added ${MAX_REFERENCES} pictures`;
}

/** Files that are a part of a model, or models of other programs. */
const MODEL_FILE = /\.(json|safetensors|gguf|bin|pt|pth|ckpt|onnx|zip)$/i;

function partOfModel(name: string) {
  return {
    message: `${name} is one file, and a model is a folder of files.`,
    action: 'Drop the folder with model_index.json, transformer, vae, mllm, processor and scheduler in it.',
  };
}

async function checkpointsOf(folders: readonly DroppedFolder[]): Promise<readonly DroppedFolder[]> {
  const found = await Promise.all(
    folders.map(async (folder) => ((await folder.isCheckpoint()) ? [folder] : [])),
  );
  return found.flat();
}

/**
 * Whether text is pasted into a field. Office programs put a picture of the text on the clipboard as well.
 */
function pastesText(event: ClipboardEvent): boolean {
  const { target, clipboardData } = event;
  const editable = target instanceof HTMLElement && target.matches('input, textarea, [contenteditable]');
  return editable && (clipboardData?.types.includes('text/plain') ?? false);
}

function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes('Files') ?? false;
}
