import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { refusal } from '../src/checkpoints/fixture.node.ts';
import { DRAW_SETTINGS } from '../src/settings/draw-settings.ts';
import { ROUNDS } from '../src/settings/job-settings.ts';
import {
  type Command,
  numberOption,
  type Option,
  optionalSetting,
  readArgs,
  settingOption,
  sizeOption,
} from './args.ts';

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

  it('accepts values that begin with a dash', () => {
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

describe('options of settings', () => {
  const options = {
    steps: settingOption(DRAW_SETTINGS.steps, 'N'),
    seed: settingOption(DRAW_SETTINGS.seed, 'N', { fallback: '0' }),
    rounds: settingOption(ROUNDS, 'N'),
    range: settingOption(DRAW_SETTINGS.guidanceRange, 'A,B'),
    scheduler: settingOption(DRAW_SETTINGS.scheduler, 'NAME'),
    without: settingOption(DRAW_SETTINGS.negativePrompt, 'TEXT'),
    threshold: optionalSetting(DRAW_SETTINGS.teaCacheThreshold, 'X'),
  };
  const command = { call: 'draw', summary: 'Draws.', options };

  it('have the defaults of the settings', () => {
    expect(readArgs(command, [])).toEqual({
      steps: 20,
      seed: 0,
      rounds: 1,
      range: [0, 0.6],
      scheduler: 'euler',
      without: '',
      threshold: undefined,
    });
  });

  it('are parsed and typed', () => {
    const argv = ['--steps', '1000', '--range', '0, 0.5', '--scheduler', 'dpmsolver++', '--threshold', '0'];
    const { steps, range, scheduler, threshold } = readArgs(command, argv);
    expect([steps + 1, range[1], scheduler, threshold]).toEqual([1001, 0.5, 'dpmsolver++', 0]);
  });

  it.each<[string, string, string]>([
    ['--steps', '1001', 'a whole number from 1 to 1,000'],
    ['--steps', 'ten', 'a whole number from 1 to 1,000'],
    ['--steps', ' ', 'a whole number from 1 to 1,000'],
    ['--steps', 'Infinity', 'a whole number from 1 to 1,000'],
    ['--seed', '-1', 'a whole number from 0 to 4,294,967,295'],
    ['--rounds', '0', 'a whole number from 1 to 20'],
    ['--threshold', '-1', 'a number from 0 to 10'],
    ['--scheduler', 'dpm', 'one of euler, dpmsolver++'],
    ...['0.5', '0.6,0.4', '0,1.5', '-0.1,1', '0,0.5,1', 'a,b', ',1', '0,'].map(
      (text): [string, string, string] => [
        '--range',
        text,
        'two numbers within 0 to 1 in rising order, such as 0,0.6',
      ],
    ),
  ])('refuse %s %j', async (option, text, words) => {
    const error = await refusal(() => readArgs(command, [option, text]));
    expect(error).toMatchObject({
      code: 'bad_request',
      message: `${option} is "${text}", but must be ${words}.`,
    });
  });
});

describe('sizeOption', () => {
  it('reads width and height', () => {
    expect(sizeOption('size', '128x96')).toEqual({ width: 128, height: 96 });
    expect(sizeOption('size', ' 16×4096 ')).toEqual({ width: 16, height: 4096 });
  });

  it.each([
    ['128', 'must be width x height in pixels'],
    ['axb', 'must be width x height in pixels'],
    ['15x64', 'each side must be a whole number from 16 to 4,096'],
    ['64x4097', 'each side must be a whole number from 16 to 4,096'],
  ])('refuses %s', async (text, words) => {
    const error = await refusal(() => sizeOption('size', text));
    expect(error.message).toBe(`--size is "${text}", but ${words}.`);
  });
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

  it('notes that 4 bits lose small changes of an adapter', () => {
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
