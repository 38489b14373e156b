/** Finds a Python for the trainer: one with the packages of training/requirements.txt. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const REQUIREMENTS = 'training/requirements.txt';
/** Exits with a message if a package is missing or too old. */
const PROBE = `
import importlib, importlib.metadata as metadata, re, sys
numbers = lambda text: [int(n) for n in re.findall(r"\\d+", text)[:3]]
for line in open("${REQUIREMENTS}"):
    name, _, least = line.strip().partition(">=")
    try:
        have = metadata.version(name)
        importlib.import_module({"pillow": "PIL"}.get(name, name))
    except Exception as error:
        sys.exit(f"{name} cannot be imported ({error})" if not isinstance(error, metadata.PackageNotFoundError) else f"{name} is not installed")
    if least and numbers(have) < numbers(least):
        sys.exit(f"{name} {have} is older than {least}")
`;

/**
 * Tries STORYBOOK_PYTHON, training/.venv and python3, in this order.
 * @returns {{ python: string } | { why: string }} the first that works, or why none does
 */
export function trainerPython() {
  const reasons = [];
  for (const python of [process.env.STORYBOOK_PYTHON, 'training/.venv/bin/python', 'python3']) {
    if (!python) continue;
    if (python.includes('/') && !existsSync(python)) {
      reasons.push(`${python} does not exist`);
      continue;
    }
    const { status, error, stderr } = spawnSync(python, ['-c', PROBE], { encoding: 'utf8' });
    if (status === 0) return { python };
    reasons.push(`${python}: ${error ? 'it does not start' : stderr.trim().split('\n').at(-1)}`);
  }
  return { why: `no Python with the packages of the trainer (${reasons.join('; ')})` };
}
