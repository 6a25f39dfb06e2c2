import { once } from 'node:events';
import { newMessageId } from '@gochat/client/message-id';
import { Someone } from '@gochat/e2e/people';

/** What the process reports to its parent: first the invite link, then that everything is in the log. */
export type Posted = { readonly link: string } | { readonly posted: number };

/** What the queue of a profile takes at once. */
const TOGETHER = 250;

const [dir = '', server = '', count = '0'] = process.argv.slice(2);
const ana = await Someone.open('ana', dir);
const { room, link } = await ana.hosts(server);
const begin = once(process, 'message');
process.send?.({ link } satisfies Posted);
await begin;
for (let sent = 0; sent < Number(count); sent += TOGETHER) {
  const ids = Array.from({ length: Math.min(TOGETHER, Number(count) - sent) }, newMessageId);
  const messages = ids.map((id, i) => ({
    id,
    content: { kind: 'text', text: `the kettle is on, for the time ${sent + i}` } as const,
  }));
  await ana.profile.call('queueAll', { room, messages });
  await ana.delivered(room, ids);
}
await ana.close();
process.send?.({ posted: Number(count) } satisfies Posted, () => process.exit());
