import { keptOf } from '../jobs/draw-job.ts';
import { useStudio } from '../store/context.tsx';
import { editOnShow } from '../store/selectors.ts';
import { Icon } from '../ui/icon.tsx';
import { fileNameFor } from '../ui/picture-files.ts';
import { usePictureTools } from '../ui/use-picture-tools.ts';

/** After an edit, with new words: they would change the given picture once more. Offers the result in its place. */
export function GoOn() {
  const job = useStudio(editOnShow);
  const { use } = usePictureTools();
  const kept = job && keptOf(job);
  if (!kept) return null;
  const { prompt, settings } = job.request;
  return (
    <div className="go-on" role="status">
      <span>This changes the picture you gave, not the result.</span>
      <button
        type="button"
        className="btn quiet"
        onClick={() =>
          use(
            kept.picture,
            fileNameFor(prompt, settings.seed),
            'The result is what will be changed.',
            'instead',
          )
        }
      >
        <Icon name="reference" />
        <span>Change the result instead</span>
      </button>
    </div>
  );
}
