import { useId, useState } from 'react';
import { isBlank } from '../../omnigen2/language/blank.ts';
import { encodePng } from '../../pictures/encode.web.ts';
import type { Picture } from '../../protocol.ts';
import type { Reference } from '../composer/references.ts';
import { type DrawJob, keptOf } from '../jobs/draw-job.ts';
import { foundWords, MAX_QUESTION_LENGTH, type Question, shownWords, unsaid } from '../jobs/question.ts';
import { useActions, useStudio } from '../store/context.tsx';
import { shownJob } from '../store/selectors.ts';
import { Icon } from '../ui/icon.tsx';
import { BlobView, PictureView } from '../ui/picture-view.tsx';
import { ResultNotes } from '../ui/result-notes.tsx';
import { FoundView } from './answer-boxes.tsx';
import './question-box.css';

/** A picture that can be asked about. */
type Subject =
  | { readonly name: string; readonly picture: Picture }
  | { readonly name: string; readonly blob: Blob };

/** Asks the model about the picture on the table or about one that was given; the answer streams in. */
export function QuestionBox() {
  const job = useStudio(shownJob);
  const references = useStudio((state) => state.form.references);
  const questions = useStudio((state) => state.questions);
  const running = useStudio((state) => state.running);
  const { ask, notify, stop, takeOut } = useActions();
  const [chosen, setChosen] = useState<string>();
  const [words, setWords] = useState('');
  const [sending, setSending] = useState(false);
  const titleId = useId();
  const fieldId = useId();

  const subjects = subjectsOf(job, references);
  const subject = subjects.find((each) => each.name === chosen) ?? subjects[0];
  if (!subject && questions.length === 0) return null;
  const open = questions.find(({ state }) => state.status === 'waiting' || state.status === 'thinking');

  const submit = async () => {
    const question = words.trim();
    if (isBlank(question) || open || sending || !subject) return;
    setSending(true);
    try {
      ask(question, 'blob' in subject ? subject.blob : await encodePng(subject.picture), subject.name);
      setWords('');
    } catch (cause) {
      notify({
        id: 'not asked',
        tone: 'warn',
        title: 'The browser could not hand the picture over',
        text: 'Your question is still in its field. Close other tabs to free memory, then ask again.',
        details: String(cause),
      });
    } finally {
      setSending(false);
    }
  };
  return (
    <section className="questions" aria-labelledby={titleId}>
      <h2 id={titleId}>Ask about the picture</h2>
      {questions.length > 0 && (
        <ol className="lines" aria-live="polite">
          {questions.map((question) => (
            <Line key={question.id} question={question} />
          ))}
        </ol>
      )}
      {subject && (
        <form
          className="say"
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          <fieldset className="subjects">
            <legend className="unseen">Which picture</legend>
            {subjects.map((each) => (
              <label key={each.name}>
                <input
                  type="radio"
                  name="subject"
                  checked={each.name === subject.name}
                  onChange={() => setChosen(each.name)}
                />
                <span>
                  {'blob' in each ? <BlobView blob={each.blob} /> : <PictureView picture={each.picture} />}
                  {each.name}
                </span>
              </label>
            ))}
          </fieldset>
          <div className="say-row">
            <label className="unseen" htmlFor={fieldId}>
              Your question
            </label>
            <input
              id={fieldId}
              className="words"
              type="text"
              maxLength={MAX_QUESTION_LENGTH}
              placeholder="What is in the picture?"
              value={words}
              onChange={(event) => setWords(event.target.value)}
            />
            {open ? (
              <button
                type="button"
                className="btn danger"
                onClick={() => (open.id === running ? stop() : takeOut(open.id))}
              >
                <Icon name="stop" />
                <span>Stop</span>
              </button>
            ) : (
              <button type="submit" className="btn" disabled={isBlank(words)}>
                <Icon name="send" />
                <span>Ask</span>
              </button>
            )}
          </div>
        </form>
      )}
    </section>
  );
}

function subjectsOf(job: DrawJob | undefined, references: readonly Reference[]): readonly Subject[] {
  const kept = job && keptOf(job);
  return [
    ...(kept ? [{ name: kept.finished ? 'the result' : 'what was drawn', picture: kept.picture }] : []),
    ...references.map((reference, index) => ({ name: `image ${index + 1}`, blob: reference.blob })),
  ];
}

function Line({ question }: { question: Question }) {
  const { state, text, notes, found } = question;
  const [picture] = question.request.pictures;
  const instead = unsaid(question);
  return (
    <li>
      <p className="who you">
        You <span>about {question.about}</span>
      </p>
      <p className="words asked-words">{question.request.question}</p>
      <p className="who">
        OmniGen2
        {state.status === 'waiting' && <span> waits for its turn</span>}
        {state.status === 'thinking' && <span> {text === '' ? 'looks' : 'answers'}</span>}
        {state.status === 'stopped' && <span> stopped</span>}
      </p>
      {state.status === 'failed' ? (
        <p className="answer-failed">
          <Icon name="warn" />
          <span>
            <b>{state.error.message}</b> {state.error.action}
          </span>
        </p>
      ) : (
        <p className="words" hidden={text === '' && instead !== undefined}>
          {found.length > 0 ? foundWords(found) : shownWords(question)}
          {state.status === 'thinking' && <span className="caret" aria-hidden="true" />}
        </p>
      )}
      {picture && found.length > 0 && <FoundView picture={picture} found={found} />}
      <ResultNotes notes={instead === undefined ? notes : [instead, ...notes]} />
    </li>
  );
}
