import type { Picture } from '../../protocol.ts';
import { useActions } from '../store/context.tsx';
import type { Notice } from '../store/state.ts';
import { copyPicture, referenceOf, savePicture } from './picture-files.ts';

export interface PictureTools {
  save(picture: Picture, fileName: string): void;
  /** Adds the picture to the composer's references, or has it take their place. */
  use(picture: Picture, fileName: string, said: string, how?: 'beside' | 'instead'): void;
  copy(picture: Picture, done: () => void): void;
}

/** What can be done with a drawn picture; whatever the browser refuses is said in a notice. */
export function usePictureTools(): PictureTools {
  const { addReferences, replaceReferences, notify, say } = useActions();
  const attempt = (work: Promise<void>, refused: Pick<Notice, 'title' | 'text'>) => {
    work.catch((cause: unknown) =>
      notify({ id: refused.title, tone: 'warn', ...refused, details: String(cause) }),
    );
  };
  return {
    save: (picture, fileName) =>
      attempt(savePicture(picture, fileName), {
        title: 'The browser could not make a file of the picture',
        text: 'The picture is safe here. Close other tabs to free memory, then save it again.',
      }),
    use: (picture, fileName, said, how = 'beside') =>
      attempt(
        referenceOf(picture, fileName).then((reference) => {
          (how === 'instead' ? replaceReferences : addReferences)([reference]);
          say(said);
        }),
        {
          title: 'The browser could not make a reference of the picture',
          text: 'The picture is safe here. Close other tabs to free memory, then try again.',
        },
      ),
    copy: (picture, done) =>
      attempt(copyPicture(picture).then(done), {
        title: 'The browser did not let the page copy the picture',
        text: 'The picture is safe here. Save it to a file instead, or allow the clipboard for this page.',
      }),
  };
}
