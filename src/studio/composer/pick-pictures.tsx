import { type ReactNode, useRef } from 'react';
import type { StudioActions } from '../store/actions.ts';
import { useActions } from '../store/context.tsx';
import { PICTURE_ERRORS } from '../store/state.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import { inspectPictures } from '../ui/picture-files.ts';
import { offerSession } from './stored-session.ts';

interface PickPicturesProps {
  readonly className: string;
  readonly icon?: IconName;
  readonly children: ReactNode;
}

/** A button that opens the file picker and adds the chosen pictures as references. */
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
          void addPictureFiles(actions, files);
        }}
      />
    </>
  );
}

/** How many refusals one notice lists. */
const LISTED_REFUSALS = 6;

/**
 * Inspects files and adds the pictures as references. A notice says why other files cannot be used.
 * @param folders names of folders that were dropped together with the files
 */
export async function addPictureFiles(
  actions: StudioActions,
  files: readonly Blob[],
  folders: readonly string[] = [],
): Promise<void> {
  const { references, notes, refusals: unreadable, skipped } = await inspectPictures(files);
  const refusals = [
    ...unreadable,
    ...folders.map((name) => ({
      message: `${name} is a folder, not a picture.`,
      action: 'Open the folder and choose the pictures in it.',
    })),
  ];
  if (references.length > 0) {
    actions.dismiss(PICTURE_ERRORS);
    actions.addReferences(references, skipped);
    actions.announce(references.length === 1 ? 'Picture added.' : `${references.length} pictures added.`);
  }
  if (notes.length > 0) {
    actions.notify({
      id: 'about pictures',
      tone: 'warn',
      inForm: true,
      title: 'Only one frame of an animation is used',
      text: notes.join(' '),
    });
  }
  await offerSession(actions, files);
  const [first, second] = refusals;
  if (!first) return;
  const more = refusals.length - LISTED_REFUSALS;
  actions.notify({
    id: PICTURE_ERRORS,
    tone: 'warn',
    inForm: true,
    title: second ? `${refusals.length} files cannot be used as pictures` : first.message.replace(/\.$/, ''),
    text: second
      ? [
          ...refusals.slice(0, LISTED_REFUSALS).map(({ message }) => message),
          ...(more > 0 ? [`And ${more} more.`] : []),
        ].join(' ')
      : `${first.action} Nothing else changed.`,
  });
}
