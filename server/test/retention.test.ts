import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Rules } from '@gochat/protocol/rules';
import { expect, onTestFinished, test } from 'vitest';
import type { EmbeddedEngine } from '../src/log/engine.ts';
import { openLmdb } from '../src/log/lmdb/open.ts';
import { openMemory } from '../src/log/memory/open.ts';
import { lifetimeSec } from '../src/room/retention.ts';
import { opened } from './keys.ts';
import { commit, follow, found, post } from './member.ts';
import { startNode } from './node.ts';
import type { Peer } from './peer.ts';

const MINUTE = 60;
const texts = (peer: Peer) =>
  peer.of('entry').flatMap((entry) => (entry.kind === 'message' ? [opened(entry.body)] : []));

const ENGINES: Readonly<Record<string, (now: () => number) => Promise<EmbeddedEngine>>> = {
  memory: async (now) => openMemory({ now }),
  LMDB: async (now) => {
    const folder = mkdtempSync(join(tmpdir(), 'gochat-retention-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    return openLmdb({ folder, now });
  },
};

test.each([
  [undefined, undefined, undefined],
  [undefined, { quietMs: 0 }, undefined],
  [600, undefined, 600],
  [600, { quietMs: 0 }, 600],
  [undefined, { retainMs: 60_000 }, 60],
  [600, { retainMs: 60_000 }, 60],
  [60, { retainMs: 600_000 }, 60],
  // No engine rounds a time down, and some understand 0 as no end.
  [undefined, { retainMs: 1_001 }, 2],
  [undefined, { retainMs: 0 }, 1],
  [undefined, { retainMs: Number.MAX_SAFE_INTEGER }, 100 * 365 * 24 * 3600],
] as [number | undefined, Rules | undefined, number | undefined][])(
  'with %s s of the server and the rules %o a message is kept for %s s',
  (serverSec, rules, expected) => expect(lifetimeSec(serverSec, rules)).toBe(expected),
);

test.each(Object.keys(ENGINES))(
  'messages are kept as long as the rules say that were valid when they were posted: %s',
  async (name) => {
    let now = 1_790_000_000_000;
    const engine = await ENGINES[name]?.(() => now);
    if (engine === undefined) throw new Error('no engine');
    const node = await startNode({ engine, now: () => now, retainSec: 60 * MINUTE });
    const ana = await node.peer();
    const { room, admin, access } = await found(ana);
    await follow(ana, room, access);
    const say = async (text: string, at = access.at) => {
      const reply = await post(ana, room, at, text);
      return reply.type === 'ack' ? reply.seq : reply.code;
    };
    const order = (rules: Rules) => ({ keys: admin, rules });
    await say('for an hour');
    const brief = await commit(ana, room, {
      after: access.at,
      by: access,
      order: order({ retainMs: 10 * MINUTE * 1000 }),
    });
    const last = await say('for ten minutes', brief.at);
    const long = await commit(ana, room, { after: brief.at, by: brief, order: order({ quietMs: 0 }) });
    await say('for an hour, too', long.at);
    /** What somebody reads who comes now, and the floor. */
    const read = async () => {
      const peer = await node.peer();
      await follow(peer, room, long);
      return [texts(peer), peer.of('entered')[0]?.floor];
    };
    const all = ['for an hour', 'for ten minutes', 'for an hour, too'];
    expect(await read()).toEqual([all, '0']);
    now += 10 * MINUTE * 1000;
    const expired = [[all[0], all[2]], last];
    expect(await read()).toEqual(expired);
    expect(await engine.sweep()).toBe(1);
    expect(await read()).toEqual(expired);
    now += 50 * MINUTE * 1000;
    expect(await engine.sweep()).toBe(2);
    expect((await read())[0]).toEqual([]);
  },
);
