import type { RelativeBox } from '../../protocol.ts';
import { BlobView } from '../ui/picture-view.tsx';
import './answer-boxes.css';

/** The picture that was asked about, with a frame around everything that the answer points at. */
export function FoundView({ picture, found }: { picture: Blob; found: readonly RelativeBox[] }) {
  return (
    <figure className="found">
      <BlobView blob={picture} />
      {found.map(({ label, box: [x0, y0, x1, y1] }) => (
        <span
          key={`${label} ${x0} ${y0} ${x1} ${y1}`}
          className="found-box"
          style={{
            left: `${x0 * 100}%`,
            top: `${y0 * 100}%`,
            width: `${(x1 - x0) * 100}%`,
            height: `${(y1 - y0) * 100}%`,
          }}
        >
          {label !== undefined && <span className="found-name">{label}</span>}
        </span>
      ))}
    </figure>
  );
}
