import type { JobId } from '../../protocol.ts';
import { fillForm } from '../composer/fill-form.ts';
import { finalPictureOf } from '../jobs/draw-job.ts';
import { goTo } from '../page/rooms.ts';
import { useActions } from '../store/context.tsx';
import { fileNameFor, referenceOf } from '../ui/picture-files.ts';
import { useGalleryActions } from './context.tsx';

/** What a person can do with a picture of the gallery. A failure appears as a notice. */
export interface GalleryTools {
  /** Fills the form with the words, settings and references of a picture. */
  sameSettings(id: JobId): Promise<void>;
  addAsReference(id: JobId): Promise<void>;
}

export function useGalleryTools(): GalleryTools {
  const { view } = useGalleryActions();
  const actions = useActions();
  const stored = async (id: JobId) => (await view(id))?.jobs[0];
  const attempt = async (work: () => Promise<boolean>) => {
    const done = await work().catch(() => false);
    if (done) goTo('make');
    else actions.notify(GONE);
  };
  return {
    sameSettings: (id) =>
      attempt(async () => {
        const job = await stored(id);
        if (!job) return false;
        const { prompt, references, settings } = job.request;
        await fillForm(actions, prompt, settings, references);
        return true;
      }),
    addAsReference: (id) =>
      attempt(async () => {
        const job = await stored(id);
        const final = job && finalPictureOf(job);
        if (!final) return false;
        const name = fileNameFor(job.request.prompt, job.request.settings.seed);
        actions.addReferences([await referenceOf(final.picture, name)]);
        actions.announce('Picture added as a reference.');
        return true;
      }),
  };
}

const GONE = {
  id: 'picture gone',
  tone: 'warn',
  title: 'The picture could not be read',
  text: 'The browser has deleted it, or another tab has. The others are safe.',
} as const;
