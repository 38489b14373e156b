/** Measures in-context generation with the arithmetic of OmniContext. */

import type { DetectedThing, Detection } from '../../../src/judge/detection.ts';
import { sameIdentity } from '../../../src/judge/verdict.ts';
import { type JudgedItem, overallScore, summarize } from '../../../src/omnicontext/scores.ts';
import type { RgbImage } from '../../../src/pictures/image.ts';
import type { Case } from '../../../src/storybook/cases/case.ts';
import type { Scene } from '../../../src/storybook/scene.ts';
import { inContextCases } from '../cases.ts';
import { atLeast, type Figure, groupBy } from '../figures.ts';
import { type Mean, meanOf } from '../statistics.ts';
import {
  type BenchTask,
  drawRequest,
  judgePicture,
  requestedClaims,
  type Tools,
  targetPicture,
} from '../task.ts';

export interface ContextOutcome extends Pick<JudgedItem, 'promptFollowing' | 'subjectConsistency'> {
  readonly category: string;
  /** The overall score of the target after a round trip through the VAE. */
  readonly possible: number;
}

/** Best score of an item. */
const MAX_SCORE = 10;

export const inContext: BenchTask<ContextOutcome> = {
  title: 'In context (incontext)',
  cases: inContextCases,
  async measure(tools, given, seed) {
    const result = await drawRequest(tools, given, seed);
    const { lines, kept, ...scores } = await scoreOf(tools, given, result);
    const best = await scoreOf(tools, given, await targetPicture(tools, given));
    const outcome = { category: given.kind, ...scores, possible: overallScore(best) };
    const said = given.scene.things.map(({ who }, i) => `The same ${who.kind}? ${kept[i] ? 'yes' : 'no'}`);
    return { outcome, said: [...lines, ...said], result };
  },
  failed: ({ kind }) => ({ category: kind, promptFollowing: 0, subjectConsistency: 0, possible: 0 }),
  figures(outcomes) {
    const items = new Map(
      [...groupBy(outcomes, ({ category }) => category)].map(([category, group]) => [
        category,
        group.map((item) => ({ ...item, language: 'en' })),
      ]),
    );
    const { tasks, average } = summarize(items);
    const figures: Figure[] = [];
    for (const [category, means] of tasks) {
      const group = items.get(category) ?? [];
      const spread = meanOf(group.map(overallScore));
      figures.push(
        score(`${category}: overall`, { ...spread, value: means.overall }, 8),
        score(`${category}: PF`, meanOf(group.map(({ promptFollowing }) => promptFollowing))),
        score(`${category}: SC`, meanOf(group.map(({ subjectConsistency }) => subjectConsistency))),
      );
    }
    if (average) {
      // Averages over categories have no interval: items of different categories have different means.
      const ofTasks = { type: 'mean', n: tasks.size, low: undefined, high: undefined } as const;
      figures.push(
        score('average: overall', { ...ofTasks, value: average.overall }),
        score('average: PF', { ...ofTasks, value: average.promptFollowing }),
        score('average: SC', { ...ofTasks, value: average.subjectConsistency }),
        score('overall of the wanted pictures', meanOf(outcomes.map(({ possible }) => possible))),
      );
    }
    return figures;
  },
};

async function scoreOf(tools: Tools, given: Case, picture: RgbImage) {
  const { right, total, lines } = await judgePicture(tools, picture, requestedClaims(given));
  const kept = identitiesKept(await tools.judge.detect(picture), given.scene);
  return {
    promptFollowing: (MAX_SCORE * right) / total,
    subjectConsistency: (MAX_SCORE * kept.filter((is) => is).length) / kept.length,
    lines,
    kept,
  };
}

function score(name: string, value: Mean, least?: number): Figure {
  return { name, unit: 'score', value, target: least === undefined ? undefined : atLeast(least) };
}

/**
 * Whether each thing of the scene is detected as the same individual. A detected thing counts for one only.
 */
export function identitiesKept({ things }: Detection, scene: Scene): boolean[] {
  const taken = new Set<DetectedThing>();
  return scene.things.map(({ who }) => {
    const found = things.find((thing) => !taken.has(thing) && sameIdentity(thing, who).yes);
    if (found) taken.add(found);
    return found !== undefined;
  });
}
