import { Icon } from './icon.tsx';
import './result-notes.css';

/** The worker's notes about a result, for example that the prompt was cut. */
export function ResultNotes({ notes }: { notes: readonly string[] }) {
  if (notes.length === 0) return null;
  return (
    <ul className="result-notes">
      {notes.map((note) => (
        <li key={note}>
          <Icon name="warn" />
          {note}
        </li>
      ))}
    </ul>
  );
}
