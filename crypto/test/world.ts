import type { DownOf } from '@gochat/protocol/down';
import { encodeBytes } from '@gochat/protocol/encoding';
import type { Position, RequestId, RoomId } from '@gochat/protocol/fields';
import type { InviteGrant, UpOf } from '@gochat/protocol/up';
import { createRoom, landedFirst } from '../src/create.ts';
import type { RoomEvent } from '../src/event.ts';
import { heal, type InviteTerms, invite, refresh, remove, reopen, type Started } from '../src/handshake.ts';
import { createIdentity, fingerprintOf, type Identity } from '../src/identity.ts';
import { inviteKeys } from '../src/invite.ts';
import { join, type UnprovedJoin } from '../src/join.ts';
import type { InviteLink } from '../src/link.ts';
import type { Env } from '../src/primitives.ts';
import { receive } from '../src/receive.ts';
import { membersOf, type Room } from '../src/room.ts';
import { sealMessage } from '../src/send.ts';

/** A clock that never stands still, and randomness that a seed repeats. MLS draws its own from the platform. */
export function seededEnv(seed: number): Env & { chance(): number } {
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
  };
}

export interface Stored {
  readonly seq: Position;
  readonly kind: 'message' | 'handshake';
  readonly at: number;
  readonly body: string;
}

interface Live {
  readonly invite: string;
  wrapped: string;
  uses: number;
}

/** The server's part of one room, honest and in memory: base check, compare-and-swap, invites. */
export class Log {
  readonly entries: Stored[] = [];
  handshake = '0' as Position;
  groupInfo = '';
  member = '';
  invites: Live[] = [];
  #seq = 0;

  append(kind: Stored['kind'], body: string): Position {
    this.#seq += 1 + (this.#seq % 3);
    const seq = String(this.#seq) as Position;
    this.entries.push({ seq, kind, at: 1_700_000_000_000 + this.#seq, body });
    if (kind === 'handshake') this.handshake = seq;
    return seq;
  }

  post(frame: UpOf<'post'>): Position | 'stale' {
    return frame.base === this.handshake ? this.append('message', frame.body) : 'stale';
  }

  swap(frame: UpOf<'handshake'> | UpOf<'create'> | UnprovedJoin): Position | 'conflict' {
    const after = frame.type === 'create' ? '0' : frame.after;
    if (after !== this.handshake) return 'conflict';
    if (frame.type === 'join') {
      const used = this.invites.find((i) => i.invite === frame.invite);
      if (used === undefined) return 'conflict';
      used.uses -= 1;
    }
    this.groupInfo = frame.groupInfo;
    this.member = frame.member;
    this.merge(frame.invites);
    this.invites = this.invites.filter((i) => i.uses > 0);
    return this.append('handshake', frame.body);
  }

  refresh(frame: UpOf<'refresh'>): 'done' | 'conflict' {
    if (frame.after !== this.handshake) return 'conflict';
    this.groupInfo = frame.groupInfo;
    this.member = frame.member;
    for (const grant of frame.invites) {
      const known = this.invites.find((i) => i.invite === grant.invite);
      if (known !== undefined) known.wrapped = grant.wrapped;
    }
    return 'done';
  }

  merge(grants: readonly InviteGrant[]): void {
    this.invites = grants.flatMap((grant) => {
      const known = this.invites.find((i) => i.invite === grant.invite);
      if (known !== undefined) return [{ ...known, wrapped: grant.wrapped }];
      return grant.join === undefined
        ? []
        : [{ invite: grant.invite, wrapped: grant.wrapped, uses: grant.uses ?? 1000 }];
    });
  }

  info(link: InviteLink): DownOf<'groupinfo'> | undefined {
    const live = this.invites.find((i) => i.invite === inviteKeys(link.secret).id);
    if (live === undefined) return undefined;
    return {
      type: 'groupinfo',
      id: 'r' as RequestId,
      room: link.room,
      handshake: this.handshake,
      groupInfo: this.groupInfo,
      wrapped: live.wrapped,
      invites: this.invites.map((i) => ({
        invite: inviteKeys(link.secret).id === i.invite ? inviteKeys(link.secret).id : (i.invite as never),
      })),
    };
  }
}

/** A person with one device in one room. */
export class Person {
  readonly name: string;
  readonly who: Identity;
  readonly env: Env;
  readonly events: RoomEvent[] = [];
  #room: Room | undefined;

  constructor(name: string, env: Env, who = createIdentity(env)) {
    this.name = name;
    this.env = env;
    this.who = who;
  }

  get room(): Room {
    if (this.#room === undefined) throw new Error(`${this.name} is in no room`);
    return this.#room;
  }

  set room(room: Room) {
    this.#room = room;
  }

  async creates(log: Log, roomName = 'kitchen'): Promise<void> {
    const { room, frame } = await createRoom(this.who, { room: roomName, own: this.name }, this.env);
    this.room = landedFirst(room, won(log.swap(frame)));
  }

  /** Reads all that is new, as far as `until` when given. */
  async reads(log: Log, until?: Position): Promise<RoomEvent[]> {
    const seen: RoomEvent[] = [];
    for (const entry of log.entries) {
      if (Number(entry.seq) <= Number(this.room.position)) continue;
      if (until !== undefined && Number(entry.seq) > Number(until)) break;
      const step = await receive(this.room, entry, this.env.now());
      this.room = step.room;
      seen.push(...step.events);
    }
    this.events.push(...seen);
    return seen;
  }

  async says(log: Log, text: string): Promise<Position> {
    await this.reads(log);
    const sealed = await sealMessage(
      this.room,
      { id: this.id(), n: undefined, content: { kind: 'text', text } },
      this.env,
    );
    this.room = sealed.room;
    const seq = log.post(sealed.frame);
    if (seq === 'stale') throw new Error('stale');
    await this.reads(log);
    return seq;
  }

  id(): string {
    return encodeBytes(this.env.random(16));
  }

  async commits(log: Log, make: (room: Room) => Promise<Started>): Promise<RoomEvent[]> {
    await this.reads(log);
    const started = await make(this.room);
    this.room = started.room;
    won(log.swap(started.frame));
    return this.reads(log);
  }

  heals(log: Log): Promise<RoomEvent[]> {
    return this.commits(log, (room) => heal(room, this.env));
  }

  async invites(log: Log, terms: InviteTerms = {}): Promise<InviteLink> {
    const secret = this.env.random(16);
    await this.commits(log, (room) => invite(room, secret, terms, this.env));
    return {
      address: 'http://127.0.0.1:4040',
      room: this.room.id,
      secret,
      founder: fingerprintOf(this.room.context.founder),
    };
  }

  async removes(log: Log, other: Person): Promise<void> {
    await this.commits(log, (room) => remove(room, encodeBytes(other.who.device.publicKey), this.env));
    await this.commits(log, (room) => reopen(room, this.env));
  }

  async refreshes(log: Log): Promise<void> {
    log.refresh(await refresh(this.room, this.env));
  }

  async joins(log: Log, link: InviteLink): Promise<void> {
    const info = log.info(link);
    if (info === undefined) throw new Error('the server has no such invite');
    const { room, frame } = await join(this.who, this.name, link, info, this.env);
    this.room = landedFirst(room, won(log.swap(frame)));
  }

  /** What the person has read, as `name: text`. */
  get heard(): string[] {
    return this.events.flatMap((e) =>
      e.kind === 'message' && e.content.kind === 'text' ? [`${e.from.name}: ${e.content.text}`] : [],
    );
  }

  get troubles(): string[] {
    return this.events.flatMap((e) => (e.kind === 'trouble' ? [e.trouble.kind] : []));
  }

  get members(): string[] {
    return membersOf(this.room)
      .map((m) => m.name)
      .sort();
  }
}

export function won(seq: Position | 'conflict'): Position {
  if (seq === 'conflict') throw new Error('conflict');
  return seq;
}

export type { RoomId };
