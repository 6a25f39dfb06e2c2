import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { epochKeys } from './keys.ts';
import { decodeMls, encodeMls } from './mls/codec.ts';
import { NO_PACKS, type Packs } from './packs.ts';
import {
  concatBytes,
  fromUtf8,
  joinParts,
  type SigningKey,
  signingKey,
  splitParts,
  utf8,
} from './primitives.ts';
import type { Confirmer, Entrance, OfficeKey, Peer, PendingCommit, Room } from './room.ts';
import { RoomError } from './room-error.ts';
import { readContext } from './room-state.ts';

const VERSION = 3;

/** The part of a room that is neither in the MLS state nor derivable from it. */
type Stored = Pick<
  Room,
  | 'id'
  | 'status'
  | 'position'
  | 'positionAt'
  | 'base'
  | 'key'
  | 'spoken'
  | 'next'
  | 'inFlight'
  | 'joinsClosed'
  | 'retirement'
  | 'newcomer'
  | 'unfollowed'
  | 'waits'
  | 'split'
  | 'authors'
  | 'expired'
  | 'keptFrom'
  | 'retention'
  | 'wantsHeal'
  | 'rotatedAt'
> & {
  readonly v: typeof VERSION;
  /** Absent if an older version of this software has stored the room. */
  readonly packs?: Packs;
  readonly peers: readonly (readonly [string, Peer])[];
  readonly pass: string;
  readonly inviter: string | undefined;
  readonly entrance: (Omit<Entrance, 'secret'> & { readonly secret: string }) | undefined;
  readonly confirmedBy: Confirmer | undefined;
  readonly admin: string | undefined;
  /** These three are absent if an older version of this software has stored the room. */
  readonly keepers?: string | undefined;
  readonly voice?: string | undefined;
  readonly keysDue?: Room['keysDue'];
  readonly office: { readonly sealed?: string; readonly heard: boolean } | undefined;
  readonly person: string | undefined;
  readonly own: string | undefined;
  readonly device: string;
  readonly formerKeys: readonly (readonly [string, number])[];
  readonly pending:
    | (Omit<PendingCommit, 'mls' | OfficeKey | 'data'> & StoredKeys & { readonly data: string })
    | undefined;
  readonly chain: {
    readonly index: number;
    readonly value: string;
    readonly recent: string;
    readonly previous: readonly [number, string] | undefined;
    readonly verifiable: boolean;
  };
};

type StoredKeys = { readonly [K in OfficeKey]?: string };

const CLAIM_BYTES = 16;

/** @returns the room as bytes. They contain secrets and must be sealed before they are stored. */
export function encodeRoom(room: Room): Uint8Array {
  const { chain, pending } = room;
  const stored: Stored = {
    v: VERSION,
    id: room.id,
    status: room.status,
    position: room.position,
    positionAt: room.positionAt,
    base: room.base,
    key: room.key,
    spoken: room.spoken,
    next: room.next,
    inFlight: room.inFlight,
    joinsClosed: room.joinsClosed,
    retirement: room.retirement,
    newcomer: room.newcomer,
    unfollowed: room.unfollowed,
    waits: room.waits,
    split: room.split,
    authors: room.authors,
    expired: room.expired,
    keptFrom: room.keptFrom,
    retention: room.retention,
    packs: room.packs,
    inviter: room.inviter && encodeBytes(room.inviter),
    entrance: room.entrance && { ...room.entrance, secret: encodeBytes(room.entrance.secret) },
    confirmedBy: room.confirmedBy,
    wantsHeal: room.wantsHeal,
    rotatedAt: room.rotatedAt,
    peers: [...room.peers],
    pass: encodeBytes(room.accessKey.seed),
    admin: room.admin && encodeBytes(room.admin.seed),
    keepers: room.keepers && encodeBytes(room.keepers.seed),
    voice: room.voice && encodeBytes(room.voice.seed),
    keysDue: room.keysDue,
    office: {
      heard: room.office.heard,
      ...(room.office.sealed && { sealed: encodeBytes(room.office.sealed) }),
    },
    person: room.person && encodeBytes(room.person),
    own: room.own && encodeBytes(room.own),
    device: encodeBytes(room.device.seed),
    formerKeys: room.formerKeys.map(({ key, until }) => [encodeBytes(key.seed), until]),
    pending: pending && {
      intent: pending.intent,
      request: pending.request,
      after: pending.after,
      hash: pending.hash,
      data: encodeBytes(pending.data),
      ...(pending.admin && { admin: encodeBytes(pending.admin.seed) }),
      ...(pending.keepers && { keepers: encodeBytes(pending.keepers.seed) }),
      ...(pending.voice && { voice: encodeBytes(pending.voice.seed) }),
    },
    chain: {
      index: chain.index,
      value: encodeBytes(chain.value),
      recent: encodeBytes(concatBytes(...chain.recent)),
      previous: chain.previous && [chain.previous.index, encodeBytes(chain.previous.value)],
      verifiable: chain.verifiable,
    },
  };
  const parts = [
    utf8(JSON.stringify(stored)),
    encodeMls(room.mls),
    pending ? encodeMls(pending.mls) : new Uint8Array(),
  ];
  return joinParts(parts);
}

/** @throws RoomError `bad-group` if the bytes are not the output of {@link encodeRoom}; `stored-newer` if a newer version wrote them. */
export async function decodeRoom(bytes: Uint8Array): Promise<Room> {
  try {
    return await restored(bytes);
  } catch (error) {
    // The cause is left out, because it may contain secrets.
    throw error instanceof RoomError ? error : damaged();
  }
}

async function restored(bytes: Uint8Array): Promise<Room> {
  const [json, mlsBytes, pendingBytes] = splitParts(bytes);
  if (json === undefined || mlsBytes === undefined || pendingBytes === undefined) throw damaged();
  const stored = JSON.parse(fromUtf8(json)) as Stored;
  if (stored.v > VERSION) throw new RoomError('stored-newer');
  // What unreleased versions stored can't be read any more.
  if (stored.v !== VERSION) throw damaged();
  const mls = decodeMls(mlsBytes);
  const context = readContext(mls.groupContext.extensions, stored.id, mls.groupContext.groupId);
  if (context === undefined) throw damaged();
  const { chain, pending } = stored;
  return {
    id: stored.id,
    // An older version of this software stopped at rules that this version knows.
    status: stored.status === 'outdated' && context.state !== 'newer' ? 'active' : stored.status,
    mls,
    keys: await epochKeys(mls, stored.id),
    context,
    position: stored.position,
    positionAt: stored.positionAt,
    base: stored.base,
    key: stored.key,
    accessKey: signingKey(decodeBytes(stored.pass)),
    chain: {
      index: chain.index,
      value: decodeBytes(chain.value),
      recent: splitClaims(decodeBytes(chain.recent)),
      previous: chain.previous && { index: chain.previous[0], value: decodeBytes(chain.previous[1]) },
      verifiable: chain.verifiable,
    },
    spoken: stored.spoken,
    peers: new Map(stored.peers),
    next: stored.next,
    inFlight: stored.inFlight,
    pending: pending && restoredPending(pending, pendingBytes),
    admin: restoredKey(stored.admin),
    keepers: restoredKey(stored.keepers),
    voice: restoredKey(stored.voice),
    keysDue: stored.keysDue,
    office: {
      heard: stored.office?.heard ?? false,
      sealed: stored.office?.sealed === undefined ? undefined : decodeBytes(stored.office.sealed),
    },
    person: stored.person === undefined ? undefined : decodeBytes(stored.person),
    own: stored.own === undefined ? undefined : decodeBytes(stored.own),
    device: signingKey(decodeBytes(stored.device)),
    formerKeys: stored.formerKeys.map(([seed, until]) => ({ key: signingKey(decodeBytes(seed)), until })),
    retirement: stored.retirement,
    newcomer: stored.newcomer,
    joinsClosed: stored.joinsClosed,
    unfollowed: stored.unfollowed,
    waits: stored.waits,
    split: stored.split,
    authors: stored.authors,
    expired: stored.expired,
    keptFrom: stored.keptFrom,
    retention: stored.retention,
    packs: stored.packs ?? NO_PACKS,
    inviter: stored.inviter === undefined ? undefined : decodeBytes(stored.inviter),
    entrance: stored.entrance && { ...stored.entrance, secret: decodeBytes(stored.entrance.secret) },
    confirmedBy: stored.confirmedBy,
    wantsHeal: stored.wantsHeal,
    rotatedAt: stored.rotatedAt,
  };
}

function restoredPending(
  { admin, keepers, voice, data, ...pending }: NonNullable<Stored['pending']>,
  mlsBytes: Uint8Array,
): PendingCommit {
  return {
    ...pending,
    mls: decodeMls(mlsBytes),
    data: decodeBytes(data),
    admin: restoredKey(admin),
    keepers: restoredKey(keepers),
    voice: restoredKey(voice),
  };
}

function restoredKey(seed: string | undefined): SigningKey | undefined {
  return seed === undefined ? undefined : signingKey(decodeBytes(seed));
}

function damaged(): RoomError {
  return new RoomError('bad-group');
}

function splitClaims(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / CLAIM_BYTES }, (_, i) =>
    bytes.slice(i * CLAIM_BYTES, (i + 1) * CLAIM_BYTES),
  );
}
