import type { ReactNode } from 'react';
import { CONTENTS } from '../../storybook/vocabulary.ts';
import { LoadingBar } from '../canvas/loading-bar.tsx';
import { NATIVE_EDGE } from '../composer/draw-form.ts';
import { useStudio } from '../store/context.tsx';
import type { ModelView } from '../store/state.ts';
import { megabytes } from '../ui/format.ts';
import './page-footer.css';

/** The foot of the page: what runs here, what it can do, and that nothing leaves the machine. */
export function Facts() {
  const model = useStudio((state) => state.model);
  return (
    <footer className="facts">
      <Fact title="On this machine">
        <ModelFact model={model} />
      </Fact>
      <Fact title="What it can draw">
        <p>
          Storybook scenes of {NATIVE_EDGE} × {NATIVE_EDGE} pixels. It is a small model with the architecture
          of OmniGen2, and wrong at times: one thing or two come out right four times in five, three two times
          in three; stripes, spots and hats are rough.
        </p>
        <Contents />
      </Fact>
      <Fact title="Nothing leaves this machine">
        <p>No account, no upload. Words and pictures stay in this browser tab.</p>
      </Fact>
    </footer>
  );
}

/** Everything that the built-in model has learnt, by group. */
function Contents() {
  return (
    <details>
      <summary>Everything it knows</summary>
      <dl>
        {CONTENTS.map(({ group, names }) => (
          <div key={group}>
            <dt>{group}</dt>
            <dd>{names.join(', ')}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function Fact({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function ModelFact({ model }: { model: ModelView }) {
  if (model.status !== 'ready') return <LoadingBar model={model} />;
  const { device, sizeBytes } = model;
  const unit = device.backend === 'webgpu' ? 'GPU' : 'processor';
  return (
    <p>
      <b>Built-in model</b>, {megabytes(sizeBytes)}, loaded. It draws on the {unit}: {device.description}
      {device.halfPrecision ? ', with 16-bit floats' : ''}.
      {device.reason &&
        ` ${device.reason} Chrome, Edge and Safari 26 have WebGPU; on Linux it may be behind a switch in the browser’s settings.`}
    </p>
  );
}
