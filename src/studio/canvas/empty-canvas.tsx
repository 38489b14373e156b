import { isBuiltIn } from '../models/chosen-model.ts';
import { useStudio } from '../store/context.tsx';
import { LoadingBar } from './loading-bar.tsx';
import { PlaceholderSketch } from './placeholder-sketch.tsx';
import './job-picture.css';
import './empty-canvas.css';

/** The canvas before there is a job or a reference. */
export function EmptyCanvas() {
  const builtIn = useStudio((state) => isBuiltIn(state.chosen));
  const model = useStudio((state) => state.model);
  return (
    <figure className="job-picture empty-canvas">
      <div className="picture-frame">
        <div className="empty-frame">
          <PlaceholderSketch />
          {model.status === 'ready' ? <p>Your picture will appear here.</p> : <LoadingBar model={model} />}
        </div>
      </div>
      <figcaption>
        <p className="meta">
          {builtIn ? 'Describe a picture, or try one of the examples below.' : 'Describe a picture.'}
          <span className="fine-pointer"> You can drop pictures anywhere on the page.</span>
        </p>
      </figcaption>
    </figure>
  );
}
