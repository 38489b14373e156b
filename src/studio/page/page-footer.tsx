import type { ReactNode } from 'react';
import { CONTENTS } from '../../storybook/vocabulary.ts';
import { LoadingBar } from '../canvas/loading-bar.tsx';
import { TRAINED_SIDE } from '../composer/draw-form.ts';
import { isBuiltIn } from '../models/chosen-model.ts';
import { useStudio } from '../store/context.tsx';
import type { ModelView } from '../store/state.ts';
import { formatBytes } from '../ui/format.ts';
import './page-footer.css';

/** Facts about the model, what it can draw, and privacy. */
export function PageFooter() {
  const chosen = useStudio((state) => state.chosen);
  const model = useStudio((state) => state.model);
  return (
    <footer className="page-footer">
      <Section title="On this device">
        <ModelFacts name={chosen.name} model={model} />
      </Section>
      {isBuiltIn(chosen) && (
        <Section title="What it can draw">
          <p>
            Storybook scenes of {TRAINED_SIDE} × {TRAINED_SIDE} pixels. The built-in model is small, has the
            architecture of OmniGen2, and makes mistakes. A scene with one or two things comes out right four
            times in five. A scene with three things comes out right two times in three. Stripes, spots and
            hats are rough.
          </p>
          <Vocabulary />
        </Section>
      )}
      <Section title="Nothing leaves this device">
        <p>No account, no upload. Your prompts and pictures are kept in this browser alone.</p>
        <p>
          The page and its built-in model are open source under Apache-2.0.{' '}
          <a href="third-party-notices.txt">Licences of third-party software</a>
        </p>
      </Section>
    </footer>
  );
}

/** Everything that the built-in model knows, by group. */
function Vocabulary() {
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

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function ModelFacts({ name, model }: { name: string; model: ModelView }) {
  if (model.status !== 'ready') return <LoadingBar model={model} />;
  const { device, sizeBytes } = model;
  const unit = device.backend === 'webgpu' ? 'GPU' : 'CPU';
  return (
    <p>
      <b>{name}</b>, {formatBytes(sizeBytes)}, loaded. It runs on the {unit}: {device.description}
      {device.halfPrecision ? ', with 16-bit floats' : ''}.
      {device.reason &&
        ` ${device.reason} Chrome, Edge and Safari 26 support WebGPU. On Linux, WebGPU may have to be enabled in the browser’s settings.`}
    </p>
  );
}
