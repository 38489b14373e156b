/**
 * Runs everything that must hold, in order of cost, and ends with one line "N passed, N failed".
 * A step that is not a test runner (format, lint, links, types, one engine, build, trainer) counts as one test. The trainer's
 * step needs a Python with training/requirements.txt; without one it is skipped, which is said, and counts as nothing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { trainerPython } from './trainer-python.mjs';

const RESULTS = '.cache/results';
rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });

let passed = 0;
let failed = 0;
const lines = [];

check('format and lint', ['biome', 'check', '--error-on-warnings', '.']);
check('links and line length of the docs', ['markdownlint-cli2']);
check('types', ['tsc', '-b']);
check('one copy of onnxruntime-web', ['tsx', 'scripts/one-engine.ts']);
check('built-in model', ['tsx', 'cli/build-model.ts']);
suite(
  'unit',
  ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile=${RESULTS}/unit.json`],
  () => {
    const { numPassedTests, numFailedTests, numFailedTestSuites, numTotalTests } = results('unit.json');
    return { passed: numPassedTests, failed: numFailedTests || (numTotalTests ? 0 : numFailedTestSuites) };
  },
);
for (const backend of ['node', 'wasm', 'webgpu']) {
  const kinds = {
    node: [],
    wasm: ['--kinds', 'mllm,generate,dit,pipeline,teacache,taylorseer,vae,lora,chat'],
    webgpu: ['--kinds', 'mllm,dit,teacache,taylorseer,vae'],
  }[backend];
  verify(backend, kinds);
}
check('build', ['vite', 'build', '--logLevel', 'warn']);
check('library', ['vite', 'build', '--config', 'vite.library.config.ts', '--logLevel', 'warn']);
check('types of the library', ['tsc', '-p', 'tsconfig.library.json']);
trainer();
suite('e2e', ['playwright', 'test'], () => {
  const { expected, unexpected, flaky } = results('e2e.json').stats;
  return { passed: expected + flaky, failed: unexpected };
});

console.log(`\n${lines.join('\n')}\n\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function run(args, stdio = 'inherit', program = ['npx', '--no-install']) {
  const started = Date.now();
  const [command, ...first] = program;
  const { status, stdout } = spawnSync(command, [...first, ...args], { stdio, encoding: 'utf8' });
  return { ok: status === 0, stdout, seconds: ((Date.now() - started) / 1000).toFixed(1) };
}

function check(name, args) {
  console.log(`\n== ${name}`);
  const { ok, seconds } = run(args);
  count(name, ok ? 1 : 0, ok ? 0 : 1, seconds);
}

function trainer() {
  const name = 'trainer';
  console.log(`\n== ${name}`);
  const { python, why } = trainerPython();
  if (why) {
    console.log(`skipped: ${why}`);
    lines.push(`skipped ${name}: ${why}`);
    return;
  }
  const { ok, seconds } = run(['training/train.py', 'smoke'], 'inherit', [python]);
  count(name, ok ? 1 : 0, ok ? 0 : 1, seconds);
}

function suite(name, args, read) {
  console.log(`\n== ${name}`);
  const { ok, seconds } = run(args);
  const counts = read();
  count(name, counts.passed, counts.failed || (ok ? 0 : 1), seconds);
}

function verify(backend, kinds) {
  console.log(`\n== goldens on ${backend}`);
  const args = ['tsx', 'cli/verify.ts', '--goldens', 'fixtures/goldens', '--backend', backend, ...kinds];
  const { ok, stdout, seconds } = run(args, ['inherit', 'pipe', 'inherit']);
  console.log(stdout);
  const [, good, bad] = /(\d+) passed, (\d+) failed\s*$/.exec(stdout) ?? [undefined, 0, 1];
  count(`goldens on ${backend}`, Number(good), Number(bad) || (ok ? 0 : 1), seconds);
}

function results(file) {
  const path = `${RESULTS}/${file}`;
  if (!existsSync(path)) throw new Error(`the test runner wrote no ${path}`);
  return JSON.parse(readFileSync(path, 'utf8'));
}

function count(name, good, bad, seconds) {
  passed += good;
  failed += bad;
  lines.push(`${bad ? 'FAILED' : 'ok    '}  ${name}: ${good} passed, ${bad} failed, ${seconds} s`);
}
