import { type FocusEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { bringBackSession } from '../composer/stored-session.ts';
import { useModelsActions } from '../models/context.tsx';
import { updateApp } from '../page/app.ts';
import { goTo } from '../page/rooms.ts';
import { useActions, useStudio } from '../store/context.tsx';
import type { Notice, NoticeAction } from '../store/state.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import { useFocusOnLeave } from '../ui/use-focus-on-leave.ts';
import './notices.css';

/** How long a removal can be undone, not counting the time while the pointer or the focus is on a notice. */
const UNDO_MS = 20_000;

/** The notices about the whole page, newest last. They float above it. */
export function Notices() {
  const notices = useStudio((state) => state.notices).filter(({ inForm }) => !inForm);
  const { dismiss } = useActions();
  const [held, setHeld] = useState(false);
  const removal = notices.findLast(({ action }) => action?.kind.startsWith('undo'));
  const none = notices.length === 0;
  useEffect(() => {
    if (!removal || held) return;
    const timer = setTimeout(() => dismiss(removal.id), UNDO_MS);
    return () => clearTimeout(timer);
  }, [removal, held, dismiss]);
  useEffect(() => {
    // The pointer does not leave what is removed under it.
    if (none) setHeld(false);
  }, [none]);
  if (none) return null;
  const onBlur = ({ currentTarget, relatedTarget }: FocusEvent) =>
    setHeld(currentTarget.contains(relatedTarget));
  return (
    <section
      className="toasts"
      aria-label="Messages"
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={onBlur}
    >
      {notices.map((notice) =>
        notice.oneLine ? (
          <NoticeLine key={notice.id} notice={notice} />
        ) : (
          <DismissibleNotice key={notice.id} notice={notice} />
        ),
      )}
    </section>
  );
}

/** The notices about added pictures. Scrolls to a new one, because pictures can be dropped anywhere. */
export function FormNotices() {
  const all = useStudio((state) => state.notices);
  const list = useRef<HTMLDivElement>(null);
  const notices = all.filter(({ inForm }) => inForm);
  const newest = notices.at(-1);
  useEffect(() => {
    if (newest) list.current?.lastElementChild?.scrollIntoView({ block: 'nearest' });
  }, [newest]);
  if (notices.length === 0) return null;
  return (
    <div className="notices form-notices" ref={list}>
      {notices.map((notice) => (
        <DismissibleNotice key={notice.id} notice={notice} />
      ))}
    </div>
  );
}

function DismissibleNotice({ notice }: { notice: Notice }) {
  const { dismiss } = useActions();
  return (
    <NoticeCard notice={notice}>
      {notice.action && <NoticeActionButton id={notice.id} action={notice.action} />}
      <button type="button" className="btn" onClick={() => dismiss(notice.id)}>
        Dismiss
      </button>
    </NoticeCard>
  );
}

/** A notice in one line, so that the form and the canvas stay on the screen. */
function NoticeLine({ notice }: { notice: Notice }) {
  const { dismiss } = useActions();
  return (
    <section className={`notice-line ${notice.tone}`} role="status" aria-label={notice.title}>
      <Icon name="chip" />
      <p title={notice.text}>
        {notice.title}. {notice.action && <NoticeActionButton id={notice.id} action={notice.action} />}
      </p>
      <button
        type="button"
        className="btn icon-only quiet"
        aria-label="Dismiss"
        title="Dismiss"
        onClick={() => dismiss(notice.id)}
      >
        <Icon name="close" />
      </button>
    </section>
  );
}

function NoticeActionButton({ id, action }: { id: string; action: NoticeAction }) {
  const actions = useActions();
  const { loadModel, drawAgain, restoreResult, restoreStored, chooseBuiltInModel, dismiss } = actions;
  const models = useModelsActions();
  switch (action.kind) {
    case 'reload model':
      return <UndoButton label="Load the model again" onClick={loadModel} />;
    case 'retry GPU':
      return (
        <button type="button" className="link" onClick={loadModel}>
          Try the GPU again
        </button>
      );
    case 'draw again':
      return <UndoButton label="Try again" onClick={() => drawAgain(action.job)} />;
    case 'undo removal':
      return <UndoButton label="Undo" onClick={() => restoreResult(action.job)} />;
    case 'bring back session':
      return (
        <UndoButton label="Bring them back" onClick={() => void bringBackSession(actions, action.session)} />
      );
    case 'undo deletion':
      return <UndoButton label="Undo" onClick={() => restoreStored(action.ids)} />;
    case 'update':
      return <UndoButton label="Reload" onClick={() => void updateApp()} />;
    case 'use built-in model':
      return <UndoButton label="Use the built-in model" onClick={chooseBuiltInModel} />;
    case 'open models':
      return (
        <button
          type="button"
          className="btn primary"
          onClick={() => {
            dismiss(id);
            goTo('models');
          }}
        >
          Open Models
        </button>
      );
    case 'allow folder': {
      const allow = async () => {
        await models.start();
        // The page Models says why the folder cannot be used.
        if (!(await models.openFolder(action.key))) goTo('models');
      };
      return (
        <button type="button" className="btn primary" onClick={() => void allow()}>
          Allow and use
        </button>
      );
    }
    default:
      return action satisfies never;
  }
}

function UndoButton({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <button type="button" className="btn primary" onClick={onClick}>
      <Icon name="undo" />
      <span>{label}</span>
    </button>
  );
}

const TONE_ICONS: Readonly<Record<Notice['tone'], IconName>> = { bad: 'warn', warn: 'warn', good: 'check' };

/** A notice with its buttons as `children`, and details for a bug report. */
export function NoticeCard({ notice, children }: { notice: Notice; children?: ReactNode }) {
  const card = useRef<HTMLElement>(null);
  useFocusOnLeave(card);
  return (
    <section
      ref={card}
      className={`notice ${notice.tone}`}
      role={notice.tone === 'bad' ? 'alert' : 'status'}
      aria-label={notice.title}
    >
      <span className="notice-icon">
        <Icon name={TONE_ICONS[notice.tone]} />
      </span>
      <div>
        <h2>{notice.title}</h2>
        <p>{notice.text}</p>
        {children && <div className="row">{children}</div>}
        {notice.details && (
          <details>
            <summary>
              Details for a bug report <Icon name="chevron" />
            </summary>
            <pre>{notice.details}</pre>
          </details>
        )}
      </div>
    </section>
  );
}
