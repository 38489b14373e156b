import type { ModelNeeds } from '../../protocol.ts';
import { formatBytes, formatTimeLeft } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';

/** What a large model needs for a usual drawing: memory, time, and what would make it fit. */
export function NeedsFacts({ needs }: { needs: ModelNeeds }) {
  const { width, height, steps, fits, how, peakBytes, budgetBytes, advice, loadMs, drawMs } = needs;
  const of = budgetBytes === undefined ? '' : ` of ${formatBytes(budgetBytes)}`;
  return (
    <dl className="model-needs">
      <div>
        <dt>Memory</dt>
        <dd className={fits ? 'fits' : 'too-large'}>
          <Icon name={fits ? 'check' : 'warn'} />
          {fits ? 'It fits' : 'It does not fit'}: {formatBytes(peakBytes)}
          {of} at most; {how}. {advice}
        </dd>
      </div>
      <div>
        <dt>Time</dt>
        <dd>
          About {formatTimeLeft(drawMs)} for {width} × {height} pixels in {steps} steps, after about{' '}
          {formatTimeLeft(loadMs)} to load.
        </dd>
      </div>
    </dl>
  );
}

/** The needs in one line, for the model's badge. */
export function needsWords({ fits, peakBytes, drawMs, width, height }: ModelNeeds): string {
  const memory = `${fits ? 'It fits' : 'It does not fit'}: ${formatBytes(peakBytes)} of memory at most`;
  return `${memory}, about ${formatTimeLeft(drawMs)} for ${width} × ${height} pixels.`;
}
