import { useEffect, useRef, useState } from 'react';
import type { DrawJob } from '../jobs/draw-job.ts';
import { useActions } from '../store/context.tsx';
import { Icon } from '../ui/icon.tsx';
import { useFocusOnLeave } from '../ui/use-focus-on-leave.ts';

/** Stops a running job, or takes a waiting one out of the queue. */
export function StopButton({ job }: { job: DrawJob }) {
  switch (job.state.status) {
    case 'running':
      return <StopRunning job={job} stopping={job.state.stopping} />;
    case 'waiting':
      return <CancelWaiting job={job} />;
    default:
      return null;
  }
}

function CancelWaiting({ job }: { job: DrawJob }) {
  const { removeFromQueue } = useActions();
  const button = useRef<HTMLButtonElement>(null);
  useFocusOnLeave(button);
  return (
    <button ref={button} type="button" className="btn" onClick={() => removeFromQueue(job.id)}>
      <Icon name="close" />
      <span>Cancel</span>
    </button>
  );
}

/** Time after which a job that does not stop can be ended together with the engine. */
const STOP_TIMEOUT_MS = 3_000;

/** A job stops after its current step. If that takes too long, the button ends the engine. */
function StopRunning({ job, stopping }: { job: DrawJob; stopping: boolean }) {
  const { stop, loadModel } = useActions();
  const button = useRef<HTMLButtonElement>(null);
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!stopping) return;
    const timer = setTimeout(() => setLate(true), STOP_TIMEOUT_MS);
    return () => {
      clearTimeout(timer);
      setLate(false);
    };
  }, [stopping]);
  useFocusOnLeave(button);
  return (
    <button
      ref={button}
      type="button"
      className="btn danger"
      // A disabled button would lose the focus.
      aria-disabled={stopping && !late}
      title={late ? 'Ends the drawing engine. The model loads again for the next job.' : undefined}
      onClick={() => {
        if (late) loadModel();
        else if (!stopping) stop();
      }}
    >
      <Icon name="stop" />
      <span>{late ? 'Stop now' : stopLabel(job)}</span>
    </button>
  );
}

/** Names the picture that stopping now would keep. */
function stopLabel(job: DrawJob): string {
  const drawn = job.rounds.findLast((round) => round.picture !== undefined);
  if (drawn && job.request.rounds > 1) return `Stop, keep round ${drawn.round}`;
  return job.rounds.some((round) => round.preview) ? 'Stop, keep this' : 'Stop';
}
