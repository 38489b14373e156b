/**
 * Moves the focus between the pictures of the gallery: left and right to the one before and after, up and
 * down to the row above and below. @returns whether the key is an arrow that leads somewhere
 */
export function moveFocus(picture: HTMLElement, key: string): boolean {
  if (!key.startsWith('Arrow')) return false;
  const list = picture.closest('.gallery-rows');
  const pictures = [...(list?.querySelectorAll<HTMLElement>('.gallery-picture') ?? [])].toSorted(
    inReadingOrder,
  );
  const at = pictures.indexOf(picture);
  const next = nextOf(pictures, at, picture, key);
  if (!next) return false;
  next.focus();
  next.scrollIntoView({ block: 'nearest' });
  return true;
}

function nextOf(
  pictures: readonly HTMLElement[],
  at: number,
  picture: HTMLElement,
  key: string,
): HTMLElement | undefined {
  switch (key) {
    case 'ArrowLeft':
      return pictures[at - 1];
    case 'ArrowRight':
      return pictures[at + 1];
    case 'ArrowUp':
      return nearest(pictures, picture, -1);
    case 'ArrowDown':
      return nearest(pictures, picture, 1);
    default:
      return undefined;
  }
}

/** The picture in the next row above (-1) or below (1), in about the same column. */
function nearest(
  pictures: readonly HTMLElement[],
  picture: HTMLElement,
  way: -1 | 1,
): HTMLElement | undefined {
  const from = picture.getBoundingClientRect();
  const places = pictures.map((element) => ({ element, place: element.getBoundingClientRect() }));
  const beyond = places.filter(({ place }) => way * (place.top - from.top) > 8);
  // The next row first, then the nearest column in it.
  const distance = ({ place }: (typeof places)[number]) =>
    Math.abs(place.top - from.top) * 10 + Math.abs(place.left - from.left);
  return beyond.toSorted((a, b) => distance(a) - distance(b))[0]?.element;
}

/** The list of rows keeps them in no particular order. */
function inReadingOrder(a: HTMLElement, b: HTMLElement): number {
  const [first, second] = [a.getBoundingClientRect(), b.getBoundingClientRect()];
  return first.top - second.top || first.left - second.left;
}
