import { type RefObject, useLayoutEffect } from 'react';

/**
 * Moves the focus to the canvas when an element that has it leaves the page. Otherwise the focus would go to
 * the start of the page.
 * @param element the element that may leave; it may contain the focused one
 */
export function useFocusOnLeave(element: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const leaving = element.current;
    return () => {
      if (leaving?.contains(document.activeElement)) queueMicrotask(focusCanvas);
    };
  }, [element]);
}

/** Focuses the canvas, or the page where the canvas is hidden, unless something else got the focus. */
function focusCanvas(): void {
  for (const target of ['.canvas', '#main']) {
    if (document.activeElement !== document.body) return;
    document.querySelector<HTMLElement>(target)?.focus({ preventScroll: true });
  }
}
