import type { Page } from 'playwright-core';

/** User data and ciphertext of any length, which end in an ellipsis: names, topics, quotes, previews. */
const ELLIPSIS =
  '.name, .preview, .title h2, .title p, .words, .above p:has(bdi), .code figcaption span, .suggestions span, .sealed dd';
/** Boxes that something crosses by design: the dot of who is present, and a list whose buttons reach into the margin. */
const CROSSED = '.presence, .inside > div:has(> .list)';
/** What scrolls sideways in a box of its own. */
const SCROLLS = 'pre, .table, textarea, input, select';
/** Controls and labels, whose text must be whole. */
const WHOLE = 'button, label, h1, h2, summary, caption, th, dt, legend, small, kbd';

/**
 * What sticks out, a line each: elements that are wider than their box or than the screen, and controls and labels with text that is
 * cut off. Texts that end in an ellipsis by design and boxes that scroll sideways are exempt.
 */
export function layoutFaults(page: Page): Promise<string[]> {
  return page.evaluate(
    ([ellipsis, crossed, scrolls, whole]) => {
      const nameOf = (element: Element) =>
        `${element.tagName.toLowerCase()}${element.className !== '' && typeof element.className === 'string' ? `.${element.className.trim().replaceAll(/\s+/g, '.')}` : ''} “${(element.textContent ?? '').trim().slice(0, 40)}”`;
      const shown = (element: Element) =>
        element.checkVisibility({ visibilityProperty: true }) &&
        element.closest('.hidden, .skip, svg') === null;
      const exempt = (element: Element) => element.closest(`${ellipsis}, ${scrolls}`) !== null;
      const found = new Set<string>();
      const root = document.documentElement;
      if (root.scrollWidth > root.clientWidth)
        found.add(`the page is ${root.scrollWidth} of ${root.clientWidth} pixels wide`);
      for (const element of document.body.querySelectorAll<HTMLElement>('*')) {
        if (!shown(element) || exempt(element)) continue;
        if (
          element.clientWidth > 0 &&
          element.scrollWidth > element.clientWidth + 1 &&
          !element.matches(crossed)
        )
          found.add(`too wide: ${nameOf(element)}: ${element.scrollWidth} of ${element.clientWidth}`);
        if (!element.matches(whole)) continue;
        if (element.clientHeight > 0 && element.scrollHeight > element.clientHeight + 1)
          found.add(`too high: ${nameOf(element)}: ${element.scrollHeight} of ${element.clientHeight}`);
        const box = element.getBoundingClientRect();
        if (box.left < -0.5 || box.right > innerWidth + 0.5) found.add(`off the screen: ${nameOf(element)}`);
      }
      return [...found];
    },
    [ELLIPSIS, CROSSED, SCROLLS, WHOLE] as const,
  );
}
