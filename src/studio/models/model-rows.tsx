/** The rows of the list of models. */

import type { ReactNode } from 'react';
import type { FolderSummary, InstalledModel } from '../../models-protocol.ts';
import { TRAINED_SIDE } from '../composer/draw-form.ts';
import { useActions, useStudio } from '../store/context.tsx';
import { runningJob } from '../store/selectors.ts';
import { formatBytes } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { BUILT_IN, installedModel } from './chosen-model.ts';
import { useModels, useModelsActions } from './context.tsx';
import { DeleteButton } from './delete-button.tsx';
import { NeedsFacts } from './model-needs.tsx';
import type { Ending, FolderModel, Transfer } from './models-state.ts';
import { TransferProgress, transferLabel } from './transfer-progress.tsx';

export function BuiltInRow() {
  const inUse = useInUse(BUILT_IN.key);
  const { chooseBuiltInModel } = useActions();
  return (
    <Row
      modelKey={BUILT_IN.key}
      name={BUILT_IN.name}
      badge={inUse ?? { tone: 'good', text: 'Ready' }}
      about={`Storybook scenes of ${TRAINED_SIDE} × ${TRAINED_SIDE} pixels. It comes with the page.`}
    >
      <UseButton inUse={inUse !== undefined} onClick={chooseBuiltInModel} />
    </Row>
  );
}

export function FolderRow({ folder: model }: { folder: FolderModel }) {
  const { key, name, summary, needsPermission, folder } = model;
  const inUse = useInUse(key);
  const converting = useModels(({ transfers }) =>
    transfers.some((each) => each.kind === 'convert' && each.label === name),
  );
  const { openFolder, convert, forgetFolder } = useModelsActions();
  const isKept = folder.kind === 'directory';
  const where = isKept ? 'In a folder of yours' : 'In a folder of yours, picked for this visit';
  return (
    <Row
      modelKey={key}
      name={name}
      badge={
        inUse ??
        (needsPermission ? { tone: 'warn', text: 'Needs permission' } : { tone: 'good', text: 'Ready' })
      }
      about={aboutWeights(summary)}
      meta={`${formatBytes(summary.sizeBytes)}. ${where}, read in place.`}
    >
      <UseButton
        inUse={inUse !== undefined && !needsPermission}
        label={needsPermission ? 'Allow and use' : 'Use'}
        onClick={() => void openFolder(key)}
      />
      {isConvertible(summary) && !needsPermission && (
        <button type="button" className="btn" disabled={converting} onClick={() => convert(key)}>
          <Icon name="save" />
          <span>Convert to 4-bit</span>
        </button>
      )}
      <button type="button" className="btn quiet" onClick={() => forgetFolder(key)}>
        <Icon name="close" />
        <span>Remove from list</span>
      </button>
    </Row>
  );
}

interface InstalledRowProps {
  readonly model: InstalledModel;
  readonly transfer: Transfer | undefined;
}

export function InstalledRow({ model, transfer }: InstalledRowProps) {
  const { id, name, sizeBytes } = model;
  const { key } = installedModel(id, name);
  const inUse = useInUse(key);
  const ending = useModels((state) => state.endings[id]);
  const { openInstalled, resume, verify, remove } = useModelsActions();
  return (
    <Row
      modelKey={key}
      name={name}
      badge={inUse ?? installedBadge(model, transfer, isDamage(ending))}
      about={model.state === 'partial' ? partialWords(model) : undefined}
      meta={`${formatBytes(sizeBytes)}${model.weights ? `, ${formatWords(model.weights)}` : ''}. In the browser’s storage${model.source ? `, from ${model.source.address}` : ''}.`}
      detail={
        transfer ? (
          <TransferProgress transfer={transfer} />
        ) : (
          ending && (
            <p className={`model-ending ${ending.tone}`} role={ending.tone === 'bad' ? 'alert' : 'status'}>
              <Icon name={ending.tone === 'good' ? 'check' : 'warn'} />
              <span>
                {ending.tone === 'good' ? ending.text : `${ending.error.message} ${ending.error.action}`}
              </span>
            </p>
          )
        )
      }
    >
      {!transfer && (
        <>
          {model.state === 'complete' && (
            <>
              <UseButton inUse={inUse !== undefined} onClick={() => openInstalled(id)} />
              <button type="button" className="btn" onClick={() => verify(id)}>
                <Icon name="check" />
                <span>Check files</span>
              </button>
            </>
          )}
          {model.state === 'partial' && (
            <button type="button" className="btn primary" onClick={() => resume(id)}>
              <Icon name="play" />
              <span>Resume</span>
            </button>
          )}
          <DeleteButton name={name} sizeBytes={sizeBytes} onDelete={() => remove(id)} />
        </>
      )}
    </Row>
  );
}

/** An install that the worker has not listed yet. */
export function NewInstallRow({ transfer }: { transfer: Transfer }) {
  return (
    <Row
      name={transfer.label}
      badge={{ tone: 'busy', text: transferLabel(transfer) }}
      detail={<TransferProgress transfer={transfer} />}
    />
  );
}

interface Badge {
  readonly tone: 'use' | 'good' | 'warn' | 'bad' | 'busy';
  readonly text: string;
}

interface RowProps {
  /** Absent for a model that cannot be used yet. */
  readonly modelKey?: string;
  readonly name: string;
  readonly badge: Badge;
  readonly about?: string;
  readonly meta?: string;
  readonly detail?: ReactNode;
  /** The buttons. */
  readonly children?: ReactNode;
}

function Row({ modelKey, name, badge, about, meta, detail, children }: RowProps) {
  const needs = useStudio(({ chosen, model }) =>
    chosen.key === modelKey && model.status === 'ready' ? model.needs : undefined,
  );
  return (
    <li className="model-row">
      <div className="model-facts">
        <h2>
          {name} <span className={`model-badge ${badge.tone}`}>{badge.text}</span>
        </h2>
        {about && <p>{about}</p>}
        {meta && <p className="meta">{meta}</p>}
        {needs && <NeedsFacts needs={needs} />}
        {detail}
      </div>
      {children && <div className="model-actions">{children}</div>}
    </li>
  );
}

interface UseButtonProps {
  readonly inUse: boolean;
  readonly label?: string;
  onClick(): void;
}

function UseButton({ inUse, label = 'Use', onClick }: UseButtonProps) {
  const drawing = useStudio((state) => runningJob(state) !== undefined);
  if (inUse) return null;
  return (
    <button
      type="button"
      className="btn primary"
      title={drawing ? 'The picture that is being drawn ends as it is now.' : undefined}
      onClick={onClick}
    >
      {label}
    </button>
  );
}

/** The badge of the chosen model; undefined for others. */
function useInUse(key: string): Badge | undefined {
  const chosen = useStudio((state) => state.chosen.key === key);
  const status = useStudio((state) => state.model.status);
  if (!chosen) return undefined;
  if (status === 'failed') return { tone: 'bad', text: 'Did not load' };
  return status === 'ready' ? { tone: 'use', text: 'In use' } : { tone: 'busy', text: 'Loading' };
}

function installedBadge(model: InstalledModel, transfer: Transfer | undefined, damaged: boolean): Badge {
  if (transfer) return { tone: 'busy', text: transferLabel(transfer) };
  if (model.state === 'partial') return { tone: 'warn', text: 'Partial' };
  return damaged || model.state === 'damaged'
    ? { tone: 'bad', text: 'Damaged' }
    : { tone: 'good', text: 'Ready' };
}

/** Whether a check has found damage. A check that could not be made says nothing about the files. */
function isDamage(ending: Ending | undefined): boolean {
  return ending?.tone === 'bad' && ending.error.code === 'bad_checkpoint';
}

function partialWords({ doneBytes, totalBytes }: InstalledModel): string {
  if (totalBytes === 0) return 'Nothing is here yet.';
  return `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)} are here. It goes on where it stopped.`;
}

function aboutWeights({ weights, trainedSide }: FolderSummary): string {
  return `${formatWords(weights)} weights. Trained on ${trainedSide} × ${trainedSide} pixels.`;
}

const FORMATS: Readonly<Record<string, string>> = {
  float32: '32-bit float',
  float16: '16-bit float',
  bfloat16: '16-bit float (bfloat16)',
  f32: '32-bit float',
  f16: '16-bit float',
  q8: '8-bit',
  q4: '4-bit',
};

function formatWords(weights: string): string {
  return FORMATS[weights] ?? weights;
}

function isConvertible({ weights }: FolderSummary): boolean {
  return weights === 'float32' || weights === 'float16' || weights === 'bfloat16';
}
