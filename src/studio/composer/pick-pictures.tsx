import { type ReactNode, useRef } from 'react';
import { useActions } from '../store/context.tsx';
import { UNREADABLE } from '../store/state.ts';
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

/** How many refusals one notice spells out. */
const SPELLED_OUT = 6;

/**
 * Reads files and adds them as references; says of each of the others why it cannot be one.
 * @param folders names of folders that were given beside them
 */
export async function takePictures(
  actions: StudioActions,
  files: readonly Blob[],
  folders: readonly string[] = [],
): Promise<void> {
  const { references, notes, refusals: unreadable, unread } = await readPictures(files);
  const refusals = [
    ...unreadable,
    ...folders.map((name) => ({
      message: `${name} is a folder, not a picture.`,
      action: 'Open it and take the pictures in it.',
    })),
  ];
  if (references.length > 0) {
    actions.dismiss(UNREADABLE);
    actions.addReferences(references, unread);
    actions.say(references.length === 1 ? 'Picture added.' : `${references.length} pictures added.`);
  }
  if (notes.length > 0) {
    actions.notify({
      id: 'about pictures',
      tone: 'warn',
      title: 'Only one frame of an animation is used',
      text: notes.join(' '),
    });
  }
  const [first, second] = refusals;
  if (!first) return;
  const more = refusals.length - SPELLED_OUT;
  actions.notify({
    id: UNREADABLE,
    tone: 'warn',
    title: second ? `${refusals.length} files cannot be used as pictures` : first.message.replace(/\.$/, ''),
    text: second
      ? [
          ...refusals.slice(0, SPELLED_OUT).map(({ message }) => message),
          ...(more > 0 ? [`And ${more} more.`] : []),
        ].join(' ')
      : `${first.action} Nothing else changed.`,
  });
}
