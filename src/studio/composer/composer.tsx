import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { ROUNDS } from '../../settings/job-settings.ts';
import { quotedList, unknownWords } from '../../storybook/vocabulary.ts';
import { isBuiltIn } from '../models/chosen-model.ts';
import { needsWords } from '../models/model-needs.tsx';
import { FormNotices } from '../notices/notices.tsx';
import { useActions, useStudio } from '../store/context.tsx';
import { canvasContent, wouldQueue } from '../store/selectors.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import type { FormProblem } from './draw-form.ts';
import { EditResultOffer } from './edit-result-offer.tsx';
import { HintBox } from './hint-box.tsx';
import { PickPictures } from './pick-pictures.tsx';
import { PresetPicker } from './preset-picker.tsx';
import { ReferenceList } from './reference-list.tsx';
import { type Mode, modeOf, modeText } from './references.ts';
import { SettingsDialog } from './settings-dialog.tsx';
import './composer.css';

const MODE_ICONS: Readonly<Record<Mode, IconName>> = { words: 'words', edit: 'pen', mix: 'mix' };

/** The keyboard shortcut for drawing, as this platform writes it. */
const DRAW_KEYS = /Mac|iP(?:hone|ad)/.test(navigator.userAgent) ? '⌘ ↵' : 'Ctrl ↵';

/** The form for a new picture. It works before the model is loaded and while it draws. */
export function Composer({ onDraw }: { onDraw: () => void }) {
  const { prompt, references } = useStudio((state) => state.form);
  const problems = useStudio((state) => state.problems);
  const selections = useStudio((state) => state.promptSelections);
  const queues = useStudio(wouldQueue);
  const again = useStudio((state) => canvasContent(state) === 'job');
  const { setPrompt, draw } = useActions();
  const [more, setMore] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const fieldId = useId();
  const problemsId = useId();

  useEffect(() => {
    if (selections === 0) return;
    field.current?.focus();
    field.current?.select();
  }, [selections]);

  const submit = () => {
    if (draw()) onDraw();
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
        {references.length > 0 && <FormNotices />}
        <label className="prompt-label" htmlFor={fieldId}>
          {promptLabel(queues, references.length)}
        </label>
        <textarea
          id={fieldId}
          ref={field}
          className="prompt"
          rows={3}
          value={prompt}
          placeholder={promptPlaceholder(queues, references.length)}
          aria-describedby={problems.length > 0 ? problemsId : undefined}
          aria-invalid={problems.some((problem) => problem.field === 'prompt') || undefined}
          onChange={(event) => setPrompt(event.target.value)}
        />
        <HintBox field={field} />
        <EditResultOffer />
        <UnknownWords prompt={prompt} />
        <LargeModel />
        <Problems id={problemsId} problems={problems} onCorrect={() => setMore(true)} />
        <div className="row between">
          <span className="mode" role="status">
            <Icon name={MODE_ICONS[modeOf(references.length)]} />
            {modeText(references.length)}
          </span>
          {references.length === 0 && <PickPictures className="btn quiet">Add a picture</PickPictures>}
        </div>
        {references.length === 0 && <FormNotices />}
        <div className="row presets">
          <PresetPicker name="preset" />
          <button type="button" className="btn quiet" aria-haspopup="dialog" onClick={() => setMore(true)}>
            <Icon name="more" />
            <span>Settings</span>
          </button>
        </div>
        <div className="row between submit-row">
          <ChecksItself />
          <button type="submit" className="btn primary big draw-button">
            {queues ? 'Add to queue' : again ? 'Draw again' : 'Draw'}
            <span className="keys" aria-hidden="true">
              {DRAW_KEYS}
            </span>
          </button>
        </div>
      </form>
      <SettingsDialog open={more} onClose={() => setMore(false)} />
    </>
  );
}

function promptLabel(queues: boolean, references: number): string {
  if (queues) return 'What should come next?';
  return references === 1 ? 'What should change?' : 'What do you want to see?';
}

function promptPlaceholder(queues: boolean, references: number): string {
  if (queues) return 'Describe the next picture';
  if (references === 0) return 'A blue frog in the snow at night';
  return references === 1 ? 'Make it night' : 'The bunny of image 1 beside the boat of image 2';
}

/** What a large model needs, before its first picture. */
function LargeModel() {
  const needs = useStudio(({ model }) => (model.status === 'ready' ? model.needs : undefined));
  if (!needs) return null;
  return (
    <p className={needs.fits ? 'meta' : 'unknown-words'}>
      {!needs.fits && <Icon name="warn" />}
      <span>
        {needsWords(needs)} {needs.advice} <a href="#/models">What it needs</a>
      </span>
    </p>
  );
}

/** Warns about words that the built-in model does not know, because it ignores them silently. */
function UnknownWords({ prompt }: { prompt: string }) {
  const builtIn = useStudio((state) => isBuiltIn(state.chosen));
  const words = unknownWords(prompt);
  if (!builtIn || words.length === 0) return null;
  return (
    <p className="unknown-words" role="status">
      <Icon name="warn" />
      <span>
        The built-in model does not know {quotedList(words)} and may draw something else. The end of the page
        lists what it knows.
      </span>
    </p>
  );
}

interface ProblemsProps {
  readonly id: string;
  readonly problems: readonly FormProblem[];
  /** Opens the settings. */
  onCorrect(): void;
}

function Problems({ id, problems, onCorrect }: ProblemsProps) {
  if (problems.length === 0) return null;
  return (
    <ul className="problems" id={id}>
      {problems.map((problem) => (
        <li key={problem.field}>
          <Icon name="warn" />
          <span>
            <b>{problem.message}</b> {problem.action}{' '}
            {problem.field !== 'prompt' && problem.field !== 'rounds' && (
              <button type="button" className="link" onClick={onCorrect}>
                Correct it
              </button>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** Switches the reflection loop on and limits its rounds. */
function ChecksItself() {
  const on = useStudio((state) => state.form.checksItself);
  const rounds = useStudio((state) => state.form.rounds);
  const { setChecksItself, setRounds } = useActions();
  const choices = Array.from({ length: ROUNDS.usual.max - 1 }, (_, index) => index + 2);
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
          aria-label="Maximum number of rounds"
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
