/** Finds a Python that can train: one that imports what training/requirements.txt names, in those versions. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const REQUIREMENTS = 'training/requirements.txt';
/** Prints what is missing; nothing if all is there. */
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

/** @returns {{ python: string } | { why: string }} the first of STORYBOOK_PYTHON, the trainer's venv and python3 that can. */
export function trainerPython() {
  const reasons = [];
  for (const python of [process.env.STORYBOOK_PYTHON, 'training/.venv/bin/python', 'python3']) {
    if (!python) continue;
    if (python.includes('/') && !existsSync(python)) {
      reasons.push(`there is no ${python}`);
      continue;
    }
    const { status, error, stderr } = spawnSync(python, ['-c', PROBE], { encoding: 'utf8' });
    if (status === 0) return { python };
    reasons.push(`${python}: ${error ? 'it does not start' : stderr.trim().split('\n').at(-1)}`);
  }
  return { why: `no Python that can train (${reasons.join('; ')})` };
}
