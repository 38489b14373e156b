/**
 * Converts a checkpoint's weights: float32, float16, or matrices of 8 or 4 bits, with or without an adapter
 * merged.
 *
 *   npm run -s convert -- --from DIR --to DIR --weights q4 [--lora FILE[:STRENGTH] …] [--plan]
 *
 * The result has the official layout and a manifest.json for serving. It is opened and checked before it
 * takes its name. A conversion that was stopped goes on if the same command is given again.
 */

import { basename, dirname } from 'node:path';
import { COMPONENTS, openCheckpoint } from '../src/checkpoints/checkpoint.ts';
import type { TensorAction } from '../src/checkpoints/conversion/actions.ts';
import { inlineEncoder } from '../src/checkpoints/conversion/band-encoder.ts';
import { workerEncoder } from '../src/checkpoints/conversion/encoder.node.ts';
import { startConversion } from '../src/checkpoints/conversion/execute.ts';
import { type ConversionPlan, planConversion, WEIGHT_FORMATS } from '../src/checkpoints/conversion/plan.ts';
import { type ConversionReport, REPORT_FILE } from '../src/checkpoints/conversion/report.ts';
import { checkTarget, resumeFolder, versionOf } from '../src/checkpoints/conversion/writer.node.ts';
import { nodeFolder } from '../src/checkpoints/folder.node.ts';
import { MANIFEST_FILE } from '../src/checkpoints/manifest.ts';
import { OmniError } from '../src/errors.ts';
import { openAdapters } from './adapters.ts';
import { readArgs, runCommand } from './args.ts';
import { BUILT_IN, TRAINED } from './models.ts';

/** Smaller checkpoints are converted before workers have started. */
const WORKERS_FROM = 100e6;
/** Number of tensors whose errors are printed. */
const WORST = 10;

await runCommand('Converting', async (signal) => {
  const options = readArgs({
    call: 'npm run -s convert --',
    summary: 'Converts the weights of a checkpoint folder in the official layout.',
    options: {
      from: {
        placeholder: 'DIR',
        help: 'checkpoint to read (a folder, or its model_index.json), or storybook',
        required: true,
      },
      to: {
        placeholder: 'DIR',
        help: 'folder to write; it must not exist or be empty (not needed with --plan)',
      },
      weights: {
        placeholder: 'FORMAT',
        help: 'how matrices are stored',
        required: true,
        oneOf: WEIGHT_FORMATS,
      },
      lora: {
        placeholder: 'FILE[:STRENGTH]',
        help: 'LoRA adapter to merge into the transformer; without a number as strongly as it was trained',
        multiple: true,
      },
      plan: { help: 'say what would be done and why, and stop' },
    },
  });
  const target = options.plan ? undefined : options.to;
  if (target === undefined && !options.plan) {
    throw new OmniError({
      code: 'bad_request',
      message: '--to DIR is missing.',
      action: 'Say where to write the result, or add --plan to see only what would be done.',
    });
  }
  const from = options.from === BUILT_IN ? TRAINED : folderOf(options.from);
  const checkpoint = await openCheckpoint(nodeFolder(from));
  const adapters = await openAdapters(options.lora, checkpoint);
  const files = COMPONENTS.flatMap((component) => checkpoint.components[component].files);
  const sourceVersion = await versionOf(from, [...checkpoint.files, ...files]);
  const plan = await planConversion(checkpoint, { weights: options.weights, adapters, sourceVersion });
  const copiedBytes = plan.copied.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (target !== undefined) await checkTarget(target, from, plan.afterBytes + copiedBytes);
  printPlan(plan);
  if (target === undefined) return 0;
  const started = performance.now();
  const encoder = plan.beforeBytes > WORKERS_FROM ? workerEncoder() : inlineEncoder();
  let doneBytes = 0;
  let doneBefore = 0;
  try {
    const report = await resumeFolder(target, async (writer, temporary) => {
      const conversion = await startConversion(plan, writer);
      doneBefore = conversion.doneBytes;
      doneBytes = doneBefore;
      if (conversion.startedOver) {
        console.log('The source or an option has changed since the last attempt; it starts over.');
      } else if (conversion.doneBytes > 0) {
        console.log(`Goes on where the last attempt stopped, at ${percent(plan, conversion.doneBytes)} %.`);
      }
      const made = await conversion.run(
        signal,
        (step) => {
          doneBytes = step.doneBytes;
          progress(plan, step.file, doneBytes);
        },
        { encoder },
      );
      endProgress();
      await openCheckpoint(nodeFolder(temporary));
      return made;
    });
    const seconds = (performance.now() - started) / 1000;
    const speed = (plan.beforeBytes - doneBefore) / 1e6 / seconds;
    console.log(
      `Wrote ${target} in ${seconds.toFixed(1)} s: ${size(plan.afterBytes + copiedBytes)}, ${speed.toFixed(1)} MB/s of the source.`,
    );
    printErrors(report);
  } catch (error) {
    endProgress();
    if (signal.aborted) {
      console.log(`Stopped at ${percent(plan, doneBytes)} %. The same command goes on from there.`);
    }
    throw error;
  } finally {
    await encoder.close();
  }
  const lost = lossNote(plan);
  if (lost !== undefined) console.log(lost);
  return 0;
});

/** The folder of a checkpoint that a person names by its `model_index.json` or `manifest.json`. */
function folderOf(path: string): string {
  return ['model_index.json', MANIFEST_FILE].includes(basename(path)) ? dirname(path) : path;
}

/** Prints the tensors with the largest relative errors. */
function printErrors({ tensors }: ConversionReport) {
  if (tensors.length === 0) return;
  console.log(`Largest relative errors of ${tensors.length} changed tensors (all: ${REPORT_FILE}):`);
  for (const { component, tensor, to, relativeError } of tensors.slice(0, WORST)) {
    console.log(`  ${(100 * relativeError).toPrecision(3).padStart(7)} %  ${to}  ${component}: ${tensor}`);
  }
}

/** Prints one line for each kind of action, with an example: 7,000 tensors have a dozen kinds. */
function printPlan(plan: ConversionPlan) {
  for (const component of COMPONENTS) {
    const actions = plan.components[component].flatMap((file) => file.actions);
    const files = plan.components[component].length;
    console.log(
      `${component}: ${size(sum(actions, 'beforeBytes'))} -> ${size(sum(actions, 'afterBytes'))} in ${files} file${files === 1 ? '' : 's'}`,
    );
    const kinds = new Map<string, TensorAction[]>();
    for (const action of actions) {
      const kind = `${action.from} -> ${action.to}  ${action.reason}`;
      kinds.set(kind, [...(kinds.get(kind) ?? []), action]);
    }
    for (const [kind, members] of kinds) {
      console.log(
        `  ${String(members.length).padStart(5)}  ${size(sum(members, 'beforeBytes')).padStart(9)} -> ${size(sum(members, 'afterBytes')).padStart(9)}  ${kind} (${members[0].name})`,
      );
    }
  }
  for (const { lora, strength } of plan.options.adapters ?? []) {
    const how = strength === 0 ? 'of strength 0, left out' : `merged into ${lora.pairs.size} matrices`;
    console.log(
      `LoRA ${lora.file}: ${how}${strength === 0 || strength === 1 ? '' : `, strength ${strength}`}`,
    );
  }
  const lost = lossNote(plan);
  if (lost !== undefined) console.log(lost);
  if (plan.dropped.length > 0) {
    console.log(`Left out, because the model does not use them: ${plan.dropped.join(', ')}`);
  }
  console.log(`Copied unchanged: ${plan.copied.length} files`);
  console.log(`Total: ${size(plan.beforeBytes)} -> ${size(plan.afterBytes)}`);
}

/** The note about adapters in 4 bits. Figures: docs/reference/quantization.md */
function lossNote({ options: { weights, adapters = [] } }: ConversionPlan): string | undefined {
  if (weights !== 'q4' || adapters.every(({ strength }) => strength === 0)) return undefined;
  return 'Note: 4 bits lose small changes such as those of most adapters; merge into q8 or more, or draw with generate --lora.';
}

function progress(plan: ConversionPlan, file: string, doneBytes: number) {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r${String(percent(plan, doneBytes)).padStart(3)} %  ${file}\u001b[K`);
}

function percent(plan: ConversionPlan, doneBytes: number): number {
  return Math.floor((100 * doneBytes) / plan.beforeBytes);
}

function endProgress() {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}

function sum(actions: readonly TensorAction[], field: 'beforeBytes' | 'afterBytes'): number {
  return actions.reduce((total, action) => total + action[field], 0);
}

function size(bytes: number): string {
  return bytes >= 1e9
    ? `${(bytes / 1e9).toFixed(2)} GB`
    : bytes >= 1e5
      ? `${(bytes / 1e6).toFixed(1)} MB`
      : `${(bytes / 1e3).toFixed(1)} kB`;
}
