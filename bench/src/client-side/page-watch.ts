import type { BrowserContext, Page } from 'playwright-core';

/** What a page showed and did since its navigation began. Times are milliseconds since then. */
export interface PageRecord {
  /** When the room's server began to deliver what was missed. */
  readonly enteredMs: number | undefined;
  /** When everything was read. */
  readonly liveMs: number;
  /** What the line about the connection said, each once. */
  readonly lines: readonly { readonly atMs: number; readonly text: string }[];
  /** Tasks of more than 50 ms, as browsers count them. */
  readonly longTasks: readonly { readonly atMs: number; readonly ms: number }[];
}

interface Watched {
  readonly record: { -readonly [K in keyof PageRecord]: PageRecord[K] };
}

/** Records what all pages of a context do from now on. To be called before the page is opened. */
export async function watchPages(context: BrowserContext): Promise<void> {
  // tsx calls this for each function with a name; it is not in the page.
  await context.addInitScript('globalThis.__name = (named) => named');
  await context.addInitScript(() => {
    const lines: { atMs: number; text: string }[] = [];
    const longTasks: { atMs: number; ms: number }[] = [];
    const record: Watched['record'] = { enteredMs: undefined, liveMs: 0, lines, longTasks };
    Object.assign(globalThis, { record });
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries())
        longTasks.push({ atMs: startTime, ms: duration });
    }).observe({ type: 'longtask', buffered: true });

    // The first answer with which a backlog begins; what follows is not looked at.
    const Socket = WebSocket;
    globalThis.WebSocket = class extends Socket {
      constructor(url: string | URL) {
        super(url);
        const look = ({ data }: MessageEvent<unknown>) => {
          if (typeof data !== 'string' || !data.startsWith('{"type":"entered"')) return;
          record.enteredMs ??= performance.now();
          this.removeEventListener('message', look);
        };
        this.addEventListener('message', look);
      }
    };

    const follow = (banner: Element) => {
      const note = () => {
        const atMs = performance.now();
        const text = banner.textContent;
        if (text !== '' && text !== lines.at(-1)?.text) lines.push({ atMs, text });
        if (banner.classList.contains('live')) record.liveMs = atMs;
      };
      note();
      new MutationObserver(note).observe(banner, {
        attributes: true,
        childList: true,
        characterData: true,
        subtree: true,
      });
    };
    const start = new MutationObserver(() => {
      const banner = document.querySelector('.banner');
      if (banner === null) return;
      start.disconnect();
      follow(banner);
    });
    start.observe(document, { childList: true, subtree: true });
  });
}

/** Waits until the page has read everything. */
export async function recordOf(page: Page, waitMs: number): Promise<PageRecord> {
  await page.waitForFunction(() => (globalThis as unknown as Watched).record.liveMs > 0, undefined, {
    timeout: waitMs,
    // Nothing of what is measured is spent on looking.
    polling: 1000,
  });
  return page.evaluate(() => (globalThis as unknown as Watched).record);
}
