import type { Down } from '@gochat/protocol/down';
import type { Position } from '@gochat/protocol/fields';
import type { Rules } from '@gochat/protocol/rules';
import type { Order, Up } from '@gochat/protocol/up';
import type { ServerLimits } from '../src/operate/limits.ts';
import { bytes, KeyPair, newRoomId } from './keys.ts';
import {
  type Access,
  commit,
  createFrame,
  enter,
  grantOf,
  handshakeFrame,
  invitationFrame,
  newTicket,
} from './member.ts';
import { startNode } from './node.ts';
import type { Peer } from './peer.ts';

/** The checks that a request shall fail, as the table writes them, without its code style. */
export type Faults = ReadonlySet<string>;

const NONCES = 'rate-limited (nonces)';
const TOKEN = bytes(16);
const ADDRESS_RATE = 30;
const NONCES_ALLOWED = 2;

/** A key that no handshake has added. */
export function unknownKey(): Access {
  return { at: '9007199254740000' as Position, keys: new KeyPair() };
}

/** A node with low limits, a room with two invites, a connection of its owner, and one that makes the tested request. */
export async function newStage(
  faults: Faults,
  limits: Partial<ServerLimits> = {},
  rules?: Rules,
  membersCreate = false,
) {
  const rates = {
    createsPerHour: ADDRESS_RATE,
    proofsPerMinute: ADDRESS_RATE,
    invitesPerMinute: ADDRESS_RATE,
  };
  const nonces = faults.has(NONCES) ? { entersPerConnection: NONCES_ALLOWED } : {};
  const node = await startNode({
    createToken: TOKEN,
    membersCreate,
    limits: { ...rates, ...nonces, exemptsLoopback: false, ...limits },
  });
  const [owner, peer] = [await node.peer(), await node.peer()];
  const [ticket, spare, door] = [newTicket(), newTicket(), newTicket()];
  const invites = [grantOf(ticket), grantOf(spare), grantOf(door, { knock: true })];
  const [room, admin, keepers, keys] = [newRoomId(), new KeyPair(), new KeyPair(), new KeyPair()];
  const frame = createFrame(room, admin, keys, invites, {
    keepers: keepers.public,
    ...(rules && { rules }),
  });
  const ack = await owner.ask<'ack'>({ ...frame, token: TOKEN });
  const access: Access = { at: ack.seq, keys };
  return { node, owner, peer, token: TOKEN, room, admin, keepers, access, ticket, door, invites };
}

export type Stage = Awaited<ReturnType<typeof newStage>>;

/** Appends a handshake that keeps the invites. @param order signed with the admin key */
export function append(stage: Stage, by: Access, order?: Omit<Order, 'key' | 'proof'>): Promise<Access> {
  const { owner, room, admin, invites } = stage;
  const signed = order === undefined ? {} : { order: { keys: admin, ...order } };
  return commit(owner, room, { after: by.at, by, invites, ...signed });
}

/** What a reply is called in the table: the code of an error, `repeat`, or `done`. */
export function nameOf(reply: Down): string {
  if (reply.type === 'error') return reply.code;
  return reply.type === 'ack' && reply.dup ? 'repeat' : 'done';
}

export async function answerOf(peer: Peer, frame: Up & { readonly id: string }): Promise<string> {
  return nameOf(await peer.ask(frame));
}

/** Uses up the rates and numbers that are among the faults, which any request of the table may be refused for. */
export async function useUp(stage: Stage, faults: Faults): Promise<void> {
  const { node, peer, ticket } = stage;
  if (faults.has(NONCES)) {
    // A nonce that was used before has used one up.
    const used = faults.has('refused (nonce)') ? 1 : 0;
    for (let i = used; i < NONCES_ALLOWED; i += 1) await enter(peer, newRoomId(), unknownKey());
  }
  const requests: Readonly<Record<string, (from: Peer) => Up & { readonly id: string }>> = {
    'rate-limited (creates of the address)': () => createFrame(newRoomId(), new KeyPair(), new KeyPair()),
    'rate-limited (proofs of the address)': () =>
      handshakeFrame(newRoomId(), { after: stage.access.at, by: unknownKey() }),
    'rate-limited (invites of the address)': (from) => invitationFrame(from, newRoomId(), ticket),
  };
  for (const [fault, request] of Object.entries(requests)) {
    if (!faults.has(fault)) continue;
    for (let answer = ''; answer !== 'rate-limited'; ) {
      const from = await node.peer();
      answer = await answerOf(from, request(from));
      from.end();
    }
  }
}
