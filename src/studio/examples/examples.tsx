import { useId } from 'react';
import { EXAMPLES, type Example } from '../../storybook/examples.ts';
import { type Mode, modeOf } from '../composer/references.ts';
import { useActions } from '../store/context.tsx';
import { Icon, type IconName } from '../ui/icon.tsx';
import { readPictures } from '../ui/picture-files.ts';
import './examples.css';

const KINDS: Readonly<Record<Mode, { readonly name: string; readonly icon: IconName }>> = {
  words: { name: 'From words', icon: 'words' },
  edit: { name: 'Edit a picture', icon: 'pen' },
  mix: { name: 'Mix pictures', icon: 'mix' },
};

/** Six things to try; a click fills the box and makes the picture. */
export function Examples({ onMake }: { onMake: () => void }) {
  const actions = useActions();
  const titleId = useId();
  if (EXAMPLES.length === 0) return null;

  const run = async (example: Example) => {
    try {
      const files = await Promise.all(example.references.map(fetchPicture));
      const { references } = await readPictures(files);
      actions.makeExample({ ...example, references, width: example.size, height: example.size });
      onMake();
    } catch {
      actions.notify({
        id: 'example',
        tone: 'warn',
        title: 'The pictures of this example could not be fetched',
        text: 'Nothing else changed. Check the connection and click the example again, or give a picture of your own.',
      });
    }
  };
  return (
    <section className="examples" aria-labelledby={titleId}>
      <h2 id={titleId}>
        Six to try <small>one click each</small>
      </h2>
      <ul>
        {EXAMPLES.map((example) => {
          const { name, icon } = KINDS[modeOf(example.references.length)];
          return (
            <li key={example.id}>
              <button type="button" className="example" onClick={() => void run(example)}>
                <ExamplePrint example={example} />
                <span className="kind">
                  <Icon name={icon} />
                  {name}
                </span>
                <span className="words">{example.prompt}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** The pictures an example starts from; an example from words shows its first words, large. */
function ExamplePrint({ example }: { example: Example }) {
  if (example.references.length === 0) {
    return (
      <span className="mat small">
        <span className="example-words" aria-hidden="true">
          {opening(example.prompt)}
        </span>
      </span>
    );
  }
  return (
    <span className="mat small">
      <span className={example.references.length > 1 ? 'example-pair' : undefined}>
        {example.references.map((path) => (
          <img
            key={path}
            className="pic"
            src={path}
            alt=""
            width={example.size}
            height={example.size}
            loading="lazy"
          />
        ))}
      </span>
    </span>
  );
}

/** The words if they are few, else the first of them. */
function opening(prompt: string): string {
  return prompt.length <= 40 ? `“${prompt}”` : `“${prompt.split(' ').slice(0, 5).join(' ')}…”`;
}

async function fetchPicture(path: string): Promise<File> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return new File([await response.blob()], path.slice(path.lastIndexOf('/') + 1));
}
