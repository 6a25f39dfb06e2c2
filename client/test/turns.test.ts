import type { Content } from '@gochat/crypto/content';
import { decodeRoom, encodeRoom } from '@gochat/crypto/encode-room';
import { configure, invite, setRole } from '@gochat/crypto/handshake';
import { createIdentity } from '@gochat/crypto/identity';
import { newId } from '@gochat/crypto/new-id';
import { receive } from '@gochat/crypto/receive';
import { membersOf, type Room } from '@gochat/crypto/room';
import type { RoomRules } from '@gochat/crypto/room-rules';
import { sealMessage } from '@gochat/crypto/send';
import type { Role } from '@gochat/crypto/speaking';
import { expect, test } from 'vitest';
import { platform } from '../src/profile/platform.ts';
import { Device, TestLog } from './device.ts';

/** A server that enforces no rules, and whose clock is set by hand. @param before whose log it goes on with */
function lyingServer(before?: TestLog) {
  let now = 1_700_000_000_000;
  const env = { ...platform, now: () => now };
  const passes = (ms: number) => {
    now += ms;
  };
  return { log: before?.copied(env) ?? new TestLog(env), env, passes };
}

/** A device that posts whatever it likes, as the member whose place in the room it has. */
class Forger {
  readonly #log: TestLog;
  #room: Room;

  private constructor(log: TestLog, room: Room) {
    this.#log = log;
    this.#room = room;
  }

  /** It shares no memory with the device. */
  static async of({ log, room }: Device): Promise<Forger> {
    return new Forger(log, await decodeRoom(encodeRoom(room)));
  }

  async says(content: Content): Promise<string> {
    for (const entry of this.#log.entries.slice(Number(this.#room.position)))
      this.#room = (await receive(this.#room, entry, platform.now())).room;
    const id = newId<string>(platform);
    const sealed = await sealMessage(this.#room, { id, n: undefined, content }, platform);
    this.#room = sealed.room;
    this.#log.post(this.#room.id, sealed.frame.body);
    return id;
  }
}

const ROLES = ['admin', 'moderator', 'speaker', 'member', 'observer'] as const satisfies readonly Role[];
type Cast = Record<Role, Device>;

async function firstCast() {
  const { log, env } = lyingServer();
  const admin = await Device.founds(log, createIdentity(env), 'admin', env);
  const secret = env.random(16);
  await admin.commits((room) => invite(room, secret, {}, env));
  const all = { admin } as Cast;
  for (const role of ROLES.slice(1)) {
    all[role] = await Device.joins(admin, createIdentity(env), role, secret, env);
    await admin.reads();
    const device = membersOf(admin.room).find(({ name }) => name === role)?.device ?? '';
    if (role !== 'member') await admin.commits((room) => setRole(room, device, role, env));
  }
  const reader = await Device.joins(admin, createIdentity(env), 'reader', secret, env);
  await readAll({ ...all, reader });
  return { log, all, reader };
}

let first: ReturnType<typeof firstCast> | undefined;

/** One of each role and a reader, in a room with a log of its own. Founding it takes most of a test: it is founded once. */
async function cast() {
  first ??= firstCast();
  const before = await first;
  const server = lyingServer(before.log);
  const { log, env } = server;
  const all = {} as Cast;
  for (const role of ROLES) all[role] = await before.all[role].copied(log, env);
  const reader = await before.reader.copied(log, env);
  const sets = async (rules: { [K in 'speak' | 'slow']?: RoomRules[K] | null }) => {
    await all.admin.commits((room) => configure(room, { ...rules, speak: rules.speak ?? 'all' }, env));
    await readAll({ ...all, reader });
  };
  return { ...server, all, reader, sets };
}

async function readAll(all: Readonly<Record<string, Device>>): Promise<void> {
  for (const device of Object.values(all)) await device.reads();
}

async function textsOf(device: Device): Promise<string[]> {
  const lines = await device.history.recent();
  return lines.flatMap((line) => (line.kind === 'text' ? [line.text] : [])).reverse();
}

async function warningsOf(device: Device): Promise<string[]> {
  const lines = await device.history.recent();
  return lines.flatMap((line) =>
    line.kind === 'warning' && line.warning === 'refused-message' ? [`${line.member}: ${line.why}`] : [],
  );
}

/** Who may write, by who may speak in the room. */
const MAY: Readonly<Record<RoomRules['speak'], readonly Role[]>> = {
  all: ['admin', 'moderator', 'speaker', 'member'],
  listed: ['admin', 'moderator', 'speaker'],
  staff: ['admin', 'moderator'],
};

test.each(
  (['all', 'listed', 'staff'] as const).flatMap((speak) => ROLES.map((role) => [role, speak] as const)),
)(
  'what a lying server lets a %s say where %s may speak, all readers leave out alike',
  async (role, speak) => {
    const { all, reader, sets } = await cast();
    const own = await all[role].says(text('before'));
    await sets({ speak });
    const forger = await Forger.of(all[role]);
    await forger.says({ kind: 'text', text: 'forced' });
    if (role !== 'observer') await forger.says({ kind: 'edit', of: own, text: 'edited' });
    await forger.says({ kind: 'react', to: own, emoji: '🦆', on: true });
    const others = ROLES.filter((other) => other !== role);
    for (const other of others) await all[other].reads();
    await reader.reads();
    const may = MAY[speak].includes(role);
    const expected = role === 'observer' ? [] : may ? ['edited', 'forced'] : ['before'];
    for (const one of [...others.map((other) => all[other]), reader]) {
      expect(await textsOf(one)).toEqual(expected);
      if (role !== 'observer') expect((await one.message(own.id)).reactions).toHaveLength(1);
    }
    const why = role === 'observer' ? 'muted' : speak === 'listed' ? 'not-listed' : 'staff-only';
    const warned = may ? [] : Array(role === 'observer' ? 1 : 2).fill(`${role}: ${why}`);
    for (const other of others.filter((one) => one === 'admin' || one === 'moderator'))
      expect(await warningsOf(all[other])).toEqual(warned);
    for (const other of others.filter((one) => one !== 'admin' && one !== 'moderator'))
      expect(await warningsOf(all[other])).toEqual([]);
  },
);

test('slow mode is exact at every reader, whatever the server lets through, also after a restart', async () => {
  const { all, reader, sets, passes } = await cast();
  await sets({ slow: 30 });
  const forger = await Forger.of(all.member);
  for (const [text, ms] of [
    ['one', 29_999],
    ['early', 1],
    ['two', 0],
    ['early again', 0],
  ] as const) {
    await forger.says({ kind: 'text', text });
    passes(ms);
    await all.admin.reads();
    await all.admin.restarts();
  }
  await all.speaker.reads();
  await reader.reads();
  for (const one of [all.admin, all.speaker, reader]) expect(await textsOf(one)).toEqual(['one', 'two']);
  expect(await warningsOf(all.admin)).toEqual(['member: slow', 'member: slow']);
  await sets({ slow: null });
  await forger.says({ kind: 'text', text: 'three' });
  await forger.says({ kind: 'text', text: 'four' });
  await reader.reads();
  expect(await textsOf(reader)).toEqual(['one', 'two', 'three', 'four']);
});

const text = (words: string): Content => ({ kind: 'text', text: words });

test('in slow mode texts wait for their turn in their order, and other content does not', async () => {
  const { log, all, sets, passes, env } = await cast();
  await sets({ slow: 30 });
  const { member } = all;
  const first = await member.says(text('one'));
  const queued = [text('two'), { kind: 'react', to: first, emoji: '🦆', on: true } as const, text('three')];
  const ids = ['two', 'react', 'three'].map(() => newId<string>(env));
  await member.store.enqueue(
    queued.map((content, i) => ({ id: ids[i] ?? '', content })),
    [],
  );
  const posts = async () => {
    const frames = await member.store.seal(8, env.now());
    for (const { body } of frames) log.post(member.room.id, body);
    return frames.length;
  };
  expect(await posts()).toBe(1);
  await member.reads();
  expect((await member.message(first.id)).reactions).toHaveLength(1);
  passes(29_999);
  expect(await posts()).toBe(0);
  expect(member.store.nextTurn).toBe(env.now() + 1);
  passes(1);
  expect(await posts()).toBe(1);
  expect(await posts()).toBe(0);
  await member.reads();
  expect(await posts()).toBe(0);
  passes(30_000);
  expect(await posts()).toBe(1);
  await all.admin.reads();
  expect(await textsOf(all.admin)).toEqual(['one', 'two', 'three']);
});

test('what waits is refused when its author may not say it any more, and its number is not missed', async () => {
  const { log, all, reader, env } = await cast();
  const { member, admin } = all;
  const ids = [newId<string>(env), newId<string>(env)] as const;
  await member.store.enqueue(
    ids.map((id) => ({ id, content: text('late') })),
    [],
  );
  // The first one was given to the server, which took the change before it.
  await member.store.seal(1, env.now());
  const device = membersOf(admin.room).find(({ name }) => name === 'member')?.device ?? '';
  await admin.commits((room) => setRole(room, device, 'observer', env));
  await member.reads();
  for (const { body } of await member.store.seal(8, env.now())) log.post(member.room.id, body);
  await member.reads();
  expect(ids.map((id) => member.store.outbox.get(id)?.end)).toEqual(['silenced', 'silenced']);
  expect(member.store.outbox.size).toBe(0);
  await admin.commits((room) => setRole(room, device, 'member', env));
  await member.says(text('back'));
  await readAll({ ...all, reader });
  for (const one of [admin, reader]) {
    expect(await textsOf(one)).toEqual(['back']);
    expect((await one.history.recent()).filter(({ kind }) => kind === 'warning')).toEqual([]);
  }
});
