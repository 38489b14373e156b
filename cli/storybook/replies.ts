/** Compares replies with the right answer. Every question of the world has exactly one. */

/** Whether two replies are equal, apart from outer white space and case. */
export function sameReply(a: string, b: string): boolean {
  return plain(a) === plain(b);
}

/**
 * Whether a reply is right: one result for the whole reply, or one for each item of a checklist (`1. Yes. 2.
 * No.`). An item without an answer, or with two different ones, is wrong.
 */
export function rightAnswers(reply: string, right: string, checklist: boolean): boolean[] {
  if (!checklist) return [sameReply(reply, right)];
  const given = itemsOf(reply);
  return [...itemsOf(right)].map(([number, answers]) => {
    const said = given.get(number) ?? [];
    return said.length > 0 && said.every((answer) => answer === answers[0]);
  });
}

/** Whether the reply contains all of the sentences, each as a whole sentence. */
export function saysAll(reply: string, sentences: readonly string[]): boolean {
  const said = new Set(sentencesOf(reply).map(plain));
  return sentences.every((sentence) => said.has(plain(sentence)));
}

function plain(text: string): string {
  return text.trim().toLowerCase();
}

/** Splits at full stops: no sentence of the world has one inside. */
function sentencesOf(text: string): string[] {
  return text.match(/[^.!?]+[.!?]?/g) ?? [];
}

function itemsOf(text: string): Map<number, string[]> {
  const items = new Map<number, string[]>();
  for (const [, number, answer] of text.matchAll(/(\d+)\.\s*(yes|no)\b/gi)) {
    const key = Number(number);
    items.set(key, [...(items.get(key) ?? []), answer.toLowerCase()]);
  }
  return items;
}
