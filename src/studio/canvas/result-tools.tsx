import { useState } from 'react';
import type { DrawJob, Kept } from '../jobs/draw-job.ts';
import { useActions } from '../store/context.tsx';
import { Icon } from '../ui/icon.tsx';
import { fileNameFor } from '../ui/picture-files.ts';
import { usePictureTools } from '../ui/use-picture-tools.ts';

/** What can be done with a job that is over, and with the picture it left. */
export function ResultTools({ job, kept }: { job: DrawJob; kept: Kept | undefined }) {
  const { remove } = useActions();
  return (
    <div className="row tight">
      <button
        type="button"
        className="btn only"
        aria-label="Remove from the shelf"
        title="Remove from the shelf"
        onClick={() => remove(job.id)}
      >
        <Icon name="bin" />
      </button>
      {kept && <KeptTools job={job} kept={kept} />}
    </div>
  );
}

function KeptTools({ job, kept }: { job: DrawJob; kept: Kept }) {
  const { say } = useActions();
  const tools = usePictureTools();
  const [copied, setCopied] = useState(false);
  const { prompt, settings } = job.request;
  const fileName = fileNameFor(prompt, settings.seed);
  const onCopied = () => {
    setCopied(true);
    say('Picture copied.');
    setTimeout(() => setCopied(false), 2_000);
  };
  return (
    <>
      <button
        type="button"
        className="btn only"
        aria-label={copied ? 'Copied' : 'Copy picture'}
        title="Copy picture"
        onClick={() => tools.copy(kept.picture, onCopied)}
      >
        <Icon name={copied ? 'check' : 'copy'} />
      </button>
      <button
        type="button"
        className="btn"
        onClick={() => tools.use(kept.picture, fileName, 'Added as a reference.')}
      >
        <Icon name="reference" />
        <span>Use as reference</span>
      </button>
      <button type="button" className="btn" onClick={() => tools.save(kept.picture, fileName)}>
        <Icon name="save" />
        <span>Save</span>
      </button>
    </>
  );
}
