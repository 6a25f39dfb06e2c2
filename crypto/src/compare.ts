import type { DownOf } from '@gochat/protocol/down';
import { encodeBytes } from '@gochat/protocol/encoding';
import { fingerprintOf } from './identity.ts';
import { openByInvite, proves } from './look.ts';
import { deviceOf, identityOf } from './mls/credentials.ts';
import { signerOf, treeOf } from './mls/group-info.ts';
import type { GroupInfo, LeafNode } from './mls/suite.ts';
import { leavesOf } from './mls/tree.ts';
import { equalBytes, sha256, utf8 } from './primitives.ts';
import { type Author, membersOf, type Room, stateOf } from './room.ts';
import { readContext } from './room-state.ts';

/** What only one of two epochs has. */
export interface Difference {
  readonly there: readonly string[];
  readonly here: readonly string[];
}

/** What is otherwise in the epoch of a GroupInfo than in this device's. */
export interface Comparison {
  /** Who has signed the GroupInfo. */
  readonly by: Author;
  /** Whether that proves that other members have gone on without this device. */
  readonly proved: boolean;
  /** Each person of either epoch, as in this device's if it is there. */
  readonly persons: readonly Author[];
  /** Identity keys. */
  readonly members: Difference;
  readonly admins: Difference;
  readonly moderators: Difference;
  /** Fingerprints of identities. */
  readonly bans: Difference;
  /** Equal for comparisons with the same signer and the same differences. */
  readonly tag: string;
}

/**
 * Compares this device's epoch with the one to which it would return.
 * @param info the answer to `invitation` or `fetch`
 * @returns undefined if a return by this GroupInfo would be refused: it can't be opened, is of another room or isn't signed by one of its members
 * @throws RoomError `newer-rules`
 */
export async function compare(
  room: Room,
  info: Pick<DownOf<'groupinfo'>, 'groupInfo' | 'wrapped' | 'invites'>,
): Promise<Comparison | undefined> {
  const opened = await openByInvite(room, info);
  return opened && compareWith(room, opened);
}

/** As {@link compare}, with an opened GroupInfo. */
export async function compareWith(room: Room, info: GroupInfo): Promise<Comparison | undefined> {
  const { groupContext } = info;
  const here = stateOf(room);
  const tree = treeOf(info);
  const signer = await signerOf(info).catch(() => undefined);
  if (tree === undefined || signer === undefined) return undefined;
  if (!equalBytes(groupContext.groupId, room.mls.groupContext.groupId)) return undefined;
  const there = readContext(groupContext.extensions, room.id, groupContext.groupId)?.state;
  if (there === undefined || there === 'newer') return undefined;
  const by = authorIn(signer);
  if (by === undefined) return undefined;
  // Whoever returns is there afterwards.
  const self = membersOf(room).find((member) => member.self)?.identity;
  const others = (all: readonly Author[]) => all.filter(({ identity }) => identity !== self);
  const present = others(membersOf(room));
  const arrived = others([...leavesOf(tree).values()].flatMap((leaf) => authorIn(leaf) ?? []));
  const identities = (all: readonly Author[]) => all.map(({ identity }) => identity);
  const found = {
    members: difference(identities(arrived), identities(present)),
    admins: difference(there.admins, here.admins),
    moderators: difference(there.mods ?? [], here.mods ?? []),
    bans: difference(there.bans ?? [], here.bans ?? []),
  };
  const proved = await proves(room, info);
  const tag = encodeBytes(sha256(utf8(JSON.stringify([by.identity, proved, found]))));
  const persons = new Map<string, Author>();
  for (const one of [...membersOf(room), ...arrived])
    if (!persons.has(one.identity)) persons.set(one.identity, one);
  return { by, proved, persons: [...persons.values()], ...found, tag };
}

/** Whether a comparison finds nothing otherwise. */
export function isSame({ members, admins, moderators, bans }: Comparison): boolean {
  return [members, admins, moderators, bans].every(({ there, here }) => there.length + here.length === 0);
}

/** The fingerprint by which an identity is banned. */
export function banOf(identityKey: Uint8Array): string {
  return encodeBytes(fingerprintOf(identityKey));
}

function authorIn(leaf: LeafNode): Author | undefined {
  const credential = identityOf(leaf.credential);
  const device = deviceOf(leaf);
  if (credential === undefined || device === undefined) return undefined;
  return { device, identity: encodeBytes(credential.identityKey), name: credential.name };
}

/** Sorted, each once. */
function difference(there: readonly string[], here: readonly string[]): Difference {
  const only = (all: readonly string[], others: readonly string[]) => [
    ...new Set(all.filter((one) => !others.includes(one)).sort()),
  ];
  return { there: only(there, here), here: only(here, there) };
}
