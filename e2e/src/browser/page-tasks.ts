import type { Browser, Page } from 'playwright-core';

/** One task of a page's main thread. While it runs, the page doesn't react to input. */
export interface PageTask {
  /** Milliseconds of the processor's time, so without what the machine did for other programs meanwhile. */
  readonly cpuMs: number;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds, as are the others. */
  readonly ts?: number;
  readonly dur?: number;
  readonly tdur?: number;
}

const [BEGINS, ENDS] = ['work begins', 'work ends'];
/** On a busy machine a trace may be incomplete. Then the work is done and traced again. */
const TRIES = 3;

/**
 * The tasks of a page's main thread while `work` runs, from the browser's own trace. The work is repeated when the trace is incomplete.
 * @throws Error when no trace holds the work from its start to its end
 */
export async function tasksDuring(
  browser: Browser,
  page: Page,
  work: () => Promise<void>,
): Promise<PageTask[]> {
  for (let tries = 0; tries < TRIES; tries++) {
    const events = await traced(browser, page, work);
    const marked = (name: string | undefined) => events.find((event) => event.name === name);
    const [begin, end] = [marked(BEGINS), marked(ENDS)];
    if (begin === undefined || end === undefined) continue;
    return events.flatMap((event): PageTask[] => {
      const { name, ph, ts = 0, dur, tdur } = event;
      if (!name.endsWith('RunTask') || ph !== 'X' || threadOf(event) !== threadOf(begin)) return [];
      if (dur === undefined || tdur === undefined || ts + dur < (begin.ts ?? 0)) return [];
      return [{ cpuMs: tdur / 1000 }];
    });
  }
  throw new Error(`the browser's trace of the page was incomplete ${TRIES} times`);
}

async function traced(browser: Browser, page: Page, work: () => Promise<void>): Promise<TraceEvent[]> {
  const mark = (name: string | undefined) => page.evaluate((text) => void performance.mark(text ?? ''), name);
  await browser.startTracing(page, { categories: ['toplevel', 'blink.user_timing', '__metadata'] });
  let trace: Buffer;
  try {
    await mark(BEGINS);
    await work();
    // The mark and the timeout are separate tasks, so the last task of the work has ended and is in the trace.
    await mark(ENDS);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
  } finally {
    trace = await browser.stopTracing();
  }
  return (JSON.parse(trace.toString()) as { readonly traceEvents: TraceEvent[] }).traceEvents;
}

function threadOf({ pid, tid }: TraceEvent): string {
  return `${pid}/${tid}`;
}
