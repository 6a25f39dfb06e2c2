import { encodeBytes } from '@gochat/protocol/encoding';
import type { Position, RequestId } from '@gochat/protocol/fields';
import type { UpOf } from '@gochat/protocol/up';
import { createRoom, landedFirst } from '../src/create.ts';
import { decodeRoom, encodeRoom } from '../src/encode-room.ts';
import { proveEnter } from '../src/enter.ts';
import type { RoomEvent, Step } from '../src/event.ts';
import { isPublished } from '../src/groupinfo.ts';
import { heal, type InviteTerms, invite, refresh, remove, reopen, type Started } from '../src/handshake.ts';
import { type Certificate, createIdentity, fingerprintOf, type Identity, type Who } from '../src/identity.ts';
import { join } from '../src/join.ts';
import type { InviteLink } from '../src/link.ts';
import type { LogEntry } from '../src/log-entry.ts';
import { afterSplit, look, type Sight, waysIn } from '../src/look.ts';
import type { Env } from '../src/primitives.ts';
import { receive, receiveAll } from '../src/receive.ts';
import { leafKeysOf, liveInvitesOf, membersOf, type Room } from '../src/room.ts';
import { sealMessage } from '../src/send.ts';
import type { Log, Shown } from './log.ts';

/** A clock that always advances, and seeded random bytes. MLS uses the platform's random source instead. */
export type TestEnv = Env & { chance(): number; passes(ms: number): void };

export function seededEnv(seed: number): TestEnv {
  let now = 1_700_000_000_000;
  let state = seed >>> 0 || 1;
  const chance = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    now: () => ++now,
    random: (bytes) => Uint8Array.from({ length: bytes }, () => Math.floor(chance() * 256)),
    chance,
    passes: (ms) => {
      now += ms;
    },
  };
}

interface Draft {
  readonly id: string;
  readonly n: number | undefined;
  readonly text: string;
}

/** A person with one device in one room. Wipes the secrets that a step returns, as a client does. */
export class Person {
  readonly name: string;
  readonly who: Identity;
  /** That of a limited device, which joins without its person's identity key. */
  readonly certificate: Certificate | undefined;
  readonly env: Env;
  readonly events: RoomEvent[] = [];
  /** The messages that are not in the log yet, in order. */
  drafts: Draft[] = [];
  /** Whether the device restarts after every step. */
  restarts = false;
  #room: Room | undefined;

  constructor(name: string, env: Env, who = createIdentity(env), certificate?: Certificate) {
    this.name = name;
    this.env = env;
    this.who = who;
    this.certificate = certificate;
  }

  /** The keys with which this device joins. */
  get joiner(): Who {
    const { certificate, who } = this;
    return certificate === undefined ? who : { device: who.device, certificate };
  }

  get room(): Room {
    if (this.#room === undefined) throw new Error(`${this.name} is in no room`);
    return this.#room;
  }

  set room(room: Room) {
    this.#room = room;
  }

  /** The room decoded from its stored bytes. It shares no memory with the device. */
  async copy(): Promise<Room> {
    return decodeRoom(encodeRoom(this.room));
  }

  async keeps(room: Room, secretsToWipe: readonly Uint8Array[] = []): Promise<void> {
    this.room = room;
    if (this.restarts) this.room = await this.copy();
    for (const secret of secretsToWipe) secret.fill(0);
  }

  async creates(log: Log, roomName = 'kitchen'): Promise<void> {
    const { room, frame } = await createRoom(this.who, { room: roomName, own: this.name }, this.env);
    await this.keeps(room);
    await this.keeps(landedFirst(this.room, won(log.swap(frame))));
  }

  /** Processes one entry at any position. */
  async takes(entry: LogEntry): Promise<readonly RoomEvent[]> {
    return this.#takesIn([await receive(this.room, entry, this.env.now())]);
  }

  async #takesIn(steps: readonly Step<Room>[]): Promise<RoomEvent[]> {
    const room = steps.at(-1)?.room;
    if (room === undefined) return [];
    await this.keeps(
      room,
      steps.flatMap(({ secretsToWipe }) => secretsToWipe),
    );
    const events = steps.flatMap((step) => step.events);
    this.events.push(...events);
    const sent = events.flatMap((event) => (event.kind === 'sent' ? [event.id] : []));
    this.drafts = this.drafts.filter(({ id }) => !sent.includes(id));
    return events;
  }

  /** Reads all new entries, or those up to `until`: together, or one after the other if the device restarts. */
  async reads(log: Shown, until?: Position): Promise<RoomEvent[]> {
    const entries = log.entries.filter(
      ({ seq }) =>
        Number(seq) > Number(this.room.position) && (until === undefined || Number(seq) <= Number(until)),
    );
    if (!this.restarts) return this.#takesIn(await receiveAll(this.room, entries, this.env.now()));
    const seen: RoomEvent[] = [];
    for (const entry of entries) seen.push(...(await this.takes(entry)));
    return seen;
  }

  /** Seals a text without posting it. */
  async seals(text: string, again?: Draft): Promise<UpOf<'post'>> {
    const draft = { id: again?.id ?? this.id(), n: again?.n, content: { kind: 'text', text } } as const;
    const sealed = await sealMessage(this.room, draft, this.env);
    if (again === undefined) this.drafts.push({ id: draft.id, n: sealed.n, text });
    await this.keeps(sealed.room, sealed.secretsToWipe);
    return sealed.frame;
  }

  /** Reads all new entries, posts a message, and reads it in the log. */
  async says(log: Log, text: string): Promise<Position> {
    await this.reads(log);
    const seq = log.post(await this.seals(text));
    if (seq === 'stale') throw new Error('stale');
    await this.reads(log);
    return seq;
  }

  /** Reads all new entries, then encrypts and posts stale messages again. */
  async saysAgain(log: Log): Promise<void> {
    await this.reads(log);
    for (const draft of [...this.drafts]) log.post(await this.seals(draft.text, draft));
    await this.reads(log);
  }

  id(): string {
    return encodeBytes(this.env.random(16));
  }

  async starts(make: (room: Room) => Promise<Started>): Promise<Started['frame']> {
    const started = await make(this.room);
    await this.keeps(started.room);
    return started.frame;
  }

  /** Reads all new entries, posts a handshake, and reads the result. */
  async commits(log: Log, make: (room: Room) => Promise<Started>): Promise<RoomEvent[]> {
    await this.reads(log);
    won(log.swap(await this.starts(make)));
    return this.reads(log);
  }

  heals(log: Log): Promise<RoomEvent[]> {
    return this.commits(log, (room) => heal(room, this.env));
  }

  async invites(log: Log, terms: InviteTerms = {}): Promise<InviteLink> {
    const secret = this.env.random(16);
    await this.commits(log, (room) => invite(room, secret, terms, this.env));
    return this.linkFor(secret);
  }

  linkFor(secret: Uint8Array): InviteLink {
    const founder = fingerprintOf(this.room.context.founder);
    const inviter = fingerprintOf(this.who.identity.publicKey);
    return {
      address: 'http://127.0.0.1:4040',
      room: this.room.id,
      secret,
      founder,
      ...(encodeBytes(inviter) !== encodeBytes(founder) && { inviter }),
    };
  }

  async removes(log: Log, other: Person): Promise<void> {
    await this.commits(log, (room) => remove(room, other.device, this.env));
    await this.commits(log, (room) => reopen(room, this.env));
  }

  async refreshes(log: Log): Promise<void> {
    const outcome = log.refresh(await refresh(this.room, this.env));
    if (outcome !== 'done') throw new Error(outcome);
  }

  /** Whether the server keeps for joiners what this person would upload. */
  sees(log: Log): Promise<boolean> {
    return isPublished(this.room, liveInvitesOf(this.room), log.kept);
  }

  /** Whether the server lets this device follow the room. */
  enters(log: Log): boolean {
    const at = { origin: '127.0.0.1:4040', nonce: this.id() };
    return log.lets(proveEnter(this.room, this.room.position, at, 'r' as RequestId, this.env), at);
  }

  async asksToJoin(log: Log, link: InviteLink) {
    const info = log.info(link);
    if (info === undefined) throw new Error('the server has no such invite');
    const known = this.#room;
    const former = known === undefined ? [] : leafKeysOf(known);
    return join(this.joiner, this.name, link, info, this.env, { former });
  }

  /** Opens the GroupInfo that the server keeps, and stops sending if it proves that the others have gone on. */
  async looks(log: Log): Promise<Sight> {
    const sight = await look(this.room, log.kept);
    if (sight.kind === 'elsewhere') this.room = afterSplit(this.room, sight.split);
    return sight;
  }

  /** Joins the others again after a split, with its own leaf. @param seen the tag of a comparison that the user has seen */
  async returns(log: Log, seen?: string): Promise<Position> {
    const { unfollowed, split } = this.room;
    const links = waysIn(this.room).map((secret) => this.linkFor(secret));
    const link = links.find((one) => log.info(one) !== undefined);
    const info = link && log.info(link);
    if (link === undefined || info === undefined) throw new Error('the server has no such invite');
    const former = leafKeysOf(this.room);
    const [again] = former;
    const options = {
      former,
      ...(again && { again }),
      ...(unfollowed && { unfollowed: unfollowed.seq }),
      ...(seen !== undefined && { seen: { room: this.room, tag: seen } }),
      ...(split && { split: { room: this.room, unasked: split.alike } }),
    };
    const { room, frame } = await join(this.joiner, this.name, link, info, this.env, options);
    await this.keeps(room);
    const seq = won(log.swap(frame));
    await this.keeps(landedFirst(this.room, seq));
    return seq;
  }

  async joins(log: Log, link: InviteLink): Promise<Position> {
    const { room, frame } = await this.asksToJoin(log, link);
    await this.keeps(room);
    const seq = won(log.swap(frame));
    await this.keeps(landedFirst(this.room, seq));
    return seq;
  }

  get device(): string {
    return encodeBytes(this.who.device.publicKey);
  }

  /** What the person has read, as `name: text`. */
  get heard(): string[] {
    return heardIn(this.events);
  }

  get warnings(): string[] {
    return warningsIn(this.events);
  }

  get members(): string[] {
    return membersOf(this.room)
      .map((m) => m.name)
      .sort();
  }
}

function heardIn(events: readonly RoomEvent[]): string[] {
  return events.flatMap((e) =>
    e.kind === 'message' && e.content.kind === 'text' ? [`${e.from.name}: ${e.content.text}`] : [],
  );
}

export function warningsIn(events: readonly RoomEvent[]): string[] {
  return events.flatMap((e) => (e.kind === 'warning' ? [e.warning.kind] : []));
}

export function won(seq: Position | 'conflict' | 'refused' | 'stale'): Position {
  if (seq === 'conflict' || seq === 'refused' || seq === 'stale') throw new Error(seq);
  return seq;
}
