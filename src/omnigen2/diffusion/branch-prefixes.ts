/** What stands before the noisy picture in the sequence of a branch: its text, and references refined once a step. */

import type { TransformerConfig } from '../../config/config.ts';
import type { HostTensor, ResidentTensor } from '../../runtime/types.ts';
import { float32Tensor } from '../float32.ts';
import type { ResidentTensors } from '../resident-tensors.ts';
import { ropeFeeds, rowNumbers } from './feeds.ts';
import type { Latents } from './latents.ts';
import { RefinedReferences } from './refined-references.ts';
import { type BranchSequence, type PlannedStep, patchTensor } from './request.ts';
import type { RotaryTable } from './rope.ts';
import type { TransformerSessions } from './transformer-sessions.ts';

/** Is told what a graph gave beside its resident outputs, and of which reference. */
type Tell = (outputs: Readonly<Record<string, HostTensor>>, reference: number) => void;

export class BranchPrefixes {
  readonly #config: TransformerConfig;
  readonly #sessions: TransformerSessions;
  readonly #tell: Tell;
  readonly #refined = new RefinedReferences();

  constructor(config: TransformerConfig, sessions: TransformerSessions, tell: Tell) {
    this.#config = config;
    this.#sessions = sessions;
    this.#tell = tell;
  }

  /** The prefix `[prefix, D]` of a branch at a step. @param held takes it if it is resident */
  async of(
    { timestep, sinusoid }: PlannedStep,
    { context, references, referenceRopes }: BranchSequence,
    held: ResidentTensors,
  ): Promise<HostTensor | ResidentTensor> {
    const { hiddenSize } = this.#config;
    const stream = float32Tensor([context.length / hiddenSize, hiddenSize], context);
    if (references.length === 0) return stream;
    const inputs: Record<string, HostTensor | ResidentTensor> = { context: stream };
    const most = Math.max(...referenceRopes.map(({ rows }) => rows));
    for (const [index, reference] of references.entries()) {
      const refine = () => this.#refine(reference, index, sinusoid, referenceRopes[index], most);
      inputs[`reference_${index}`] = await this.#refined.get(timestep, reference, index, refine);
    }
    const session = await this.#sessions.prefix(references.length);
    return held.hold((await session.runResident(inputs)).resident.prefix);
  }

  /** Frees the references of the last step. */
  forget(): void {
    this.#refined.dispose();
  }

  /** The refined stream `[rows, D]` of one reference. @param most rows of the largest one, for which the graph is opened */
  async #refine(
    reference: Latents,
    index: number,
    sinusoid: HostTensor,
    rope: RotaryTable,
    most: number,
  ): Promise<ResidentTensor> {
    const session = await this.#sessions.reference(most);
    const { outputs, resident } = await session.runResident({
      patches: patchTensor(this.#config, reference),
      index: rowNumbers(index, 1),
      sinusoid,
      ...ropeFeeds(rope),
    });
    this.#tell(outputs, index);
    return resident.stream;
  }
}
