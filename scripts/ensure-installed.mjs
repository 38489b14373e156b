/**
 * Prepares a fresh clone. Installs the packages of package-lock.json if they are missing or outdated. With
 * `--browser` it also installs a Chromium on Debian as root. Elsewhere it prints the command for that.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { browserPath } from './browser-path.mjs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`Node ${process.versions.node} is too old. Install Node 20.19 or newer, then run the command again.`);
}

if (!packagesCurrent()) {
  console.log('Installing packages …');
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
}

if (process.argv.includes('--browser') && !browserPath()) {
  if (existsSync('/etc/debian_version') && process.getuid?.() === 0) {
    console.log('Installing Chromium for the browser tests …');
    run('apt-get', ['update', '-qq']);
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-liberation']);
  } else {
    fail('The browser tests need Chromium. Run "npx playwright install chromium", then this command again.');
  }
}

/** Whether all packages are installed in the versions of the lock file. npm records what it has installed. */
function packagesCurrent() {
  const record = 'node_modules/.package-lock.json';
  if (!existsSync(record)) return false;
  if (statSync(record).mtimeMs >= statSync('package-lock.json').mtimeMs) return true;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version,
  );
}

function run(command, args) {
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' };
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env });
  if (status !== 0) fail(`"${command} ${args.join(' ')}" failed${error ? `: ${error.message}` : ''}.`);
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
