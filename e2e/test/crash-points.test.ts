import { join } from 'node:path';
import type { HistoryItem } from '@gochat/client/history';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Mortal } from '../src/people/mortal.ts';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { WAIT_MS } from '../src/waits.ts';

/** Both before and after each write; otherwise by turns at each second write. */
const ALL = process.env.GOCHAT_CRASH_POINTS === 'all';
const whensOf = (at: number): ('before' | 'after')[] => {
  if (ALL) return ['before', 'after'];
  if (at % 2 === 0) return [];
  return [at % 4 === 1 ? 'before' : 'after'];
};

const env = { now: Date.now, random: (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)) };

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;
let ben: Someone;

beforeAll(async () => {
  home = await temporary();
  server = await startServer(join(home.path, 'server'));
  ben = await Someone.open('ben', join(home.path, 'ben'));
});

afterAll(async () => {
  await ben.close();
  await server.stop();
  await home.remove();
});

function says(ana: Mortal, room: string, text: string): Promise<void> {
  const id = Buffer.from(env.random(16)).toString('base64url');
  let again = false;
  return ana.does(async (chat) => {
    await chat.call('queue', { room, id, content: { kind: 'text', text }, again });
    again = true;
    const { waiting } = await chat.call('sent', { room, ids: [id], waitMs: WAIT_MS });
    expect(waiting).toBe(0);
  });
}

/** Writes a draft and sends it. At no time is it both in the field and sent, nor neither. */
async function saysFromDraft(ana: Mortal, room: string, text: string): Promise<void> {
  const id = Buffer.from(env.random(16)).toString('base64url');
  let isWritten = false;
  await ana.does(async (chat) => {
    if (!isWritten) await chat.call('note', { room, change: { draft: text } });
    isWritten = true;
    const { draft } = await chat.call('notes', { room });
    const all = [
      ...(await chat.call('waiting', { room })),
      ...(await chat.call('history', { room, after: '0', limit: 500 })),
    ];
    expect(draft).toBe(all.some((one) => 'id' in one && one.id === id) ? '' : text);
    await chat.call('queue', { room, id, content: { kind: 'text', text }, note: { draft: '' }, again: true });
    await chat.call('sent', { room, ids: [id], waitMs: WAIT_MS });
  });
}

async function history(ana: Mortal, room: string): Promise<readonly HistoryItem[]> {
  return ana.does((chat) => chat.call('history', { room, after: '0', limit: 500 }));
}

/** Joins ben's room, talks, makes an invite, talks on: every kind of write that a member does. */
async function asMember(ana: Mortal): Promise<void> {
  const { room, link } = await ben.hosts(server.url);
  await ana.does((chat) => chat.call('join', { link, as: 'ana', waitMs: WAIT_MS }));
  await saysFromDraft(ana, room, 'one');
  await ben.delivered(room, [await ben.says(room, 'from ben')]);
  await says(ana, room, 'two');
  await ana.does((chat) => chat.call('invite', { room, expiresMs: undefined, uses: 1, waitMs: WAIT_MS }));
  await says(ana, room, 'three');
  await ben.profile.call('invite', { room, expiresMs: undefined, uses: undefined, waitMs: WAIT_MS });
  await says(ana, room, 'four');
  await ben.hears(room, 'four');
  const wanted = ['ana: one', 'ben: from ben', 'ana: two', 'ana: three', 'ana: four'];
  expect(await ben.read(room)).toEqual(wanted);
  expect(await ben.warnings(room)).toEqual([]);
  const own = await history(ana, room);
  expect(own.filter((i) => i.kind === 'text').map((i) => `${i.from}: ${i.text}`)).toEqual(wanted);
  expect(own.filter((i) => i.kind === 'warning')).toEqual([]);
  expect(await ben.profile.call('members', { room })).toHaveLength(2);
}

/** Founds a room, removes somebody from it, and invites again. */
async function asFounder(ana: Mortal): Promise<void> {
  const name = `room of ${Buffer.from(env.random(6)).toString('hex')}`;
  const room = await ana.does(async (chat) => {
    const known = (await chat.call('rooms', {})).find((r) => r.name === name);
    if (known === undefined)
      return (await chat.call('create', { name, as: 'ana', server: server.url, waitMs: WAIT_MS })).id;
    expect(await chat.call('sync', { room: known.id, waitMs: WAIT_MS })).toMatchObject({ live: true });
    return known.id;
  });
  const invites = () =>
    ana.does(
      async (chat) =>
        (await chat.call('invite', { room, expiresMs: undefined, uses: undefined, waitMs: WAIT_MS })).link,
    );
  await ben.joins(await invites());
  await says(ana, room, 'welcome');
  await ben.hears(room, 'welcome');
  await ana.does(async (chat) => {
    await chat.call('sync', { room, waitMs: WAIT_MS });
    if ((await chat.call('members', { room })).length === 1) return;
    await chat.call('remove', { room, member: 'ben', waitMs: WAIT_MS });
  });
  await ben.until(
    async () => (await ben.profile.call('rooms', {})).find((r) => r.id === room)?.status === 'removed',
    'ben is out',
  );
  await ben.joins(await invites());
  await says(ana, room, 'welcome back');
  await ben.hears(room, 'welcome back');
  expect(await ben.warnings(room)).toEqual([]);
  expect((await history(ana, room)).filter((i) => i.kind === 'warning')).toEqual([]);
}

test.each([
  ['a member', asMember],
  ['a founder', asFounder],
])(
  '%s that dies at any of its writes continues after a restart: nothing is lost, duplicated or broken',
  async (_who, scenario) => {
    const calm = new Mortal();
    await scenario(calm);
    const { writes } = calm;
    await calm.close();
    expect(writes).toBeGreaterThan(8);
    for (let at = 1; at <= writes; at++) {
      for (const when of whensOf(at)) {
        const ana = new Mortal([[at, when]]);
        try {
          await scenario(ana);
        } catch (cause) {
          throw new Error(`died ${when} write ${at} of ${writes}`, { cause });
        }
        await ana.close();
      }
    }
  },
);
