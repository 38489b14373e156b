import { type KeyboardEvent, useId, useRef, useState } from 'react';
import { quotedList, unknownWords } from '../../storybook/vocabulary.ts';
import { useActions, useStudio } from '../store/context.tsx';
import { stageOf, wouldQueue } from '../store/selectors.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import { type FormProblem, MAX_ROUNDS } from './draw-form.ts';
import { GoOn } from './edit-result-offer.tsx';
import { HintBox } from './hint-box.tsx';
import { MoreDialog } from './more-dialog.tsx';
import { PickPictures } from './pick-pictures.tsx';
import { PresetPicker } from './preset-picker.tsx';
import { ReferenceList } from './reference-list.tsx';
import { type Mode, modeOf, modeWords } from './references.ts';
import './composer.css';

const MODE_ICONS: Readonly<Record<Mode, IconName>> = { words: 'words', edit: 'pen', mix: 'mix' };

/** The keys that make the picture, as this kind of machine writes them. */
const MAKE_KEYS = /Mac|iP(?:hone|ad)/.test(navigator.userAgent) ? '⌘ ↵' : 'Ctrl ↵';

/** Where a person says what to draw. It works before the model is there and while it draws. */
export function Composer({ onMake }: { onMake: () => void }) {
  const { prompt, references } = useStudio((state) => state.form);
  const problems = useStudio((state) => state.problems);
  const queues = useStudio(wouldQueue);
  const again = useStudio((state) => stageOf(state) === 'job');
  const { setPrompt, make } = useActions();
  const [more, setMore] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const fieldId = useId();
  const problemsId = useId();

  const submit = () => {
    if (make()) onMake();
    else field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.nativeEvent.isComposing || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    submit();
  };

  return (
    <>
      <form
        className="composer"
        aria-label="Describe a picture"
        noValidate
        onKeyDown={onKeyDown}
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        {references.length > 0 && <ReferenceList />}
        <label className="ask-label" htmlFor={fieldId}>
          {queues
            ? 'And then?'
            : references.length > 0
              ? 'What should become of it?'
              : 'What do you want to see?'}
        </label>
        <textarea
          id={fieldId}
          ref={field}
          className="prompt"
          rows={3}
          value={prompt}
          placeholder={placeholder(queues, references.length)}
          aria-describedby={problems.length > 0 ? problemsId : undefined}
          aria-invalid={problems.some((problem) => problem.field === 'prompt') || undefined}
          onChange={(event) => setPrompt(event.target.value)}
        />
        <HintBox field={field} />
        <GoOn />
        <Unfamiliar request={prompt} />
        <Problems id={problemsId} problems={problems} />
        <div className="row between">
          <span className="mode" role="status">
            <Icon name={MODE_ICONS[modeOf(references.length)]} />
            {modeWords(references.length)}
          </span>
          {references.length === 0 && <PickPictures className="btn quiet">Add a picture</PickPictures>}
        </div>
        <div className="row presets">
          <PresetPicker name="preset" />
          <button type="button" className="btn quiet" aria-haspopup="dialog" onClick={() => setMore(true)}>
            <Icon name="more" />
            <span>More</span>
          </button>
        </div>
        <div className="row between go">
          <ChecksItself />
          <button type="submit" className="btn primary big make-button">
            {queues ? 'Add to queue' : again ? 'Make again' : 'Make it'}
            <span className="keys" aria-hidden="true">
              {MAKE_KEYS}
            </span>
          </button>
        </div>
      </form>
      <MoreDialog open={more} onClose={() => setMore(false)} />
    </>
  );
}

function placeholder(queues: boolean, references: number): string {
  if (queues) return 'Describe the next one while this runs';
  if (references === 0) return 'A blue frog in the snow at night';
  return references === 1 ? 'Make it night' : 'The bunny of image 1 beside the boat of image 2';
}

/** Says which words the built-in model has never seen: it draws what is nearest, and does not say so itself. */
function Unfamiliar({ request }: { request: string }) {
  const words = unknownWords(request);
  if (words.length === 0) return null;
  return (
    <p className="unfamiliar" role="status">
      <Icon name="warn" />
      <span>
        The built-in model has not learnt {quotedList(words)}. It draws what is nearest; what it knows is at
        the foot of the page.
      </span>
    </p>
  );
}

function Problems({ id, problems }: { id: string; problems: readonly FormProblem[] }) {
  if (problems.length === 0) return null;
  return (
    <ul className="problems" id={id}>
      {problems.map((problem) => (
        <li key={problem.field}>
          <Icon name="warn" />
          <span>
            <b>{problem.message}</b> {problem.action}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** The switch of the reflection loop and how many rounds it may take. */
function ChecksItself() {
  const on = useStudio((state) => state.form.checksItself);
  const rounds = useStudio((state) => state.form.rounds);
  const { setChecksItself, setRounds } = useActions();
  const choices = Array.from({ length: MAX_ROUNDS - 1 }, (_, index) => index + 2);
  return (
    <div className="checks-itself">
      <label className="switch">
        <input
          type="checkbox"
          role="switch"
          checked={on}
          aria-checked={on}
          onChange={(event) => setChecksItself(event.target.checked)}
        />
        <span className="switch-track" aria-hidden="true" />
        <b>Check its own work</b>
      </label>
      <label className="rounds-limit">
        <span>up to</span>
        <select
          aria-label="Rounds at most"
          value={rounds}
          disabled={!on}
          onChange={(event) => setRounds(Number(event.target.value))}
        >
          {choices.map((count) => (
            <option key={count} value={count}>
              {count} rounds
            </option>
          ))}
        </select>
        <Icon name="chevron" />
      </label>
    </div>
  );
}
