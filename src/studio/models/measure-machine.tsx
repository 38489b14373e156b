import { useId, useState } from 'react';
import type { MeasurementReport } from '../../protocol.ts';
import { useActions, useStudio } from '../store/context.tsx';
import type { ModelView } from '../store/state.ts';
import { capitalize } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { saveFile } from '../ui/save-file.ts';
import { isActive, type Measurement, type MeasurementState } from './measurement.ts';
import './measure-machine.css';

/** Measures the device in the model worker, and shows the report. */
export function MeasureMachine() {
  const measurement = useStudio((state) => state.measurement);
  const { measure, stopMeasuring } = useActions();
  const active = measurement !== undefined && isActive(measurement);
  const stopping = measurement?.state.status === 'running' && measurement.state.stopping;
  const titleId = useId();
  return (
    <section className="measure-machine" aria-labelledby={titleId}>
      <h2 id={titleId}>Measure this machine</h2>
      <p>
        How fast this device runs layers of the released OmniGen2, with random weights: nothing is fetched or
        sent. A GPU takes about 20&nbsp;s, a CPU one or two minutes.
      </p>
      {active && <MeasurementProgress state={measurement.state} />}
      {/* One button for both, so that it keeps the focus. */}
      <button type="button" className="btn" onClick={active ? stopMeasuring : measure}>
        <Icon name={active ? 'stop' : 'chip'} />
        <span>{buttonText(measurement, active, stopping)}</span>
      </button>
      {measurement && <Outcome state={measurement.state} />}
    </section>
  );
}

function buttonText(measurement: Measurement | undefined, active: boolean, stopping: boolean): string {
  if (stopping) return 'Stopping';
  if (active) return 'Stop';
  return measurement ? 'Measure again' : 'Measure this machine';
}

function MeasurementProgress({ state }: { state: MeasurementState }) {
  const modelStatus = useStudio(({ model }) => model.status);
  const progress = state.status === 'running' ? state.progress : undefined;
  return (
    <div className="transfer">
      <p className="transfer-figures">
        {progress ? (
          <>
            <b>{capitalize(progress.stage)}</b>
            <span>
              stage {progress.done + 1} of at most {progress.total}
            </span>
          </>
        ) : (
          waitingText(state, modelStatus)
        )}
      </p>
      <progress
        aria-label="Measuring this machine"
        max={progress?.total}
        value={progress && Math.min(progress.done, progress.total)}
      />
      <p className="meta">Pictures that you ask for meanwhile wait for the end.</p>
    </div>
  );
}

function waitingText({ status }: MeasurementState, model: ModelView['status']): string {
  if (status === 'running') return 'Starting';
  if (model === 'failed') return 'It starts when a model has loaded';
  return model === 'ready' ? 'Waiting for the jobs before it' : 'Waiting for the model to load';
}

function Outcome({ state }: { state: MeasurementState }) {
  switch (state.status) {
    case 'waiting':
    case 'running':
      return null;
    case 'stopped':
      return <p role="status">The measurement was stopped.</p>;
    case 'failed':
      return (
        <p className="model-ending bad" role="alert">
          <Icon name="warn" />
          <span>
            {state.error.message} {state.error.action}
          </span>
        </p>
      );
    case 'done':
      return <Report report={state.report} />;
    default:
      return state satisfies never;
  }
}

function Report({ report: { sentences, tables, json } }: { report: MeasurementReport }) {
  return (
    <div className="measurement-report" data-testid="measurement-report">
      <ul>
        {sentences.map((sentence) => (
          <li key={sentence}>{capitalize(sentence)}</li>
        ))}
      </ul>
      {tables.map((table) => (
        <ReportTable key={table.caption} table={table} />
      ))}
      <div className="row tight">
        <CopyReport json={json} />
        <button
          type="button"
          className="btn"
          onClick={() => saveFile(new Blob([json], { type: 'application/json' }), 'omnigen2-device.json')}
        >
          <Icon name="save" />
          <span>Save report</span>
        </button>
      </div>
    </div>
  );
}

/** A table with a caption. On a narrow page each row is a block, and each cell has its column's name. */
function ReportTable({ table: { caption, columns, rows } }: { table: MeasurementReport['tables'][number] }) {
  return (
    <table className="report-table">
      <caption>{caption}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column} scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.join()}>
            {columns.map((column, i) => (
              <td
                key={column}
                data-column={column}
                className={/^[\d.]/.test(row[i] ?? '') ? 'figure' : undefined}
              >
                {row[i]}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function CopyReport({ json }: { json: string }) {
  const [copied, setCopied] = useState<boolean>();
  const copy = () =>
    navigator.clipboard.writeText(json).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <>
      <button type="button" className="btn" onClick={() => void copy()}>
        <Icon name={copied ? 'check' : 'copy'} />
        <span>{copied ? 'Copied' : 'Copy report'}</span>
      </button>
      {copied === false && <p role="alert">The browser does not allow copying. Save the report instead.</p>}
    </>
  );
}
