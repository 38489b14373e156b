import type { InstallProgress } from '../../models-protocol.ts';
import { formatBytes, formatTimeLeft } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { useModelsActions } from './context.tsx';
import { paceOf, type Transfer } from './models-state.ts';

/** The stage, bytes, speed and remaining time of an install, and the button that pauses it. */
export function TransferProgress({ transfer }: { transfer: Transfer }) {
  const { pause } = useModelsActions();
  const { progress, pausing, request, kind } = transfer;
  const known = progress !== undefined && progress.totalBytes > 0;
  const label = transferLabel(transfer);
  return (
    <div className="transfer">
      <p className="transfer-figures">
        {known && (
          <span>
            <b>{formatBytes(progress.doneBytes)}</b> of {formatBytes(progress.totalBytes)}
          </span>
        )}
        <Pace transfer={transfer} />
      </p>
      <progress
        aria-label={`${label} ${transfer.label}`}
        max={known ? progress.totalBytes : undefined}
        value={known ? progress.doneBytes : undefined}
      />
      {progress?.note && <p role="status">{progress.note}</p>}
      <div className="row between">
        <p className="meta">
          {kind !== 'verify' && progress?.installedBytes
            ? `Keeps about ${formatBytes(progress.installedBytes)}. You can go on drawing. `
            : ''}
          {progress?.file && `Now: ${progress.file}`}
        </p>
        <button type="button" className="btn" disabled={pausing} onClick={() => pause(request)}>
          <Icon name={kind === 'verify' ? 'close' : 'pause'} />
          <span>{kind === 'verify' ? 'Stop' : 'Pause'}</span>
        </button>
      </div>
    </div>
  );
}

function Pace({ transfer }: { transfer: Transfer }) {
  const pace = paceOf(transfer);
  if (!pace) return null;
  return (
    <>
      <span>{formatBytes(pace.bytesPerSecond)}/s</span>
      <span>about {formatTimeLeft(pace.remainingMs)} left</span>
    </>
  );
}

const PHASES: Readonly<Record<InstallProgress['phase'], string>> = {
  listing: 'Reading the list of files',
  downloading: 'Downloading',
  converting: 'Converting',
  verifying: 'Checking files',
  waiting: 'Waiting',
};

/** What a transfer does at the moment. */
export function transferLabel({ progress, pausing, kind }: Transfer): string {
  if (pausing) return kind === 'verify' ? 'Stopping' : 'Pausing';
  return progress ? PHASES[progress.phase] : 'Starting';
}
