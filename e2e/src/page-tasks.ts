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
  /** Microseconds. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/**
 * What the main threads of a browser's pages do while `work` runs, as the browser traces it.
 * @throws Error when the trace holds no task with its processor time: then nothing was measured.
 */
export async function tasksDuring(
  browser: Browser,
  page: Page,
  work: () => Promise<void>,
): Promise<PageTask[]> {
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] });
  let trace: Buffer;
  try {
    await work();
  } finally {
    trace = await browser.stopTracing();
  }
  const { traceEvents } = JSON.parse(trace.toString()) as { readonly traceEvents: readonly TraceEvent[] };
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(threadOf),
  );
  const tasks = traceEvents.flatMap((event): PageTask[] => {
    const { name, ph, dur, tdur } = event;
    if (!name.endsWith('RunTask') || ph !== 'X' || !mains.has(threadOf(event))) return [];
    return dur === undefined || tdur === undefined ? [] : [{ ms: dur / 1000, cpuMs: tdur / 1000 }];
  });
  if (tasks.length === 0) throw new Error('the trace of the page holds no task');
  return tasks;
}

function threadOf({ pid, tid }: TraceEvent): string {
  return `${pid}/${tid}`;
}
