import { finalPictureOf } from '../jobs/draw-job.ts';
import { useStudio } from '../store/context.tsx';
import { editWithNewPrompt } from '../store/selectors.ts';
import { Icon } from '../ui/icon.tsx';
import { fileNameFor } from '../ui/picture-files.ts';
import { usePictureTools } from '../ui/use-picture-tools.ts';
import './edit-result-offer.css';

/** After an edit, a new prompt would edit the original picture again. Offers to edit the result instead. */
export function EditResultOffer() {
  const job = useStudio(editWithNewPrompt);
  const { replaceReferences } = usePictureTools();
  const final = job && finalPictureOf(job);
  if (!final) return null;
  const { prompt, settings } = job.request;
  const fileName = fileNameFor(prompt, settings.seed);
  return (
    <div className="edit-result-offer" role="status">
      <span>This edits your original picture, not the result.</span>
      <button
        type="button"
        className="btn quiet"
        onClick={() => replaceReferences(final.picture, fileName, 'The result is now image 1.')}
      >
        <Icon name="reference" />
        <span>Edit the result instead</span>
      </button>
    </div>
  );
}
