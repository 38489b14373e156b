import { Fragment } from 'react';
import { sizeOf } from '../composer/draw-form.ts';
import { useStudio } from '../store/context.tsx';
import { Icon } from '../ui/icon.tsx';
import { BlobView } from '../ui/picture-view.tsx';
import { LoadingBar } from './loading-bar.tsx';
import { EaselSketch } from './placeholder-sketch.tsx';
import './reference-overview.css';

/** The table with the given pictures laid out: image 1 and image 2 make a new picture. */
export function Recipe() {
  const form = useStudio((state) => state.form);
  const { width, height } = sizeOf(form);
  const several = form.references.length > 1;
  return (
    <div className="table">
      <h1 className="unseen">{several ? 'Compose from your pictures' : 'Edit your picture'}</h1>
      <ul className="recipe" aria-label="What goes in">
        {form.references.map((reference, index) => (
          <Fragment key={reference.id}>
            {index > 0 && (
              <li className="op" aria-hidden="true">
                and
              </li>
            )}
            <li className="mini">
              <div className="mat">
                <BlobView blob={reference.blob} label={`image ${index + 1}: ${reference.name}`} />
                <span className="num big" aria-hidden="true">
                  {index + 1}
                </span>
              </div>
              <b>image {index + 1}</b>
            </li>
          </Fragment>
        ))}
        <li className="op" aria-hidden="true">
          {several ? 'make' : 'becomes'}
        </li>
        <li className="mini ghost">
          <div className="mat">
            <span className="blank-small" style={{ aspectRatio: `${width} / ${height}` }}>
              <Icon name="image" />
              <span>
                {width} × {height}
              </span>
            </span>
          </div>
          <b>result</b>
        </li>
      </ul>
      <p className="dropline">
        <Icon name="image" />
        <span>Drop pictures anywhere on the page, paste them, or pick them from the box.</span>
      </p>
    </div>
  );
}

/** The table before anything was made or given. */
export function EmptyTable() {
  const model = useStudio((state) => state.model);
  return (
    <figure className="plate empty-table">
      <div className="mat">
        <div className="blank">
          <EaselSketch />
          {model.status === 'ready' ? <p>Your picture lands here.</p> : <LoadingBar model={model} />}
        </div>
      </div>
      <figcaption>
        <p className="meta">
          Write a line, or start from one of the six below. Pictures can be dropped anywhere on the page.
        </p>
      </figcaption>
    </figure>
  );
}
