import { configure, invite } from '@gochat/crypto/handshake';
import { createIdentity } from '@gochat/crypto/identity';
import type { Env } from '@gochat/crypto/primitives';
import type { Position } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import { mergePack } from '../src/history/merge-pack.ts';
import { readPacks } from '../src/history/read-packs.ts';
import { platform } from '../src/profile/platform.ts';
import type { HistoryItem } from '../src/room/history.ts';
import { Outbox } from '../src/room/outbox.ts';
import { Device, TestLog } from './device.ts';

const HOUR = 3600;
const HOUR_MS = HOUR * 1000;

/** A clock that stops until the test sets it. */
function setClock(start = 1_800_000_000_000) {
  const clock = { at: start };
  return { clock, env: { now: () => clock.at, random: platform.random } satisfies Env };
}

/** Two people in a room whose messages disappear after an hour, with a clock each. */
async function anaAndBen() {
  const { clock, env } = setClock();
  const bens = setClock();
  const ana = await Device.founds(new TestLog(env), createIdentity(env), 'ana', env);
  const secret = platform.random(16);
  await ana.commits((room) => invite(room, secret, {}, env));
  const ben = await Device.joins(ana, createIdentity(env), 'ben', secret, bens.env);
  await ana.commits((room) => configure(room, { expire: HOUR }, env));
  await ben.reads();
  return { ana, ben, clock, bens: bens.clock, secret, env };
}

async function linesOf(device: Device): Promise<readonly HistoryItem[]> {
  return device.history.before(undefined, 1000);
}

async function textsOf(device: Device): Promise<string[]> {
  return (await linesOf(device)).flatMap((item) => (item.kind === 'text' ? [item.text] : []));
}

/** How many records it has. */
async function recordsOf({ disk }: Device): Promise<number> {
  return (await disk.list(new Uint8Array())).length;
}

test('a message goes with its edit, reactions and index entry, at its time and not before, on both sides', async () => {
  const { ana, ben, clock, bens } = await anaAndBen();
  const before = await recordsOf(ana);
  const of = await ana.says({ kind: 'text', text: 'helo' });
  await ben.reads();
  await ben.says({ kind: 'react', to: of, emoji: '👍', on: true });
  clock.at += HOUR_MS / 2;
  await ana.says({ kind: 'edit', of, text: 'hello' });
  await ana.says({ kind: 'text', text: 'later' });
  await ben.reads();
  bens.at = clock.at += HOUR_MS / 2 - 1;
  for (const device of [ana, ben]) {
    expect(await device.store.expire()).toBeUndefined();
    expect(await textsOf(device)).toEqual(['hello', 'later']);
  }
  bens.at = clock.at += 1;
  for (const device of [ana, ben]) {
    expect(await device.store.expire()).toBe(clock.at);
    expect(await textsOf(device)).toEqual(['later']);
  }
  bens.at = clock.at += HOUR_MS / 2;
  for (const device of [ana, ben]) await device.store.expire();
  expect([await textsOf(ana), await textsOf(ben)]).toEqual([[], []]);
  expect(ana.store.nextExpiry).toBeUndefined();
  // Nothing is left but what the room had, and who spoke in this epoch.
  expect(await recordsOf(ana)).toBe(before + 1);
});

test('a profile that is opened when the time has come shows nothing of it', async () => {
  const { ana, clock } = await anaAndBen();
  await ana.says({ kind: 'text', text: 'hello' });
  clock.at += HOUR_MS - 1;
  await ana.restarts();
  expect(await textsOf(ana)).toEqual(['hello']);
  expect(ana.store.nextExpiry).toBe(clock.at + 1);
  clock.at += 1;
  await ana.restarts();
  expect(await textsOf(ana)).toEqual([]);
});

test('many messages go, in as many transactions as it takes; if it is interrupted, the rest goes later', async () => {
  const { ana, clock } = await anaAndBen();
  for (let i = 0; i < 300; i++) await ana.says({ kind: 'text', text: `line ${i}` });
  clock.at += HOUR_MS;
  const write = ana.disk.write.bind(ana.disk);
  let writes = 0;
  ana.disk.write = async (changes) => {
    writes += 1;
    if (writes === 2) throw new Error('killed');
    await write(changes);
  };
  await expect(ana.store.expire()).rejects.toMatchObject({ data: { reason: 'profile-write' } });
  ana.disk.write = write;
  expect((await textsOf(ana)).length).toBe(300 - 256);
  await ana.restarts();
  expect(await textsOf(ana)).toEqual([]);
});

test('a clock that was set back brings nothing back, and lets nothing stay', async () => {
  const { ana, ben, clock, bens } = await anaAndBen();
  await ana.says({ kind: 'text', text: 'hello' });
  await ben.reads();
  // Ben's clock is a day late.
  bens.at -= 24 * HOUR_MS;
  await ben.restarts();
  clock.at += HOUR_MS;
  await ana.says({ kind: 'text', text: 'later' });
  await ben.reads();
  await ben.store.expire();
  expect(await textsOf(ben)).toEqual(['later']);
  await ben.restarts();
  expect(await textsOf(ben)).toEqual(['later']);
});

test('neither the server nor the sender alone can make messages disappear early', async () => {
  const { ana, ben, clock, bens } = await anaAndBen();
  await ana.says({ kind: 'text', text: 'hello' });
  await ben.reads();
  // The clock of ana, who also stamps as the server here, is a year fast: for ben both claim it.
  clock.at += 365 * 24 * HOUR_MS;
  await ana.says({ kind: 'text', text: 'a year' });
  const entry = ana.log.entries.at(-1);
  if (entry === undefined) throw new Error('an entry');
  // An honest server.
  ana.log.entries[ana.log.entries.length - 1] = { ...entry, at: bens.at + 1000 };
  await ben.reads();
  expect(ben.store.now).toBe(bens.at + 1000);
  await ben.store.expire();
  expect(await textsOf(ben)).toEqual(['hello', 'a year']);
});

test('who was away for longer reads how many messages have disappeared, and stores none of them', async () => {
  const { ana, ben, clock, bens } = await anaAndBen();
  await ben.reads();
  const had = await recordsOf(ben);
  const of = await ana.says({ kind: 'text', text: 'secret' });
  await ana.says({ kind: 'edit', of, text: 'secret, edited' });
  await ana.says({ kind: 'text', text: 'another secret' });
  bens.at = clock.at += HOUR_MS;
  await ben.reads();
  await ana.says({ kind: 'text', text: 'a third secret' });
  bens.at = clock.at += HOUR_MS;
  await ben.reads();
  expect(await textsOf(ben)).toEqual([]);
  const missed = (lines: readonly HistoryItem[]) =>
    lines.flatMap((item) => (item.kind === 'warning' && item.warning === 'disappeared' ? [item.count] : []));
  expect(missed(await linesOf(ben))).toEqual([3]);
  // That line, and the keys of who has spoken.
  expect(await recordsOf(ben)).toBe(had + 2);
  // What comes in time begins another count.
  await ana.says({ kind: 'text', text: 'seen' });
  await ben.reads();
  await ana.says({ kind: 'text', text: 'not seen' });
  bens.at = clock.at += HOUR_MS;
  await ben.reads();
  expect(missed(await linesOf(ben))).toEqual([3, 1]);
});

test('nothing that has disappeared is packed, or added to a history from a pack', async () => {
  const { ana, clock, secret, env } = await anaAndBen();
  await ana.says({ kind: 'text', text: 'hello' });
  const packOf = async () => {
    for await (const { pack } of readPacks(ana.records, ana.room, {}, { forNewcomers: false, now: clock.at }))
      return pack;
    return undefined;
  };
  const pack = await packOf();
  if (pack === undefined) throw new Error('a pack');
  const cleo = await Device.joins(ana, createIdentity(env), 'cleo', secret, env);
  clock.at += HOUR_MS - 1;
  expect(await mergePack(cleo.records, cleo.store, pack, { now: clock.at })).toMatchObject({ added: 1 });
  clock.at += 1;
  await cleo.store.expire();
  expect(await textsOf(cleo)).toEqual([]);
  expect(await mergePack(cleo.records, cleo.store, pack, { now: clock.at })).toMatchObject({ added: 0 });
  // By the clock of a device that is late, but has read later messages.
  expect(await mergePack(cleo.records, cleo.store, pack, { now: 0 })).toMatchObject({ added: 0 });
  // It isn't deleted yet, and isn't packed any more.
  expect(await packOf()).toBeUndefined();
});

test('what waits counts from when it lands', async () => {
  const { ana, clock } = await anaAndBen();
  await ana.store.enqueue([{ id: 'A'.repeat(22), content: { kind: 'text', text: 'waited' } }], []);
  clock.at += 2 * HOUR_MS;
  await ana.restarts();
  expect(ana.store.outbox.size).toBe(1);
  for (const { body } of await ana.store.seal(1)) ana.log.post(ana.room.id, body);
  await ana.reads();
  expect(await textsOf(ana)).toEqual(['waited']);
  clock.at += HOUR_MS;
  await ana.store.expire();
  expect(await textsOf(ana)).toEqual([]);
});

test('what is kept because perhaps not everybody could read it goes, too', async () => {
  const { ana } = await anaAndBen();
  const content = { kind: 'text', text: 'doubtful' } as const;
  const posted = new Outbox(ana.room.id, [
    { order: 1, id: 'posted', at: 1, content, posted: '7' as Position },
    { order: 2, id: 'missed', at: 1, content, end: 'missed' },
    { order: 3, id: 'waits', at: 1, content },
    { order: 4, id: 'refused', at: 1, content, end: 'refused' },
  ]);
  const gone = ['posted', 'missed', 'waits', 'refused', 'unknown'].map((id) => posted.expired(id).length);
  expect(gone).toEqual([1, 1, 0, 0, 0]);
  expect([posted.missed, posted.size, posted.contents.length]).toEqual([0, 1, 2]);
});

test('a deleted message leaves no record when its time has come', async () => {
  const { ana, clock } = await anaAndBen();
  const of = await ana.says({ kind: 'text', text: 'hello' });
  await ana.says({ kind: 'delete', of });
  expect(await linesOf(ana)).toContainEqual(expect.objectContaining({ kind: 'text', id: of.id, text: '' }));
  clock.at += HOUR_MS;
  await ana.store.expire();
  expect((await linesOf(ana)).filter(({ kind }) => kind === 'text')).toEqual([]);
});
