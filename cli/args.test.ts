import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { refusal } from '../src/checkpoints/fixture.node.ts';
import { type Command, numberOption, type Option, rangeOption, readArgs } from './args.ts';

const COMMAND = {
  call: 'npm run -s draw --',
  summary: 'Draws.',
  options: {
    prompt: { placeholder: 'TEXT', help: 'what to draw', required: true },
    weights: { placeholder: 'FORMAT', help: 'weights', oneOf: ['f16', 'q4'], fallback: 'f16' },
    image: { placeholder: 'FILE', help: 'a picture', multiple: true },
    seed: { placeholder: 'N', help: 'seed' },
    plan: { help: 'only say what would be done' },
  },
} as const satisfies Command<Readonly<Record<string, Option>>>;

const read = (...argv: string[]) => readArgs(COMMAND, argv);

describe('readArgs', () => {
  it('gives each option its type', () => {
    expect(read('--prompt', 'a cat')).toEqual({
      prompt: 'a cat',
      weights: 'f16',
      image: [],
      seed: undefined,
      plan: false,
    });
    expect(
      read('--prompt=x', '--plan', '--image', 'a', '--image', 'b', '--weights', 'q4', '--seed', '7'),
    ).toEqual({
      prompt: 'x',
      weights: 'q4',
      image: ['a', 'b'],
      seed: '7',
      plan: true,
    });
  });

  it('takes values that begin with a dash', () => {
    const { prompt, seed } = read('--prompt', '-5 degrees', '--seed', '-1');
    expect([prompt, seed]).toEqual(['-5 degrees', '-1']);
  });

  it.each<[string[], string]>([
    [[], '--prompt TEXT is missing.'],
    [['--prompt', ''], '--prompt TEXT is empty.'],
    [['--prompt', 'x', '--image', 'a', '--image='], '--image FILE is empty.'],
    [['--prompt', 'x', '--weights', 'q2'], '--weights is "q2", but must be one of f16, q4.'],
    [['--prompt', 'x', '--colour', 'red'], "Unknown option '--colour'."],
    [['--prompt'], "Option '--prompt <value>' argument missing."],
    [['--prompt', 'x', '--plan', '-1'], "Unknown option '-1'."],
    [['--prompt', 'x', '--seed', '--plan'], "Option '--seed' argument is ambiguous."],
    [['--prompt', 'x', 'y'], "Unexpected argument 'y'."],
    [['--prompt', 'x', '--plan=yes'], "Option '--plan' does not take an argument."],
  ])('refuses %j', async (argv, message) => {
    const error = await refusal(() => read(...argv));
    expect(error).toMatchObject({ code: 'bad_request', message, action: 'See npm run -s draw -- --help.' });
  });
});

describe('numberOption', () => {
  it('reads numbers in their range', () => {
    expect(numberOption('steps', '28', { min: 1, max: 100, whole: true })).toBe(28);
    expect(numberOption('guidance', '2.5', { min: 0, max: 10 })).toBe(2.5);
  });

  it.each(['', ' ', 'ten', '0', '-1', '101', '2.5', 'NaN', 'Infinity'])('refuses %j', async (text) => {
    const error = await refusal(() => numberOption('steps', text, { min: 1, max: 100, whole: true }));
    expect(error.message).toBe(`--steps is "${text}", but must be a whole number from 1 to 100.`);
  });
});

describe('rangeOption', () => {
  it('reads two fractions', () => {
    expect(rangeOption('guidance-range', '0, 0.6')).toEqual([0, 0.6]);
    expect(rangeOption('guidance-range', '0.5,0.5')).toEqual([0.5, 0.5]);
  });

  it.each(['', '0.5', '0.6,0.4', '0,1.5', '-0.1,1', '0,0.5,1', 'a,b', ',1', '0,'])(
    'refuses %j',
    async (text) => {
      const error = await refusal(() => rangeOption('guidance-range', text));
      expect(error.message).toBe(
        `--guidance-range is "${text}", but must be two numbers within 0 to 1 in rising order, such as 0,0.6.`,
      );
    },
  );
});

describe('a command as people run it', { timeout: 60_000 }, () => {
  const convert = (...argv: string[]) => {
    const script = fileURLToPath(new URL('convert.ts', import.meta.url));
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', script, ...argv], {
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    });
    return { status, stdout, stderr: stderr.trim().split('\n') };
  };
  const model = fileURLToPath(new URL('../fixtures/goldens/model', import.meta.url));

  it('prints its options on --help', () => {
    const { status, stdout } = convert('--help');
    expect(status).toBe(0);
    expect(stdout).toMatch(/--weights f32\|f16\|q8\|q4 +how matrices are stored \(required\)/);
  });

  it('prints a plan and writes nothing', () => {
    const { status, stdout } = convert('--from', model, '--weights', 'q4', '--plan');
    expect(status).toBe(0);
    expect(stdout).toMatch(/F32 -> q4 {2}matrix: 4 bits, blocks of 32/);
    expect(stdout).toMatch(/Total: 8\.7 MB -> \d\.\d MB/);
  });

  it('says that 4 bits lose small changes of an adapter', () => {
    const lora = fileURLToPath(
      new URL('../fixtures/goldens/lora/pytorch_lora_weights.safetensors', import.meta.url),
    );
    const planned = (weights: string, strength: number) =>
      convert('--from', model, '--weights', weights, '--lora', `${lora}:${strength}`, '--plan').stdout;
    const words = /^Note: 4 bits lose small changes/m;
    expect(planned('q4', 0.05)).toMatch(words);
    expect(planned('q4', 0)).not.toMatch(words);
    expect(planned('q8', 0.05)).not.toMatch(words);
  });

  it.each<[number, RegExp, string[]]>([
    [2, /^--weights FORMAT is missing\.$/, ['--from', model]],
    [2, /^--to DIR is missing\.$/, ['--from', model, '--weights', 'q4']],
    [2, /is the source folder\.$/, ['--from', model, '--to', model, '--weights', 'q4']],
    [
      1,
      /^There is no folder \/a\\nb\\u001b\[31m\.$/,
      ['--from', '/a\nb\u001b[31m', '--weights', 'q4', '--plan'],
    ],
    [
      1,
      /^There is no folder \/n{479,} … n+\.$/,
      ['--from', `/${'n'.repeat(5000)}`, '--weights', 'q4', '--plan'],
    ],
    [1, /^There is no folder \/nowhere\.$/, ['--from', '/nowhere', '--weights', 'q4', '--plan']],
    [
      1,
      /^nothing\.safetensors cannot be read/,
      ['--from', model, '--weights', 'q4', '--lora', 'nothing.safetensors', '--plan'],
    ],
  ])('exits with %i and two lines: %s', (code, pattern, argv) => {
    const { status, stderr } = convert(...argv);
    expect(stderr[0]).toMatch(pattern);
    expect(stderr).toHaveLength(2);
    expect(status).toBe(code);
  });
});
