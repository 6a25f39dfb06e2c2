import type { HistoryItem } from '@gochat/client/history';
import { openChat } from '@gochat/client/open';

const PAGE = 500;
const WAIT_MS = 300_000;

/** The message of a returning profile to its parent process. */
export interface CaughtUp {
  /** Milliseconds from the opening of the profile until everything was read. */
  readonly ms: number;
  /** Of the whole process, in the same time. */
  readonly cpuSeconds: number;
  /** How many texts it has then. */
  readonly texts: number;
  /** How many members it knows then. */
  readonly members: number;
}

const [dir = '', room = ''] = process.argv.slice(2);
const before = process.cpuUsage();
const begun = performance.now();
const profile = await openChat({ dir });
const { problem } = await profile.call('sync', { room, waitMs: WAIT_MS });
const ms = performance.now() - begun;
const { user, system } = process.cpuUsage(before);
if (problem !== undefined) throw new Error(JSON.stringify(problem.data));

let texts = 0;
for (let after: string | undefined = '0'; after !== undefined; ) {
  const page: readonly HistoryItem[] = await profile.call('history', { room, after, limit: PAGE });
  texts += page.filter((item) => item.kind === 'text').length;
  after = page.length < PAGE ? undefined : page.at(-1)?.seq;
}
const members = (await profile.call('members', { room })).length;
const report: CaughtUp = { ms, cpuSeconds: (user + system) / 1e6, texts, members };
process.send?.(report, () => void profile.close().then(() => process.exit()));
