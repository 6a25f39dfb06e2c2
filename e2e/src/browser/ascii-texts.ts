import type { Page } from 'playwright-core';

/** Every text of the page with an ASCII letter in it that none of these patterns explains, `where: text`; seen, read out, or a tooltip. */
export async function asciiTexts(page: Page, exceptions: readonly RegExp[] = []): Promise<string[]> {
  const texts = await page.evaluate(() => {
    const all: [string, string][] = [['title', document.title]];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (parent !== null && parent.closest('noscript, script, style') === null)
        all.push([parent.tagName.toLowerCase(), node.nodeValue ?? '']);
    }
    for (const element of document.body.querySelectorAll('*'))
      for (const name of ['aria-label', 'title', 'placeholder', 'alt', 'aria-description'])
        all.push([`${element.tagName.toLowerCase()} ${name}`, element.getAttribute(name) ?? '']);
    return all;
  });
  return texts
    .filter(([, text]) =>
      /[a-z]/i.test(exceptions.reduce((left, pattern) => left.replace(pattern, ''), text)),
    )
    .map(([where, text]) => `${where}: ${text}`);
}
