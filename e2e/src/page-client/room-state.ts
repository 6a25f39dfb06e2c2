import { ascii, base64url, fromBase64url, text, tuple } from './encoding.ts';
import { fingerprint } from './identity.ts';
import { isName, isTopic } from './names.ts';
import { verify } from './primitives.ts';

/** docs/protocol.md, “The group”: the two extensions of the GroupContext. */

export interface Invite {
  readonly id: string;
  readonly join: string;
  readonly wrap: string;
  readonly epoch: number;
  readonly by: string;
  readonly own?: true;
  readonly for?: string;
  readonly knock?: true;
  readonly safe?: true;
}

export interface RoomState {
  readonly v: 2;
  readonly name: string;
  readonly topic?: string;
  readonly admins: readonly string[];
  readonly mods?: readonly string[];
  readonly speak?: string;
  readonly voices?: readonly string[];
  readonly mutes?: readonly string[];
  readonly slow?: number;
  readonly links?: 'staff';
  readonly history?: unknown;
  readonly expire?: number;
  readonly bans?: readonly string[];
  readonly pair?: readonly string[];
  readonly pins?: readonly string[];
  readonly invites: readonly Invite[];
  readonly lastRemoveEpoch?: number;
  readonly more?: readonly string[];
}

const MEMBERS =
  'v name topic admins mods speak voices mutes slow links history expire bans pair pins invites lastRemoveEpoch more'.split(
    ' ',
  ) as (keyof RoomState)[];
const INVITE_MEMBERS = 'id join wrap epoch by own for knock safe'.split(' ') as (keyof Invite)[];

function inOrder<T extends object>(value: T, order: readonly (keyof T)[]): T {
  const present = order.filter((member) => value[member] !== undefined);
  return Object.fromEntries(present.map((member) => [member, value[member]])) as T;
}

export function encodeRoomState(state: RoomState): Uint8Array {
  const invites = state.invites.map((invite) => inOrder(invite, INVITE_MEMBERS));
  return ascii(JSON.stringify(inOrder({ ...state, invites }, MEMBERS)));
}

/** @throws if `v` isn't 2, or the encoding isn't the canonical one. It doesn't check each length. */
export function readRoomState(bytes: Uint8Array): RoomState {
  const state = JSON.parse(text(bytes)) as RoomState;
  if (state.v !== 2) throw new Error(`room state with v ${state.v}`);
  if (base64url(encodeRoomState(state)) !== base64url(bytes)) throw new Error('room state not canonical');
  if (!isName(state.name) || (state.topic !== undefined && !isTopic(state.topic)))
    throw new Error('the name or the topic of the room is not valid');
  const lists = [state.admins, state.mods, state.voices, state.mutes, state.bans, state.pair];
  for (const list of lists) {
    if (list?.some((key, index) => index > 0 && key <= (list[index - 1] as string))) {
      throw new Error('a list of the room state is not sorted');
    }
  }
  return state;
}

/** @returns whether the invite still admits anybody */
export const isVoid = ({ lastRemoveEpoch }: RoomState, { epoch }: Invite): boolean =>
  lastRemoveEpoch !== undefined && epoch <= lastRemoveEpoch;

/** @throws if the genesis isn't that of `room` and of the founder with this fingerprint */
export function checkGenesis(genesis: Uint8Array, room: string, groupId: Uint8Array, founder: string): void {
  const [key, kind, suite] = [genesis.slice(0, 32), genesis.slice(32, 33), genesis.slice(33, 35)];
  const version = Uint8Array.of(0, 0, 0, 2);
  const signed = tuple('gochat/genesis/2', ascii(room), groupId, version, kind, suite);
  const valid =
    genesis.length === 99 &&
    kind[0] === 1 &&
    base64url(suite) === base64url(Uint8Array.of(0, 1)) &&
    fingerprint(key) === founder &&
    verify(key, signed, genesis.slice(35));
  if (!valid) throw new Error('the genesis is not that of the link');
}

export const fingerprintOf = (identity: string): string => fingerprint(fromBase64url(identity));

/** Whether a member may act as an admin. */
export const isActingStaff = (
  { admins, mods = [] }: RoomState,
  { identity, limited }: { readonly identity: string; readonly limited: boolean },
): boolean => !limited && (admins.includes(identity) || mods.includes(identity));

export const isActingAdmin = (
  { admins }: RoomState,
  { identity, limited }: { readonly identity: string; readonly limited: boolean },
): boolean => !limited && admins.includes(identity);
