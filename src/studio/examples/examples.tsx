import { useId } from 'react';
import { EXAMPLES, type Example } from '../../storybook/examples.ts';
import { type Mode, modeOf } from '../composer/references.ts';
import { useActions } from '../store/context.tsx';
import { Icon, type IconName } from '../ui/icon.tsx';
import { inspectPictures } from '../ui/picture-files.ts';
import './examples.css';

const KINDS: Readonly<Record<Mode, { readonly name: string; readonly icon: IconName }>> = {
  words: { name: 'From words', icon: 'words' },
  edit: { name: 'Edit a picture', icon: 'pen' },
  mix: { name: 'Mix pictures', icon: 'mix' },
};

/** Examples to try. A click fills the form and draws the picture. */
export function Examples({ onDraw }: { onDraw: () => void }) {
  const actions = useActions();
  const titleId = useId();
  if (EXAMPLES.length === 0) return null;

  const run = async (example: Example) => {
    try {
      const files = await Promise.all(example.references.map(fetchPicture));
      const { references, refusals } = await inspectPictures(files);
      if (refusals.length > 0) throw new Error(refusals.map(({ message }) => message).join(' '));
      actions.drawExample({ ...example, references, width: example.size, height: example.size });
      onDraw();
    } catch (cause) {
      actions.notify({
        id: 'example',
        tone: 'warn',
        title: 'The pictures of this example did not load',
        details: String(cause),
        text: 'Nothing else changed. Check your connection and click the example again, or add your own picture.',
      });
    }
  };
  return (
    <section className="examples" aria-labelledby={titleId}>
      <h2 id={titleId}>
        Examples <small>one click each</small>
      </h2>
      <ul>
        {EXAMPLES.map((example) => {
          const { name, icon } = KINDS[modeOf(example.references.length)];
          return (
            <li key={example.id}>
              <button type="button" className="example" onClick={() => void run(example)}>
                <ExamplePicture example={example} />
                <span className="kind">
                  <Icon name={icon} />
                  {name}
                </span>
                <span className="prose">{example.prompt}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/**
 * The picture that the example draws, with its references in the corner. `npm run examples` draws these
 * files.
 */
function ExamplePicture({ example }: { example: Example }) {
  return (
    <span className="picture-frame small">
      <img
        className="picture"
        src={`samples/drawn/${example.id}.png`}
        alt=""
        width={example.size}
        height={example.size}
        loading="lazy"
      />
      {example.references.length > 0 && (
        <span className="example-references">
          {example.references.map((path) => (
            <img key={path} src={path} alt="" width={example.size} height={example.size} loading="lazy" />
          ))}
        </span>
      )}
    </span>
  );
}

async function fetchPicture(path: string): Promise<File> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return new File([await response.blob()], path.slice(path.lastIndexOf('/') + 1));
}
