import type { RelativeBox } from '../../protocol.ts';
import { BlobView } from '../ui/picture-view.tsx';
import './answer-boxes.css';

/** The picture of a question with a box around every object that the answer points at. */
export function AnswerBoxes({ picture, found }: { picture: Blob; found: readonly RelativeBox[] }) {
  return (
    <figure className="answer-boxes">
      <BlobView blob={picture} />
      {found.map(({ label, box: [x0, y0, x1, y1] }) => (
        <span
          key={`${label} ${x0} ${y0} ${x1} ${y1}`}
          className="answer-box"
          style={{
            left: `${x0 * 100}%`,
            top: `${y0 * 100}%`,
            width: `${(x1 - x0) * 100}%`,
            height: `${(y1 - y0) * 100}%`,
          }}
        >
          {label !== undefined && (
            <span className={x0 < 0.5 ? 'answer-box-label' : 'answer-box-label from-right'}>{label}</span>
          )}
        </span>
      ))}
    </figure>
  );
}
