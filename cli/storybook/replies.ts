/** Whether replies are right: every question of the world has one right answer. */

/** Whether two replies are the same but for outer white space and case. */
export function sameReply(a: string, b: string): boolean {
  return plain(a) === plain(b);
}

/**
 * Whether a reply is right: one answer for the whole, or one for each item of a checklist (`1. Yes. 2. No.`).
 * An item that is not answered, or answered twice and not alike, is not right.
 */
export function rightAnswers(reply: string, right: string, checklist: boolean): boolean[] {
  if (!checklist) return [sameReply(reply, right)];
  const given = itemsOf(reply);
  return [...itemsOf(right)].map(([number, answers]) => {
    const said = given.get(number) ?? [];
    return said.length > 0 && said.every((answer) => answer === answers[0]);
  });
}

/** Whether every one of the sentences is in the reply, as a whole sentence. */
export function saysAll(reply: string, sentences: readonly string[]): boolean {
  const said = new Set(sentencesOf(reply).map(plain));
  return sentences.every((sentence) => said.has(plain(sentence)));
}

function plain(text: string): string {
  return text.trim().toLowerCase();
}

/** The world has no sentence with a full stop inside. */
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
