import type { Picture } from '../../protocol.ts';
import type { DrawJob } from '../jobs/draw-job.ts';
import { sessionOf } from '../jobs/session-of.ts';
import { useActions, useStudio } from '../store/context.tsx';
import type { Notice } from '../store/state.ts';
import { copyPicture, referenceOf, savePicture } from './picture-files.ts';

/** What a person can do with a drawn picture. A failure appears as a notice. */
export interface PictureTools {
  /**
   * Saves the picture of a round, with its words and settings in the file unless the person turned that off.
   */
  save(job: DrawJob, round: number, picture: Picture, fileName: string): void;
  /**
   * Adds the picture to the references, announces `announcement` and selects the prompt, which describes the
   * picture itself.
   */
  addAsReference(picture: Picture, fileName: string, announcement: string): void;
  /** Replaces all references by the picture and announces `announcement`. */
  replaceReferences(picture: Picture, fileName: string, announcement: string): void;
  copy(picture: Picture, onCopied: () => void): void;
}

export function usePictureTools(): PictureTools {
  const { addReferences, replaceReferences, selectPrompt, notify, announce } = useActions();
  const sessionInFiles = useStudio((state) => state.sessionInFiles);
  const chosen = useStudio((state) => state.chosen);
  const attempt = (work: Promise<void>, failure: Pick<Notice, 'title' | 'text'>) => {
    work.catch((cause: unknown) =>
      notify({ id: failure.title, tone: 'warn', ...failure, details: String(cause) }),
    );
  };
  const save = async (job: DrawJob, round: number, picture: Picture, fileName: string) =>
    savePicture(picture, fileName, sessionInFiles ? await sessionOf(job, round, chosen) : undefined);
  const use = async (
    apply: typeof addReferences | typeof replaceReferences,
    picture: Picture,
    fileName: string,
    announcement: string,
  ) => {
    apply([await referenceOf(picture, fileName)]);
    announce(announcement);
  };
  const referenceFailure = {
    title: 'The browser could not add the picture as a reference',
    text: 'The picture is still here. Close other tabs to free memory, then try again.',
  };
  return {
    save: (job, round, picture, fileName) =>
      attempt(save(job, round, picture, fileName), {
        title: 'The browser could not save the picture',
        text: 'The picture is still here. Close other tabs to free memory, then try again.',
      }),
    addAsReference: (...given) => attempt(use(addReferences, ...given).then(selectPrompt), referenceFailure),
    replaceReferences: (...given) => attempt(use(replaceReferences, ...given), referenceFailure),
    copy: (picture, onCopied) =>
      attempt(copyPicture(picture).then(onCopied), {
        title: 'The browser did not allow copying the picture',
        text: 'The picture is still here. Save it as a file instead, or allow this page to use the clipboard.',
      }),
  };
}
