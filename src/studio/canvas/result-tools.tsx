import { useState } from 'react';
import type { DrawJob, Kept } from '../jobs/draw-job.ts';
import { useActions } from '../store/context.tsx';
import { Icon } from '../ui/icon.tsx';
import { copyPicture, fileNameFor, referenceOf, savePicture } from '../ui/picture-files.ts';

/** What can be done with a picture that was kept. */
export function ResultTools({ job, kept }: { job: DrawJob; kept: Kept }) {
  const { addReferences, notify, say } = useActions();
  const [copied, setCopied] = useState(false);
  const { prompt, settings } = job.request;
  const fileName = fileNameFor(prompt, settings.seed);

  const copy = async () => {
    try {
      await copyPicture(kept.picture);
      setCopied(true);
      say('Picture copied.');
      setTimeout(() => setCopied(false), 2_000);
    } catch {
      notify({
        id: 'not copied',
        tone: 'warn',
        title: 'The browser did not let the page copy the picture',
        text: 'The picture is safe here. Save it to a file instead, or allow the clipboard for this page.',
      });
    }
  };
  const use = async () => {
    addReferences([await referenceOf(kept.picture, fileName)]);
    say('Added as a reference.');
  };
  return (
    <div className="row tight">
      <button
        type="button"
        className="btn only"
        aria-label={copied ? 'Copied' : 'Copy picture'}
        title="Copy picture"
        onClick={() => void copy()}
      >
        <Icon name={copied ? 'check' : 'copy'} />
      </button>
      <button type="button" className="btn" onClick={() => void use()}>
        <Icon name="reference" />
        <span>Use as reference</span>
      </button>
      <button type="button" className="btn" onClick={() => void savePicture(kept.picture, fileName)}>
        <Icon name="save" />
        <span>Save</span>
      </button>
    </div>
  );
}
