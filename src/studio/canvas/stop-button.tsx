import { useEffect, useState } from 'react';
import type { DrawJob } from '../jobs/draw-job.ts';
import { useActions } from '../store/context.tsx';
import { Icon } from '../ui/icon.tsx';

/** Stops a running job, or takes a waiting one out of the queue. */
export function StopButton({ job }: { job: DrawJob }) {
  const { stop, removeFromQueue } = useActions();
  switch (job.state.status) {
    case 'running':
      return job.state.stopping ? (
        <StoppingButton label={stopLabel(job)} />
      ) : (
        <button type="button" className="btn danger" onClick={stop}>
          <Icon name="stop" />
          <span>{stopLabel(job)}</span>
        </button>
      );
    case 'waiting':
      return (
        <button type="button" className="btn" onClick={() => removeFromQueue(job.id)}>
          <Icon name="close" />
          <span>Cancel</span>
        </button>
      );
    default:
      return null;
  }
}

/** Time after which a job that does not stop can be ended together with the engine. */
const STOP_TIMEOUT_MS = 3_000;

/** A job stops after its current step. If that takes too long, the button ends the engine. */
function StoppingButton({ label }: { label: string }) {
  const { loadModel } = useActions();
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), STOP_TIMEOUT_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <button
      type="button"
      className="btn danger"
      disabled={!late}
      title={late ? 'Ends the drawing engine. The model loads again for the next job.' : undefined}
      onClick={loadModel}
    >
      <Icon name="stop" />
      <span>{late ? 'Stop now' : label}</span>
    </button>
  );
}

/** Names the picture that stopping now would keep. */
function stopLabel(job: DrawJob): string {
  const drawn = job.rounds.findLast((round) => round.picture !== undefined);
  if (drawn && job.request.rounds > 1) return `Stop, keep round ${drawn.round}`;
  return job.rounds.some((round) => round.preview) ? 'Stop, keep this' : 'Stop';
}
