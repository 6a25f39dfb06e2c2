import { readFileSync, writeFileSync } from 'node:fs';
import { createRoom, landedFirst } from '@gochat/crypto/create';
import { decodeRoom, encodeRoom } from '@gochat/crypto/encode-room';
import { heal, invite, type Started } from '@gochat/crypto/handshake';
import { createIdentity, fingerprintOf } from '@gochat/crypto/identity';
import { groupInfoOf } from '@gochat/crypto/internal/mls/group-info';
import { inviteKeys } from '@gochat/crypto/invite';
import { join, proveJoin } from '@gochat/crypto/join';
import type { Env } from '@gochat/crypto/primitives';
import { receive } from '@gochat/crypto/receive';
import type { Room } from '@gochat/crypto/room';
import { sealMessage } from '@gochat/crypto/send';
import type { DownOf } from '@gochat/protocol/down';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { Position, RequestId } from '@gochat/protocol/fields';
import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import { Stopwatch } from '../client-side/figures.ts';
import { populated } from '../client-side/full-tree.ts';

/*
 * What a room costs a device. `setup FILE MEMBERS` stores a room; `measure FILE SMALL` restores it, and prints samples in milliseconds
 * of CPU and in bytes. These are two processes, so that the first change that `measure` follows is the first one after a start. SMALL
 * is the file of another room, on which everything runs before, so that it is compiled. main.ts runs a copy of this file in an older
 * checkout, so it uses only what both have.
 */

const TEXT = 'On my way, five minutes.';
const LONGEST_TEXT = 4096;
const BURST = 50;
const BURSTS = 5;
/** In how many milliseconds of CPU the measurement of each case may be repeated. */
const BUDGET_MS = 1_500;
const WARM_UPS = 3;
const LEAST_RUNS = 3;
const MOST_RUNS = 20;
const ORIGIN = '127.0.0.1:4040';

const env: Env = {
  now: Date.now,
  random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
};

interface Stored {
  /** The rooms of the founder and of the member who has joined last, before the founder has read it. */
  readonly founder: string;
  readonly joiner: string;
  readonly join: string;
  readonly secret: string;
  readonly info: DownOf<'groupinfo'>;
}

function entry(after: Room, kind: 'message' | 'handshake', body: string) {
  return { seq: String(Number(after.position) + 1) as Position, kind, at: env.now(), body };
}

async function landed({ room, frame }: Started): Promise<Room> {
  return (await receive(room, entry(room, 'handshake', frame.body), env.now())).room;
}

function linkTo(room: Room, secret: Uint8Array) {
  const founder = fingerprintOf(room.context.founder);
  return { address: `http://${ORIGIN}`, room: room.id, secret, founder };
}

async function setUp(members: number): Promise<Stored> {
  const created = await createRoom(createIdentity(env), { room: 'kitchen', own: 'ana' }, env);
  const founded = landedFirst(created.room, '1' as Position);
  const filled = { ...founded, mls: await populated(founded.mls, members - 1, env) };
  const secret = env.random(16);
  const started = await invite(await landed(await heal(filled, env)), secret, {}, env);
  const room = await landed(started);
  const { groupInfo, invites } = started.frame;
  const info: DownOf<'groupinfo'> = {
    type: 'groupinfo',
    id: 'r' as RequestId,
    room: room.id,
    handshake: room.base,
    groupInfo,
    wrapped: invites.find((one) => one.invite === inviteKeys(secret).id)?.wrapped ?? '',
    invites: invites.map((one) => ({ invite: one.invite })),
  };
  const asked = await join(createIdentity(env), 'ben', linkTo(room, secret), info, env);
  return {
    founder: encodeBytes(encodeRoom(room)),
    joiner: encodeBytes(encodeRoom(asked.room)),
    join: asked.frame.body,
    secret: encodeBytes(secret),
    info,
  };
}

/** The samples of each case. */
class Samples {
  readonly all: Record<string, number[]> = {};

  keep(name: string, value: number): void {
    this.all[name] = [...(this.all[name] ?? []), value];
  }

  /** @param times how many pieces of work it does */
  async time<T>(name: string, work: () => Promise<T>, times = 1): Promise<T> {
    const watch = new Stopwatch();
    const result = await watch.time(work);
    this.keep(`${name}, ms`, (watch.cpu * 1000) / times);
    return result;
  }

  /** A request and the entry that the others receive for it. */
  sizes(name: string, request: { readonly body: string }, entryFrame: object): void {
    this.keep(`${name}: the request, bytes`, lineBytes(request));
    this.keep(`${name}: its entry, bytes`, lineBytes(entryFrame));
  }
}

function lineBytes(frame: object): number {
  return JSON.stringify(frame).length + 1;
}

function entryFrame(room: Room, kind: 'message' | 'handshake', body: string, more: object = {}): object {
  return { type: 'entry', room: room.id, ...entry(room, kind, body), ...more };
}

/** Makes a change again and again, until that has taken {@link BUDGET_MS}. */
async function repeated(change: () => Promise<void>): Promise<void> {
  const watch = new Stopwatch();
  for (let run = 0; run < LEAST_RUNS || (run < MOST_RUNS && watch.cpu * 1000 < BUDGET_MS); run++)
    await watch.time(change);
}

function restored(bytes: string): Promise<Room> {
  return decodeRoom(decodeBytes(bytes));
}

/** @param body of a handshake. @returns the room after it */
async function followed(samples: Samples, name: string, stored: string, body: string): Promise<Room> {
  const before = await restored(stored);
  const landing = entry(before, 'handshake', body);
  const { room } = await samples.time(name, () => receive(before, landing, env.now()));
  if (room.mls === before.mls) throw new Error(`${name}: it was skipped`);
  return room;
}

async function measure(stored: Stored): Promise<Samples> {
  const samples = new Samples();
  const first = 'following a join, the first change after a start';
  const ana = await followed(samples, first, stored.founder, stored.join);
  await measureJoins(samples, stored, ana);
  const founder = encodeBytes(encodeRoom(ana));
  const member = encodeBytes(encodeRoom(landedFirst(await restored(stored.joiner), ana.position)));
  await measureHeals(samples, founder, member);
  await measureMessages(samples, await restored(member), await restored(founder));
  samples.keep('the longest text of a short message, bytes', await longestText(await restored(member)));
  samples.keep('GroupInfo before padding, bytes', (await groupInfoOf(ana.mls, [])).length);
  samples.keep('GroupInfo as a joiner reads it, bytes', lineBytes(stored.info));
  samples.keep('the room as a device stores it, bytes', decodeBytes(founder).length);
  return samples;
}

async function measureJoins(samples: Samples, { founder, secret, info }: Stored, after: Room): Promise<void> {
  const link = linkTo(after, decodeBytes(secret));
  const keys = inviteKeys(link.secret);
  const at = { origin: ORIGIN, nonce: encodeBytes(env.random(16)) };
  await repeated(async () => {
    const who = createIdentity(env);
    const { frame } = await samples.time('making a join', () => join(who, 'zoe', link, info, env));
    const more = PROTOCOL_VERSION > 1 ? { invite: frame.invite } : {};
    samples.sizes('join', proveJoin(keys, frame, at, env), entryFrame(after, 'handshake', frame.body, more));
    await followed(samples, 'following a join', founder, frame.body);
  });
}

/** Of a member, which the founder follows; and of the founder, who is an admin. */
async function measureHeals(samples: Samples, founder: string, member: string): Promise<void> {
  await repeated(async () => {
    const room = await restored(member);
    const { frame } = await samples.time('making a heal', () => heal(room, env));
    samples.sizes('heal', frame, entryFrame(room, 'handshake', frame.body));
    await followed(samples, 'following a heal', founder, frame.body);
  });
  await repeated(async () => {
    const room = await restored(founder);
    const { frame } = await samples.time("making an admin's heal", () => heal(room, env));
    samples.sizes("admin's heal", frame, entryFrame(room, 'handshake', frame.body));
  });
}

async function seal(room: Room, text: string) {
  const id = encodeBytes(env.random(16));
  return sealMessage(room, { id, n: undefined, content: { kind: 'text', text } }, env);
}

async function measureMessages(samples: Samples, writer: Room, reader: Room): Promise<void> {
  let [from, to] = [writer, reader];
  for (let burst = 0; burst < BURSTS; burst++) {
    const bodies: string[] = [];
    const sealing = async () => {
      for (let i = 0; i < BURST; i++) {
        const { room, frame } = await seal(from, TEXT);
        from = room;
        bodies.push(frame.body);
        samples.sizes('short message', frame, entryFrame(to, 'message', frame.body));
      }
    };
    await samples.time('sealing a message', sealing, BURST);
    const opening = async () => {
      for (const body of bodies) {
        const { room, events } = await receive(to, entry(to, 'message', body), env.now());
        to = room;
        if (!events.some((event) => event.kind === 'message')) throw new Error('a message was not read');
      }
    };
    await samples.time('opening a message', opening, BURST);
    for (const body of bodies) from = (await receive(from, entry(from, 'message', body), env.now())).room;
  }
}

/** How long an ASCII text may be so that its message isn't larger than a short one. */
async function longestText(room: Room): Promise<number> {
  let from = room;
  const size = async (text: string) => {
    const sealed = await seal(from, text);
    from = sealed.room;
    return sealed.frame.body.length;
  };
  // The first message of an epoch is longer.
  await size(TEXT);
  const short = await size(TEXT);
  let [fits, tooLong] = [TEXT.length, LONGEST_TEXT];
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if ((await size('a'.repeat(middle))) > short) tooLong = middle;
    else fits = middle;
  }
  return fits;
}

function stored(path: string): Stored {
  return JSON.parse(readFileSync(path, 'utf8')) as Stored;
}

const [mode, file = '', argument = ''] = process.argv.slice(2);
if (mode === 'setup') {
  writeFileSync(file, JSON.stringify(await setUp(Number(argument))));
} else {
  for (let i = 0; i < WARM_UPS; i++) await measure(stored(argument));
  process.stdout.write(`${JSON.stringify((await measure(stored(file))).all)}\n`);
}
