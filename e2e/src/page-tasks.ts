import type { Browser, Page } from 'playwright-core';

/** One task of a page's main thread: while it runs, the page answers to nothing. */
export interface PageTask {
  /** By the clock, in milliseconds: with what else the machine did meanwhile. */
  readonly ms: number;
  /** Of the processor's time: what the page itself made of it. */
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
/** On a busy machine a trace may lack what a page did: then it says nothing, and is made again. */
const TRIES = 3;

/**
 * What the main thread of a page does while `work` runs, as the browser traces it. The work is done again where the trace is not whole.
 * @throws Error when no trace holds the work from its beginning to its end: then nothing was measured.
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
      return [{ ms: dur / 1000, cpuMs: tdur / 1000 }];
    });
  }
  throw new Error(`the browser did not trace the page whole, ${TRIES} times`);
}

async function traced(browser: Browser, page: Page, work: () => Promise<void>): Promise<TraceEvent[]> {
  const mark = (name: string | undefined) => page.evaluate((text) => void performance.mark(text ?? ''), name);
  await browser.startTracing(page, { categories: ['toplevel', 'blink.user_timing', '__metadata'] });
  let trace: Buffer;
  try {
    await mark(BEGINS);
    await work();
    // In tasks of their own: the last one of the work is over then, and the trace has it.
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
