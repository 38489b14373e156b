/**
 * Converts a checkpoint's weights: float32, float16, or matrices of 8 or 4 bits, with or without an adapter
 * merged.
 *
 *   npm run -s convert -- --from DIR --to DIR --weights q4 [--lora FILE[:STRENGTH] …] [--plan]
 *
 * The result has the official layout and is opened and checked before it takes its name.
 */

import { COMPONENTS, openCheckpoint } from '../src/checkpoints/checkpoint.ts';
import type { TensorAction } from '../src/checkpoints/conversion/actions.ts';
import { executeConversion } from '../src/checkpoints/conversion/execute.ts';
import { type ConversionPlan, planConversion, WEIGHT_FORMATS } from '../src/checkpoints/conversion/plan.ts';
import { checkTarget, writeFolder } from '../src/checkpoints/conversion/writer.node.ts';
import { nodeFolder } from '../src/checkpoints/folder.node.ts';
import { OmniError } from '../src/errors.ts';
import { openAdapters } from './adapters.ts';
import { readArgs, runCommand } from './args.ts';
import { BUILT_IN, TRAINED } from './models.ts';

await runCommand('Converting', async (signal) => {
  const options = readArgs({
    call: 'npm run -s convert --',
    summary: 'Converts the weights of a checkpoint folder in the official layout.',
    options: {
      from: { placeholder: 'DIR', help: 'checkpoint to read, or storybook', required: true },
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
  const from = options.from === BUILT_IN ? TRAINED : options.from;
  const checkpoint = await openCheckpoint(nodeFolder(from));
  const adapters = await openAdapters(options.lora, checkpoint);
  const plan = await planConversion(checkpoint, { weights: options.weights, adapters });
  const copiedBytes = plan.copied.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (target !== undefined) await checkTarget(target, from, plan.afterBytes + copiedBytes);
  printPlan(plan);
  if (target === undefined) return 0;
  const started = performance.now();
  await writeFolder(target, async (writer, temporary) => {
    await executeConversion(signal, plan, writer, ({ file, doneBytes }) => progress(plan, file, doneBytes));
    endProgress();
    await openCheckpoint(nodeFolder(temporary));
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`Wrote ${target} in ${seconds} s: ${size(plan.afterBytes + copiedBytes)}.`);
  const lost = lossNote(plan);
  if (lost !== undefined) console.log(lost);
  return 0;
});

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
  const percent = Math.floor((100 * doneBytes) / plan.beforeBytes);
  process.stderr.write(`\r${String(percent).padStart(3)} %  ${file}\u001b[K`);
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
