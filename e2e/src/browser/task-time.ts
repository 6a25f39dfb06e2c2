import type { Page } from 'playwright-core';

/**
 * The processor's time, in milliseconds, that a page's main thread spends on tasks while `work` runs: without what the machine does for
 * other programs meanwhile. Pages that share a process share the thread.
 */
export async function taskTimeOf(page: Page, work: () => Promise<void>): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const seconds = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    const found = metrics.find(({ name }) => name === 'TaskDuration');
    if (found === undefined) throw new Error('the browser reports no TaskDuration');
    return found.value;
  };
  const before = await seconds();
  await work();
  const spent = (await seconds()) - before;
  await session.detach();
  return spent * 1000;
}
