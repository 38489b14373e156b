import { Fragment } from 'react';
import { sizeOf } from '../composer/draw-form.ts';
import { useStudio } from '../store/context.tsx';
import { Icon } from '../ui/icon.tsx';
import { BlobView } from '../ui/picture-view.tsx';
import './reference-overview.css';

/** The references in a row, followed by an empty frame with the size of the result. */
export function ReferenceOverview() {
  const form = useStudio((state) => state.form);
  const { width, height } = sizeOf(form);
  const several = form.references.length > 1;
  return (
    <div className="reference-overview">
      <h1 className="visually-hidden">{several ? 'Mix your pictures' : 'Edit your picture'}</h1>
      <ul className="overview-row" aria-label="Pictures to start from">
        {form.references.map((reference, index) => (
          <Fragment key={reference.id}>
            {index > 0 && (
              <li className="joiner" aria-hidden="true">
                and
              </li>
            )}
            <li className="overview-picture">
              <div className="picture-frame">
                <BlobView blob={reference.blob} label={`image ${index + 1}: ${reference.name}`} />
                <span className="number big" aria-hidden="true">
                  {index + 1}
                </span>
              </div>
              <b>image {index + 1}</b>
            </li>
          </Fragment>
        ))}
        <li className="joiner" aria-hidden="true">
          {several ? 'make' : 'becomes'}
        </li>
        <li className="overview-picture overview-result">
          <div className="picture-frame">
            <span className="result-size" style={{ aspectRatio: `${width} / ${height}` }}>
              <Icon name="image" />
              <span>
                {width} × {height}
              </span>
            </span>
          </div>
          <b>result</b>
        </li>
      </ul>
      <p className="drop-tip">
        <Icon name="image" />
        <span>Add more pictures: drop them anywhere on the page, paste them, or choose files.</span>
      </p>
    </div>
  );
}
