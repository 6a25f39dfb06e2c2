import type { DownOf } from '@gochat/protocol/down';
import { decodeBytes } from '@gochat/protocol/encoding';
import { type InviteId, type Position, type RequestId, START } from '@gochat/protocol/fields';
import type { Rules } from '@gochat/protocol/rules';
import {
  type Dialled,
  signedEnter,
  signedHandshake,
  signedOrder,
  signedRefresh,
  signedVoice,
} from '@gochat/protocol/signed';
import type { InviteGrant, UpOf } from '@gochat/protocol/up';
import { inviteKeys } from '../src/invite.ts';
import type { UnprovedJoin } from '../src/join.ts';
import type { InviteLink } from '../src/link.ts';
import type { LogEntry } from '../src/log-entry.ts';
import { verify } from '../src/primitives.ts';

export type Handshake = UpOf<'handshake'> | UpOf<'create'> | UnprovedJoin;

/** The entries that a reader receives: from the log itself, or from a dishonest server. */
export interface Shown {
  readonly entries: readonly LogEntry[];
}

interface Live {
  readonly invite: InviteId;
  wrapped: string | undefined;
  uses: number;
}

/** An honest server of one room, in memory: base check, compare-and-swap, proofs, keys, invites. */
export class Log implements Shown {
  entries: LogEntry[] = [];
  handshake: Position = START;
  groupInfo = '';
  member = '';
  invites: Live[] = [];
  /** Every frame that it received, as text. */
  readonly frames: string[] = [];
  #keys = new Map<Position, string>();
  #acks = new Map<string, Position>();
  #admins = new Set<string>();
  #keepers: string | undefined;
  rules: Rules | undefined;
  #seq = 0;

  /** A copy of this server with the same room, for forks. */
  copy(): Log {
    const other = new Log();
    other.entries = [...this.entries];
    other.handshake = this.handshake;
    other.groupInfo = this.groupInfo;
    other.member = this.member;
    other.invites = this.invites.map((i) => ({ ...i }));
    other.#keys = new Map(this.#keys);
    other.#acks = new Map(this.#acks);
    other.#admins = new Set(this.#admins);
    other.#keepers = this.#keepers;
    other.rules = this.rules;
    other.#seq = this.#seq;
    return other;
  }

  append(kind: LogEntry['kind'], body: string, invite?: InviteId): Position {
    this.#seq += 1 + (this.#seq % 3);
    const seq = String(this.#seq) as Position;
    this.entries.push({ seq, kind, at: 1_700_000_000_000 + this.#seq, body, ...(invite && { invite }) });
    if (kind === 'handshake') this.handshake = seq;
    return seq;
  }

  post(frame: UpOf<'post'>): Position | 'stale' {
    this.frames.push(JSON.stringify(frame));
    const known = this.#acks.get(frame.id);
    if (known !== undefined) return known;
    if (frame.base !== this.handshake) return 'stale';
    const seq = this.append('message', frame.body);
    this.#acks.set(frame.id, seq);
    return seq;
  }

  swap(frame: Handshake): Position | 'conflict' | 'refused' {
    this.frames.push(JSON.stringify(frame));
    const known = this.#acks.get(frame.id);
    if (known !== undefined) return known;
    const after = frame.type === 'create' ? START : frame.after;
    if (after !== this.handshake) return 'conflict';
    if (frame.type === 'handshake' && !this.#proves(frame.key, signedHandshake(frame), frame.proof))
      return 'refused';
    if (frame.type === 'join') {
      const used = this.invites.find((i) => i.invite === frame.invite);
      if (used === undefined) return 'refused';
      used.uses -= 1;
    }
    const retires = frame.type === 'handshake' && frame.order?.retire === true;
    const order = frame.type === 'handshake' ? frame.order : undefined;
    if (frame.type === 'handshake' && order !== undefined) {
      const { key, proof } = order;
      const holds = verify(decodeBytes(key), signedOrder(frame, order), decodeBytes(proof));
      const isAdmin = this.#admins.has(key);
      const { admins, keepers, rules, close } = order;
      if (!holds || (!isAdmin && key !== this.#keepers)) return 'refused';
      if (!isAdmin && [admins, keepers, rules, close].some((one) => one !== undefined)) return 'refused';
      if (admins !== undefined) this.#admins = new Set(admins);
      this.#keepers = keepers ?? this.#keepers;
      this.rules = rules ?? this.rules;
    }
    if (frame.type === 'create') this.#admins = new Set([frame.admin]);
    if (frame.type === 'create') this.#keepers = frame.keepers;
    this.groupInfo = frame.groupInfo;
    this.member = frame.member;
    this.#merge(frame.invites, order !== undefined);
    this.invites = this.invites.filter((i) => i.uses > 0);
    const seq = this.append('handshake', frame.body);
    if (retires) this.#keys.clear();
    this.#keys.set(seq, frame.access);
    this.#acks.set(frame.id, seq);
    return seq;
  }

  refresh(frame: UpOf<'refresh'>): 'done' | 'conflict' | 'refused' {
    this.frames.push(JSON.stringify(frame));
    if (!this.#proves(frame.key, signedRefresh(frame), frame.proof)) return 'refused';
    if (frame.after !== this.handshake) return 'conflict';
    this.groupInfo = frame.groupInfo;
    this.member = frame.member;
    for (const known of this.invites)
      known.wrapped = frame.invites.find((i) => i.invite === known.invite)?.wrapped;
    return 'done';
  }

  /** Whether the server accepts a request to enter the room. */
  lets(frame: UpOf<'enter'>, at: Dialled): boolean {
    this.frames.push(JSON.stringify(frame));
    return this.#proves(frame.key, signedEnter(at, frame), frame.proof);
  }

  /** Whether such a request has the voice of the room's rules. */
  hears(frame: UpOf<'enter'>, at: Dialled): boolean {
    const { voice } = this.rules ?? {};
    if (voice === undefined || frame.voice === undefined) return false;
    return verify(decodeBytes(voice), signedVoice(at, frame), decodeBytes(frame.voice));
  }

  #proves(key: Position, signed: Uint8Array, proof: string): boolean {
    const access = this.#keys.get(key);
    return access !== undefined && verify(decodeBytes(access), signed, decodeBytes(proof));
  }

  /** @param complete whether invites that are not listed end; else they lose their wrapped key */
  #merge(grants: readonly InviteGrant[], complete: boolean): void {
    const listed = (live: Live) => grants.find((grant) => grant.invite === live.invite);
    const kept = this.invites.filter((live) => !complete || listed(live) !== undefined);
    const added = grants.filter(({ invite }) => !this.invites.some((live) => live.invite === invite));
    this.invites = [
      ...kept.map((live) => ({ ...live, wrapped: listed(live)?.wrapped })),
      ...added.flatMap(({ invite, wrapped, join, uses }) =>
        join === undefined ? [] : [{ invite, wrapped, uses: uses ?? 1000 }],
      ),
    ];
  }

  /** What it answers to a member's `fetch`. */
  get kept(): Pick<DownOf<'groupinfo'>, 'groupInfo' | 'member' | 'invites'> {
    const invites = this.invites.map(({ invite, wrapped }) => ({
      invite,
      ...(wrapped !== undefined && { wrapped }),
    }));
    return { groupInfo: this.groupInfo, member: this.member, invites };
  }

  info(link: InviteLink): DownOf<'groupinfo'> | undefined {
    const live = this.invites.find((i) => i.invite === inviteKeys(link.secret).id);
    if (live?.wrapped === undefined) return undefined;
    return {
      type: 'groupinfo',
      id: 'r' as RequestId,
      room: link.room,
      handshake: this.handshake,
      groupInfo: this.groupInfo,
      wrapped: live.wrapped,
      invites: this.invites.map(({ invite }) => ({ invite })),
    };
  }
}

/** A server that withholds these entries. */
export function without(log: Shown, ...seqs: readonly Position[]): Shown {
  return { entries: log.entries.filter((e) => !seqs.includes(e.seq)) };
}

/** A server that replaces one entry. */
export function instead(log: Shown, seq: Position, { kind, body }: Pick<LogEntry, 'kind' | 'body'>): Shown {
  return { entries: log.entries.map((e) => (e.seq === seq ? { ...e, kind, body } : e)) };
}

/** A server that swaps two entries. */
export function swapped(log: Shown, one: Position, other: Position): Shown {
  const first = entryAt(log, one);
  const second = entryAt(log, other);
  return instead(instead(log, one, second), other, first);
}

export function entryAt(log: Shown, seq: Position): LogEntry {
  const entry = log.entries.find((e) => e.seq === seq);
  if (entry === undefined) throw new Error(`there is no entry at ${seq}`);
  return entry;
}
