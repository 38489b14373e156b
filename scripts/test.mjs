/**
 * Runs all checks. The last line is "N passed, N failed". Before it come a line per step and the ten slowest
 * tests. A step that is not a test runner (format, links, types, build, trainer, …) counts as one test. The
 * trainer needs a Python with training/requirements.txt; without one its step is skipped and counts as
 * nothing.
 *
 * Unit tests and goldens run at the same time: most of them use one core.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { trainerPython } from './trainer-python.mjs';

const RESULTS = '.cache/results';
const NPX = ['npx', '--no-install'];

/** Kinds and cases of goldens per backend; all without an entry. */
const GOLDENS = {
  node: [],
  wasm: ['--kinds', 'mllm,generate,dit,pipeline,teacache,taylorseer,vae,lora,chat'],
  // A software adapter compiles and runs shaders slowly. The set has every graph once: both towers of the
  // mllm, the transformer with and without references, the VAE in both directions, a whole drawing that skips
  // layers with resident tensors, and the arithmetic of TaylorSeer. Other shapes and the tiles run on node
  // and wasm.
  webgpu: [
    '--cases',
    'mllm_text,mllm_image_1,dit_0ref_t1,dit_2ref_t0,dit_5ref_t1,dit_batch,' +
      'vae_square_encode,vae_tall_decode,teacache_t2i_skip,taylorseer_arithmetic',
  ],
};

/** One layer of each kind with the widths of the released model. The checkpoint is made in the first run. */
const OFFICIAL_WIDTHS = [
  ['official widths on node', ['--backend', 'node']],
  ['official widths on wasm', ['--backend', 'wasm']],
  [
    'official widths on webgpu',
    ['--backend', 'webgpu', '--cases', 'slice_two_references,slice_picture,slice_decode_small'],
  ],
  ['official widths in 4 bits', ['--backend', 'node', '--weights', 'q4']],
];

rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });

let passed = 0;
let failed = 0;
const lines = [];
/** @type {{ name: string, seconds: number }[]} */
const durations = [];

await check('format and lint', ['biome', 'check', '--error-on-warnings', '.']);
await check('links and line length of the docs', ['markdownlint-cli2']);
await check('types', ['tsc', '-b']);
await check('one copy of onnxruntime-web', ['tsx', 'scripts/one-engine.ts']);
await check('built-in model', ['tsx', 'cli/build-model.ts']);
await check('build', ['vite', 'build', '--logLevel', 'warn']);
await check('library', ['vite', 'build', '--config', 'vite.library.config.ts', '--logLevel', 'warn']);
await check('types of the library', ['tsc', '-p', 'tsconfig.library.json']);
await Promise.all([unit(), goldens()]);
await trainer();
await e2e();

const slowest = durations.toSorted((a, b) => b.seconds - a.seconds).slice(0, 10);
console.log('\nThe ten slowest:');
for (const { name, seconds } of slowest) console.log(`${seconds.toFixed(1).padStart(6)} s  ${name}`);
console.log(`\n${lines.join('\n')}\n\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** A step that passes or fails as a whole. */
async function check(name, args) {
  const { ok, seconds } = await run(name, args);
  count(name, ok ? 1 : 0, ok ? 0 : 1, seconds);
}

async function unit() {
  const file = `${RESULTS}/unit.json`;
  const { ok, seconds } = await run('unit', [
    'vitest',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile=${file}`,
  ]);
  const { numPassedTests, numFailedTests, numFailedTestSuites, numTotalTests, testResults } = results(file);
  for (const { assertionResults } of testResults) {
    for (const { fullName, duration } of assertionResults) {
      durations.push({ name: `unit: ${fullName}`, seconds: (duration ?? 0) / 1000 });
    }
  }
  const broken = numFailedTests || (numTotalTests ? 0 : numFailedTestSuites);
  count('unit', numPassedTests, broken || (ok ? 0 : 1), seconds);
}

async function goldens() {
  for (const [backend, choice] of Object.entries(GOLDENS)) {
    await verify(`goldens on ${backend}`, 'fixtures/goldens', ['--backend', backend, ...choice]);
  }
  for (const [name, choice] of OFFICIAL_WIDTHS) await verify(name, 'fixtures/official-slice', choice);
}

/** Compares a folder of recorded values. */
async function verify(name, folder, choice) {
  const args = ['tsx', 'cli/verify.ts', '--goldens', folder, ...choice];
  let last = Date.now();
  const { ok, output, seconds } = await run(name, args, NPX, (line) => {
    const [id] = line.split(' ', 1);
    if (!/^\w+ {2}\w+ {2}(max|relative) /.test(line)) return;
    durations.push({ name: `${name}: ${id}`, seconds: (Date.now() - last) / 1000 });
    last = Date.now();
  });
  const [, good, bad] = /(\d+) passed, (\d+) failed\s*$/.exec(output) ?? [undefined, 0, 1];
  count(name, Number(good), Number(bad) || (ok ? 0 : 1), seconds);
}

async function trainer() {
  const { python, why } = trainerPython();
  if (why) {
    lines.push(`skipped trainer: ${why}`);
    return;
  }
  const { ok, seconds } = await run('trainer', ['training/train.py', 'smoke'], [python]);
  count('trainer', ok ? 1 : 0, ok ? 0 : 1, seconds);
}

async function e2e() {
  const { ok, seconds } = await run('e2e', ['playwright', 'test']);
  const { stats, suites } = results(`${RESULTS}/e2e.json`);
  for (const { project, file, title, ms } of suites.flatMap(specsOf)) {
    durations.push({ name: `e2e on ${project}: ${file}: ${title}`, seconds: ms / 1000 });
  }
  count('e2e', stats.expected + stats.flaky, stats.unexpected || (ok ? 0 : 1), seconds);
}

function specsOf({ suites = [], specs = [] }) {
  const own = specs.flatMap(({ file, title, tests }) =>
    tests.map(({ projectName: project, results: runs }) => ({
      project,
      file,
      title,
      ms: runs.reduce((sum, { duration }) => sum + duration, 0),
    })),
  );
  return [...own, ...suites.flatMap(specsOf)];
}

/**
 * Runs a command, prints its output when it ends, and calls `onLine` with every line of stdout as it comes.
 */
function run(name, args, [command, ...first] = NPX, onLine = () => {}) {
  const started = Date.now();
  console.log(`== ${name} …`);
  return new Promise((resolve) => {
    const child = spawn(command, [...first, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      const complete = (rest + text).split('\n');
      rest = complete.pop();
      for (const line of complete) onLine(line);
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.on('error', (error) => {
      output += `${command}: ${error.message}\n`;
    });
    child.on('close', (code) => {
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      console.log(`\n== ${name}\n${output.trimEnd()}`);
      resolve({ ok: code === 0, output, seconds });
    });
  });
}

function results(path) {
  if (!existsSync(path)) throw new Error(`the test runner wrote no ${path}`);
  return JSON.parse(readFileSync(path, 'utf8'));
}

function count(name, good, bad, seconds) {
  passed += good;
  failed += bad;
  lines.push(`${bad ? 'FAILED' : 'ok    '}  ${name}: ${good} passed, ${bad} failed, ${seconds} s`);
}
