import { type ReactNode, useRef } from 'react';
import { useActions } from '../store/context.tsx';
import type { StudioActions } from '../store/studio.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import { readPictures } from '../ui/picture-files.ts';

interface PickPicturesProps {
  readonly className: string;
  readonly icon?: IconName;
  readonly children: ReactNode;
}

/** A button that opens the system's file picker and takes the pictures as references. */
export function PickPictures({ className, icon = 'image', children }: PickPicturesProps) {
  const actions = useActions();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" className={className} onClick={() => input.current?.click()}>
        <Icon name={icon} />
        {children}
      </button>
      <input
        ref={input}
        type="file"
        accept="image/*"
        multiple
        hidden
        data-testid="pick-pictures"
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          event.target.value = '';
          void takePictures(actions, files);
        }}
      />
    </>
  );
}

/** Reads files and adds them as references; says which of them are no pictures. */
export async function takePictures(actions: StudioActions, files: readonly Blob[]): Promise<void> {
  const { references, unreadable } = await readPictures(files);
  if (references.length > 0) {
    actions.addReferences(references);
    actions.say(references.length === 1 ? 'Picture added.' : `${references.length} pictures added.`);
  }
  if (unreadable.length === 0) return;
  actions.notify({
    id: 'unreadable pictures',
    tone: 'warn',
    title: `${unreadable.join(', ')} ${unreadable.length === 1 ? 'is not a picture' : 'are no pictures'} this browser can read`,
    text: 'Nothing else changed. Give a PNG, JPEG, WebP, GIF or AVIF file instead.',
  });
}
