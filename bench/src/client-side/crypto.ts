import { createRoom, landedFirst } from '@gochat/crypto/create';
import { decodeRoom, encodeRoom } from '@gochat/crypto/encode-room';
import { heal, invite, type Started } from '@gochat/crypto/handshake';
import { createIdentity, fingerprintOf, type Identity, newLeaf } from '@gochat/crypto/identity';
import type { LogEntry } from '@gochat/crypto/internal/log-entry';
import { readGroupInfo, readPrivateMessage, readPublicMessage } from '@gochat/crypto/internal/mls/codec';
import { candidate, commit, joinExternally } from '@gochat/crypto/internal/mls/commits';
import { groupInfoOf } from '@gochat/crypto/internal/mls/group-info';
import { protect, unprotect } from '@gochat/crypto/internal/mls/messages';
import { join } from '@gochat/crypto/join';
import type { InviteLink } from '@gochat/crypto/link';
import { type Env, utf8 } from '@gochat/crypto/primitives';
import { receive } from '@gochat/crypto/receive';
import { membersOf, type Room } from '@gochat/crypto/room';
import { sealMessage } from '@gochat/crypto/send';
import type { DownOf } from '@gochat/protocol/down';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { Position, RequestId } from '@gochat/protocol/fields';
import { type Figure, figureOf, type Occasion, Stopwatch } from './figures.ts';
import { populated } from './full-tree.ts';

/** What the library alone was measured at on this machine: milliseconds, and bytes of a GroupInfo with its tree. */
const KNOWN: ReadonlyMap<number, { join: number; process: number; commit: number; groupInfo: number }> =
  new Map([
    [2, { join: 9, process: 7, commit: 6, groupInfo: 769 }],
    [10, { join: 14, process: 7, commit: 10, groupInfo: 2_961 }],
    [100, { join: 66, process: 21, commit: 25, groupInfo: 28_611 }],
    [500, { join: 300, process: 67, commit: 77, groupInfo: 142_947 }],
    [1000, { join: 626, process: 116, commit: 119, groupInfo: 285_915 }],
  ]);
/** A second, of a text of 200 bytes. */
const KNOWN_SEALED = 1_100;
const KNOWN_OPENED = 2_200;
/** What our share may come to, as a factor. */
const ALLOWED = 1.2;

const QUICK_MEMBERS = 100;
const TEXT = 'A text of two hundred bytes. '.repeat(7).slice(0, 200);
const BURST = 50;
/** Runs that aren't kept: they compile, and derive what an epoch wants once. */
const WARM_UP = 1;

const env: Env = {
  now: Date.now,
  random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
};

/** What ours costs and what the library alone does, run by run. */
class Pair {
  readonly #ours: number[] = [];
  readonly #library: number[] = [];
  #cpu = { ours: 0, library: 0 };

  /** One run of each, of `times` pieces of work. */
  add(ours: Stopwatch, library: Stopwatch, times = 1): void {
    this.#ours.push(ours.wall / times);
    this.#library.push(library.wall / times);
    this.#cpu = { ours: this.#cpu.ours + ours.cpu, library: this.#cpu.library + library.cpu };
  }

  /** In milliseconds. */
  durations(name: string, known: number): Figure[] {
    return this.#figures(name, 'ms', 'less', known * ALLOWED, (ms) => ms);
  }

  /** As so many a second. */
  rates(name: string, known: number): Figure[] {
    return this.#figures(name, 'messages/s', 'more', known / ALLOWED, (ms) => 1000 / ms);
  }

  #figures(
    name: string,
    unit: string,
    better: Figure['better'],
    target: number,
    read: (ms: number) => number,
  ): Figure[] {
    const { ours, library } = this.#cpu;
    const ratios = this.#ours.map((ms, i) => ms / (this.#library[i] ?? Number.NaN));
    return [
      figureOf(name, unit, this.#ours.map(read), { better, target, cpuSeconds: ours }),
      figureOf(`${name}: library alone`, unit, this.#library.map(read), { better, cpuSeconds: library }),
      figureOf(`${name}: ours by the library's`, 'x', ratios, { better: 'less', target: ALLOWED }),
    ];
  }
}

/** A room whose founder has invited the next one. */
interface Inviting {
  readonly who: Identity;
  readonly room: Room;
  readonly link: InviteLink;
  readonly info: DownOf<'groupinfo'>;
}

/** What rooms cost on the device, over how many members they have, beside the MLS library alone in the same runs. */
export async function measureCrypto({ quick, tell }: Occasion): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [members, known] of KNOWN) {
    if (quick && members > QUICK_MEMBERS) continue;
    const begun = performance.now();
    const inviting = await invites(members - 1);
    tell(`a room of ${members} members was set up in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    const runs = quick ? 3 : 5;
    const { joining, processing, room, joined } = await measureJoins(inviting, members, runs);
    const healing = await measureHeals(room, runs);
    const { sealing, opening } = await measureMessages(joined, room, runs);
    const size = decodeBytes(inviting.info.groupInfo).length;
    const bare = (await groupInfoOf(inviting.room.mls, [])).length;
    const of = (what: string) => `${what}, ${members} members`;
    figures.push(
      ...sealing.rates(of('sealing'), KNOWN_SEALED),
      ...opening.rates(of('opening'), KNOWN_OPENED),
      ...joining.durations(of('joining'), known.join),
      ...processing.durations(of('taking in a join'), known.process),
      ...healing.durations(of('healing'), known.commit),
      figureOf(of('GroupInfo'), 'bytes', [size], { better: 'less', target: known.groupInfo * ALLOWED }),
      figureOf(`${of('GroupInfo')}: library alone`, 'bytes', [bare], { better: 'less' }),
    );
  }
  return figures;
}

function entry(after: Room, kind: LogEntry['kind'], body: string): LogEntry {
  return { seq: String(Number(after.position) + 1) as Position, kind, at: env.now(), body };
}

async function landed({ room, frame }: Started): Promise<Room> {
  return (await receive(room, entry(room, 'handshake', frame.body), env.now())).room;
}

async function invites(members: number): Promise<Inviting> {
  const who = createIdentity(env);
  const founded = landedFirst(
    (await createRoom(who, { room: 'kitchen', own: 'ana' }, env)).room,
    '1' as Position,
  );
  const filled = { ...founded, mls: await populated(founded.mls, members, env) };
  const healed = await landed(await heal(filled, env));
  const secret = env.random(16);
  const started = await invite(healed, secret, {}, env);
  const room = await landed(started);
  const [grant] = started.frame.invites;
  if (grant === undefined) throw new Error('an invite is granted');
  return {
    who,
    room,
    link: {
      address: 'http://127.0.0.1:4040',
      room: room.id,
      secret,
      founder: fingerprintOf(room.context.founder),
    },
    info: {
      type: 'groupinfo',
      id: 'r' as RequestId,
      room: room.id,
      handshake: room.base,
      groupInfo: started.frame.groupInfo,
      wrapped: grant.wrapped,
      invites: [{ invite: grant.invite }],
    },
  };
}

/** Nothing that was worked out of it before is remembered. */
async function forgetful(room: Room): Promise<Room> {
  return decodeRoom(encodeRoom(room));
}

async function measureJoins({ room, link, info }: Inviting, members: number, runs: number) {
  const joining = new Pair();
  const processing = new Pair();
  let after = room;
  let joined = room;
  for (let run = -WARM_UP; run < runs; run++) {
    const ours = new Stopwatch();
    const who = createIdentity(env);
    const asked = await ours.time(() => join(who, 'zoe', link, info, env));
    const landing = entry(room, 'handshake', asked.frame.body);
    joined = landedFirst(asked.room, landing.seq);
    const bare = new Stopwatch();
    const message = await joinBare(room, bare);

    const [one, other] = [await forgetful(room), await forgetful(room)];
    const taking = new Stopwatch();
    after = (await taking.time(() => receive(one, landing, env.now()))).room;
    if (membersOf(after).length !== members) throw new Error('the joiner is not in the room');
    const taken = new Stopwatch();
    await taken.time(async () => {
      const commitOf = readPublicMessage(message);
      return commitOf && candidate(other.mls, { joiner: commitOf }, () => true);
    });
    if (run < 0) continue;
    joining.add(ours, bare);
    processing.add(taking, taken);
  }
  return { joining, processing, room: after, joined };
}

/** @returns the joiner's commit */
async function joinBare({ mls }: Room, watch: Stopwatch): Promise<Uint8Array> {
  const who = createIdentity(env);
  const leaf = newLeaf(mls.groupContext.groupId, who, 'zoe', env);
  const bytes = await groupInfoOf(mls, []);
  return watch.time(async () => {
    const groupInfo = readGroupInfo(bytes);
    if (groupInfo === undefined) throw new Error('a GroupInfo can be read');
    return (await joinExternally(groupInfo, leaf, false, new Uint8Array())).message;
  });
}

async function measureHeals(room: Room, runs: number): Promise<Pair> {
  const pair = new Pair();
  for (let run = -WARM_UP; run < runs; run++) {
    const [one, other] = [await forgetful(room), await forgetful(room)];
    const ours = new Stopwatch();
    await ours.time(() => heal(one, env));
    const bare = new Stopwatch();
    await bare.time(() => commit(other.mls, [], undefined));
    if (run >= 0) pair.add(ours, bare);
  }
  return pair;
}

async function measureMessages(sender: Room, reader: Room, runs: number) {
  const sealing = new Pair();
  const opening = new Pair();
  const bare = { sender: sender.mls, reader: reader.mls };
  const text = utf8(TEXT);
  for (let run = -WARM_UP; run < runs; run++) {
    const watches = Array.from({ length: 4 }, () => new Stopwatch());
    const [seal, open, protects, unprotects] = watches as [Stopwatch, Stopwatch, Stopwatch, Stopwatch];
    for (let i = 0; i < BURST; i++) {
      const draft = {
        id: encodeBytes(env.random(16)),
        n: undefined,
        content: { kind: 'text', text: TEXT },
      } as const;
      const sealed = await seal.time(() => sealMessage(sender, draft, env));
      const seen = entry(reader, 'message', sealed.frame.body);
      sender = (await receive(sealed.room, seen, env.now())).room;
      const step = await open.time(() => receive(reader, seen, env.now()));
      reader = step.room;
      if (step.events[0]?.kind !== 'message') throw new Error('a message was not read');

      const sent = await protects.time(() => protect(bare.sender, text));
      bare.sender = sent.state;
      const read = await unprotects.time(async () => {
        const message = readPrivateMessage(sent.message);
        if (message === undefined) throw new Error('a message can be read');
        return unprotect(bare.reader, message);
      });
      bare.reader = read.state;
    }
    if (run < 0) continue;
    sealing.add(seal, protects, BURST);
    opening.add(open, unprotects, BURST);
  }
  return { sealing, opening };
}
