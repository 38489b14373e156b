/**
 * A conversion that kills its own process with SIGKILL in the middle of an operation on the target, for
 * tests. Arguments: source folder, target folder, number of the operation, maximum size of a file. Prints the
 * size of every read of weights.
 */

import { writeSync } from 'node:fs';
import { openCheckpoint } from '../checkpoint.ts';
import { nodeFolder } from '../folder.node.ts';
import { executeConversion } from './execute.ts';
import { planConversion } from './plan.ts';
import { resumeFolder } from './writer.node.ts';
import type { FolderWriter } from './writer.ts';

/** Bytes of the source after which the journal is written. */
const FLUSH_BYTES = 100e3;

const [source, target, killAt, maxFileBytes] = process.argv.slice(2);
let operations = 0;

/** Counts an operation. The last one does half of its work. */
async function counted(whole: () => Promise<void>, half: () => Promise<void>): Promise<void> {
  operations++;
  if (operations !== Number(killAt)) return whole();
  await half();
  process.kill(process.pid, 'SIGKILL');
  // The signal arrives before anything else runs.
  return new Promise(() => undefined);
}

function killing(writer: FolderWriter): FolderWriter {
  const { journal } = writer;
  return {
    async open(path, sizeBytes) {
      const sink = await writer.open(path, sizeBytes);
      return {
        ...sink,
        write: (offset, bytes) =>
          counted(
            () => sink.write(offset, bytes),
            () => sink.write(offset, bytes.subarray(0, bytes.length / 2)),
          ),
      };
    },
    sizeOf: writer.sizeOf,
    clear: writer.clear,
    ...(journal && {
      journal: {
        read: journal.read,
        write: journal.write,
        append: (text) =>
          counted(
            () => journal.append(text),
            () => journal.append(text.slice(0, text.length / 2)),
          ),
      },
    }),
  };
}

async function main() {
  const folder = nodeFolder(source);
  const checkpoint = await openCheckpoint({
    ...folder,
    read(path, offset, length) {
      writeSync(1, `${length}\n`);
      return folder.read(path, offset, length);
    },
  });
  const plan = await planConversion(checkpoint, { weights: 'q4', maxFileBytes: Number(maxFileBytes) });
  await resumeFolder(target, (writer) =>
    executeConversion(new AbortController().signal, plan, killing(writer), () => undefined, {
      flushBytes: FLUSH_BYTES,
    }),
  );
}

void main();
