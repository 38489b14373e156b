import type { ReactNode } from 'react';
import { useActions, useStudio } from '../store/context.tsx';
import type { Notice, Remedy } from '../store/state.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import './notices.css';

/** The notices that concern the page as a whole, newest last. */
export function Notices() {
  const notices = useStudio((state) => state.notices);
  const { dismiss } = useActions();
  if (notices.length === 0) return null;
  return (
    <div className="notices">
      {notices.map((notice) =>
        notice.brief ? (
          <NoticeLine key={notice.id} notice={notice} />
        ) : (
          <NoticeCard key={notice.id} notice={notice}>
            {notice.remedy && <RemedyButton remedy={notice.remedy} />}
            <button type="button" className="btn" onClick={() => dismiss(notice.id)}>
              Put away
            </button>
          </NoticeCard>
        ),
      )}
    </div>
  );
}

/** One line for what stands in nobody's way: it leaves the window to the box and the table. */
function NoticeLine({ notice }: { notice: Notice }) {
  const { dismiss } = useActions();
  return (
    <section className={`notice-line ${notice.tone}`} role="status" aria-label={notice.title}>
      <Icon name="chip" />
      <p title={notice.text}>
        {notice.title}. {notice.remedy && <RemedyButton remedy={notice.remedy} />}
      </p>
      <button
        type="button"
        className="btn only quiet"
        aria-label="Put away"
        title="Put away"
        onClick={() => dismiss(notice.id)}
      >
        <Icon name="close" />
      </button>
    </section>
  );
}

function RemedyButton({ remedy }: { remedy: Remedy }) {
  const { loadModel, makeAgain, bringBack } = useActions();
  switch (remedy.kind) {
    case 'load again':
      return <RemedyFace words="Load the model again" onClick={loadModel} />;
    case 'try the GPU again':
      return (
        <button type="button" className="link" onClick={loadModel}>
          Try the GPU again
        </button>
      );
    case 'make again':
      return <RemedyFace words="Try again" onClick={() => makeAgain(remedy.job)} />;
    case 'bring back':
      return <RemedyFace words="Bring it back" onClick={() => bringBack(remedy.job)} />;
    default:
      return remedy satisfies never;
  }
}

function RemedyFace({ words, onClick }: { words: string; onClick: () => void }) {
  return (
    <button type="button" className="btn primary" onClick={onClick}>
      <Icon name="undo" />
      <span>{words}</span>
    </button>
  );
}

const SIGNS: Readonly<Record<Notice['tone'], IconName>> = { bad: 'warn', warn: 'warn', good: 'check' };

/** One notice: what happened, what is safe and what to do, the buttons for it, and details for a report. */
export function NoticeCard({ notice, children }: { notice: Notice; children?: ReactNode }) {
  return (
    <section
      className={`notice ${notice.tone}`}
      role={notice.tone === 'bad' ? 'alert' : 'status'}
      aria-label={notice.title}
    >
      <span className="notice-sign">
        <Icon name={SIGNS[notice.tone]} />
      </span>
      <div>
        <h2>{notice.title}</h2>
        <p>{notice.text}</p>
        {children && <div className="row">{children}</div>}
        {notice.details && (
          <details>
            <summary>
              Details for a report <Icon name="chevron" />
            </summary>
            <pre>{notice.details}</pre>
          </details>
        )}
      </div>
    </section>
  );
}
