/**
 * The arithmetic of the OmniContext benchmark: each item has two scores, every item and every task counts alike.
 * Source: OmniGen2 `omnicontext/calculate_statistics.py`, analyze_scores
 */

/** A picture as its judge scored it, each score 0 … 10. */
export interface JudgedItem {
  /** Of its instruction: `en` or `zh` in the official set. */
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

/** Means of every task, in the order of the tasks, and of all tasks. */
export interface Summary {
  readonly tasks: ReadonlyMap<string, MeanScores>;
  /** Undefined if no task has a score. */
  readonly average: MeanScores | undefined;
}

/** Which items count, and how tasks without any are counted. */
export interface SummaryOptions {
  /** All languages if none is named. */
  readonly language?: string;
  /** A task without items of the language is NaN, and so is the average, as in the official code; else it is left out. */
  readonly official?: boolean;
}

/** One item's overall score, the geometric mean: a picture that fails either way fails. */
export function overallScore({ promptFollowing, subjectConsistency }: Omit<JudgedItem, 'language'>): number {
  return Math.sqrt(promptFollowing * subjectConsistency);
}

/** Means of each task over its items, and their unweighted mean over the tasks. */
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
