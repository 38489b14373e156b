/**
 * The arithmetic of the OmniContext benchmark. Each item has two scores; all items of a task and all tasks
 * have equal weight.
 * Source: OmniGen2 `omnicontext/calculate_statistics.py`, analyze_scores
 */

/** The judge's scores for one picture, each 0 … 10. */
export interface JudgedItem {
  /** Language of the instruction: `en` or `zh` in the official set. */
  readonly language: string;
  readonly promptFollowing: number;
  readonly subjectConsistency: number;
}

/** Means over some items. */
export interface MeanScores {
  readonly promptFollowing: number;
  readonly subjectConsistency: number;
  readonly overall: number;
}

/** Means of every task, in the order of the tasks, and their average. */
export interface Summary {
  readonly tasks: ReadonlyMap<string, MeanScores>;
  /** Undefined if no task has a score. */
  readonly average: MeanScores | undefined;
}

/** Which items count, and how tasks without items count. */
export interface SummaryOptions {
  /** Counts items of this language only. Default: all languages. */
  readonly language?: string;
  /**
   * If true, a task without items of the language is NaN, and so is the average, as in the official code.
   * Default: such a task is left out.
   */
  readonly official?: boolean;
}

/**
 * The overall score of one item, 0 … 10: the geometric mean, which is 0 if either score is 0.
 *
 * @example
 * overallScore({ promptFollowing: 4, subjectConsistency: 9 }); // 6
 */
export function overallScore({ promptFollowing, subjectConsistency }: Omit<JudgedItem, 'language'>): number {
  return Math.sqrt(promptFollowing * subjectConsistency);
}

/** The means of each task over its items, and the unweighted mean over the tasks. */
export function summarize(
  items: ReadonlyMap<string, readonly JudgedItem[]>,
  { language, official = false }: SummaryOptions = {},
): Summary {
  const tasks = new Map<string, MeanScores>();
  for (const [task, judged] of items) {
    const counted = judged.filter((item) => language === undefined || item.language === language);
    if (counted.length === 0 && !official) continue;
    tasks.set(task, meanScores(counted.map((item) => ({ ...item, overall: overallScore(item) }))));
  }
  return { tasks, average: tasks.size === 0 ? undefined : meanScores([...tasks.values()]) };
}

function meanScores(scores: readonly MeanScores[]): MeanScores {
  const mean = (name: keyof MeanScores) =>
    scores.reduce((sum, score) => sum + score[name], 0) / scores.length;
  return {
    promptFollowing: mean('promptFollowing'),
    subjectConsistency: mean('subjectConsistency'),
    overall: mean('overall'),
  };
}
