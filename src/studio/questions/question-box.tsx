import { useId, useState } from 'react';
import { isBlank } from '../../omnigen2/language/blank.ts';
import { encodePng } from '../../pictures/encode.web.ts';
import type { JobId, Picture } from '../../protocol.ts';
import { addPictureFiles } from '../composer/pick-pictures.tsx';
import type { Reference } from '../composer/references.ts';
import { type DrawJob, finalPictureOf } from '../jobs/draw-job.ts';
import { answerText, foundText, MAX_QUESTION_LENGTH, noAnswerText, type Question } from '../jobs/question.ts';
import { useActions, useStudio } from '../store/context.tsx';
import { shownJob } from '../store/selectors.ts';
import { Icon } from '../ui/icon.tsx';
import { BlobView, PictureView } from '../ui/picture-view.tsx';
import { ResultNotes } from '../ui/result-notes.tsx';
import { AnswerBoxes } from './answer-boxes.tsx';
import './question-box.css';

/** A picture that the person can ask about. */
type AskablePicture =
  | { readonly name: string; readonly job: JobId; readonly picture: Picture }
  | { readonly name: string; readonly blob: Blob };

/**
 * Questions about the picture on the canvas or a reference, with their answers. Questions about other
 * pictures appear again together with their picture.
 */
export function QuestionBox() {
  const job = useStudio(shownJob);
  const references = useStudio((state) => state.form.references);
  const all = useStudio((state) => state.questions);
  const running = useStudio((state) => state.running);
  const { ask, notify, stop, removeFromQueue } = useActions();
  const [chosen, setChosen] = useState<string>();
  const [text, setText] = useState('');
  const [sending, setSending] = useState(false);
  const titleId = useId();
  const fieldId = useId();

  const pictures = askablePictures(job, references);
  const picture = pictures.find((each) => each.name === chosen) ?? pictures[0];
  const open = all.find(({ state }) => state.status === 'waiting' || state.status === 'answering');
  const questions = all.flatMap((question) => {
    const about = pictures.find((each) => isAbout(question, each))?.name;
    if (about !== undefined) return [{ question, about }];
    // It can be stopped here.
    return question === open ? [{ question, about: 'another picture' }] : [];
  });
  if (!picture && questions.length === 0) return null;

  const submit = async () => {
    const question = text.trim();
    if (isBlank(question) || open || sending || !picture) return;
    setSending(true);
    try {
      if ('blob' in picture) ask(question, picture.blob);
      else ask(question, await encodePng(picture.picture), picture.job);
      setText('');
    } catch (cause) {
      notify({
        id: 'not asked',
        tone: 'warn',
        title: 'The browser could not encode the picture',
        text: 'Your question is still in the text field. Close other tabs to free memory, then ask again.',
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
        <ol className="question-list" aria-live="polite">
          {questions.map(({ question, about }) => (
            <QuestionItem key={question.id} question={question} about={about} />
          ))}
        </ol>
      )}
      {picture && (
        <form
          className="ask-form"
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          <fieldset className="askable-pictures">
            <legend className="visually-hidden">Picture to ask about</legend>
            {pictures.map((each) => (
              <label key={each.name}>
                <input
                  type="radio"
                  name="asked-picture"
                  checked={each.name === picture.name}
                  onChange={() => setChosen(each.name)}
                />
                <span>
                  {'blob' in each ? <BlobView blob={each.blob} /> : <PictureView picture={each.picture} />}
                  {each.name}
                </span>
              </label>
            ))}
          </fieldset>
          <div className="ask-row">
            <label className="visually-hidden" htmlFor={fieldId}>
              Your question
            </label>
            <input
              id={fieldId}
              className="prose"
              type="text"
              maxLength={MAX_QUESTION_LENGTH}
              placeholder="What is in the picture?"
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
            {open ? (
              <button
                type="button"
                className="btn danger"
                onClick={() => (open.id === running ? stop() : removeFromQueue(open.id))}
              >
                <Icon name="stop" />
                <span>Stop</span>
              </button>
            ) : (
              <button type="submit" className="btn" disabled={isBlank(text)}>
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

function askablePictures(
  job: DrawJob | undefined,
  references: readonly Reference[],
): readonly AskablePicture[] {
  const final = job && finalPictureOf(job);
  return [
    ...(final
      ? [
          {
            name: final.complete ? 'the result' : 'the unfinished picture',
            job: job.id,
            picture: final.picture,
          },
        ]
      : []),
    ...references.map((reference, index) => ({ name: `image ${index + 1}`, blob: reference.blob })),
  ];
}

function isAbout({ job, request }: Question, picture: AskablePicture): boolean {
  return 'blob' in picture ? request.pictures.includes(picture.blob) : job === picture.job;
}

function QuestionItem({ question, about }: { question: Question; about: string }) {
  const { state, text, notes, found } = question;
  const [picture] = question.request.pictures;
  const explanation = noAnswerText(question);
  const answer = found.length > 0 ? foundText(found) : answerText(question);
  return (
    <li>
      <p className="speaker you">
        You <span>about {about}</span>
      </p>
      <p className="prose question-text">{question.request.question}</p>
      <p className="speaker">
        OmniGen2
        {state.status === 'waiting' && <span> is waiting</span>}
        {state.status === 'answering' && <span> is {text === '' ? 'thinking' : 'answering'}</span>}
        {state.status === 'stopped' && <span> was stopped</span>}
      </p>
      {state.status === 'failed' ? (
        <p className="answer-failed">
          <Icon name="warn" />
          <span>
            <b>{state.error.message}</b> {state.error.action}
          </span>
        </p>
      ) : (
        <p className="prose" hidden={answer === '' && explanation !== undefined}>
          {answer}
          {state.status === 'answering' && <span className="caret" aria-hidden="true" />}
        </p>
      )}
      {picture && found.length > 0 && <AnswerBoxes picture={picture} found={found} />}
      <ResultNotes notes={explanation === undefined ? notes : [explanation, ...notes]} />
      {question.draws && state.status === 'done' && <DrawInstead question={question} />}
    </li>
  );
}

/** Makes the question the prompt and its picture the reference. */
function DrawInstead({ question }: { question: Question }) {
  const actions = useActions();
  const { question: prompt, pictures } = question.request;
  const use = async () => {
    actions.replaceReferences([]);
    await addPictureFiles(actions, pictures);
    actions.setPrompt(prompt);
    actions.selectPrompt();
  };
  return (
    <button type="button" className="btn" onClick={() => void use()}>
      <Icon name="pen" />
      <span>Use it as the prompt</span>
    </button>
  );
}
