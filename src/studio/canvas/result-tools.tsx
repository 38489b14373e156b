import { useState } from 'react';
import type { DrawJob, FinalPicture } from '../jobs/draw-job.ts';
import { useActions } from '../store/context.tsx';
import { Icon } from '../ui/icon.tsx';
import { fileNameFor } from '../ui/picture-files.ts';
import { usePictureTools } from '../ui/use-picture-tools.ts';

/** Buttons for a job that is over: remove it, and copy, reuse or save its picture. */
export function ResultTools({ job, final }: { job: DrawJob; final: FinalPicture | undefined }) {
  const { removeResult } = useActions();
  return (
    <div className="row tight">
      <button
        type="button"
        className="btn icon-only"
        aria-label="Remove from results"
        title="Remove from results"
        onClick={() => removeResult(job.id)}
      >
        <Icon name="bin" />
      </button>
      {final && <PictureButtons job={job} final={final} />}
    </div>
  );
}

function PictureButtons({ job, final }: { job: DrawJob; final: FinalPicture }) {
  const { announce } = useActions();
  const tools = usePictureTools();
  const [copied, setCopied] = useState(false);
  const { prompt, settings } = job.request;
  const fileName = fileNameFor(prompt, settings.seed);
  const onCopied = () => {
    setCopied(true);
    announce('Picture copied.');
    setTimeout(() => setCopied(false), 2_000);
  };
  return (
    <>
      <button
        type="button"
        className="btn icon-only"
        aria-label={copied ? 'Copied' : 'Copy picture'}
        title="Copy picture"
        onClick={() => tools.copy(final.picture, onCopied)}
      >
        <Icon name={copied ? 'check' : 'copy'} />
      </button>
      <button
        type="button"
        className="btn"
        onClick={() => tools.addAsReference(final.picture, fileName, 'Added as a reference.')}
      >
        <Icon name="reference" />
        <span>Use as reference</span>
      </button>
      <button
        type="button"
        className="btn"
        onClick={() => tools.save(job, final.round, final.picture, fileName)}
      >
        <Icon name="save" />
        <span>Save</span>
      </button>
    </>
  );
}
