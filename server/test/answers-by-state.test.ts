import type { Down } from '@gochat/protocol/down';
import type { Position } from '@gochat/protocol/fields';
import type { Up } from '@gochat/protocol/up';
import { expect, test } from 'vitest';
import { KeyPair, newId, newRoomId, sealed } from './keys.ts';
import {
  type Access,
  commit,
  createFrame,
  enterFrame,
  type Founded,
  follow,
  found,
  grantOf,
  handshakeFrame,
  invitationFrame,
  joinFrame,
  knockFrame,
  newTicket,
  postFrame,
  refreshFrame,
  type Ticket,
} from './member.ts';
import { startNode } from './node.ts';
import type { Peer } from './peer.ts';
import { namesIn, tableUnder } from './protocol-page.ts';

/** A room in one of the states of the table, as a connection sees it. */
interface Stage extends Founded {
  readonly peer: Peer;
  readonly ticket: Ticket;
  /** An invite that needs approval. */
  readonly door: Ticket;
  /** The room's last handshake. */
  readonly last: Access;
  /** A connection on which the room is live, if there is one. */
  readonly follower?: Peer;
}

type Node = Awaited<ReturnType<typeof startNode>>;

async function newRoom(node: Node): Promise<Stage> {
  const [peer, ticket, door] = [await node.peer(), newTicket(), newTicket()];
  const founded = await found(peer, [grantOf(ticket), grantOf(door, { knock: true })]);
  return { peer, ticket, door, ...founded, last: founded.access };
}

async function close({ peer, room, last, admin }: Stage): Promise<void> {
  await commit(peer, room, { after: last.at, by: last, order: { keys: admin, close: true } });
}

/** By the head of the column: makes a room in that state. */
const STATES: Readonly<Record<string, (node: Node) => Promise<Stage>>> = {
  'the server has no such room': async (node) => {
    const access = { at: '1' as Position, keys: new KeyPair() };
    const [peer, admin] = [await node.peer(), new KeyPair()];
    return { peer, room: newRoomId(), admin, access, last: access, ticket: newTicket(), door: newTicket() };
  },
  closed: async (node) => {
    const stage = await newRoom(node);
    await follow(stage.peer, stage.room, stage.access);
    const ended = stage.peer.coming((frame) => frame.type === 'error' && frame.code === 'closed');
    await close(stage);
    await ended;
    return stage;
  },
  'not entered': newRoom,
  entered: async (node) => {
    const stage = await newRoom(node);
    await follow(stage.peer, stage.room, stage.access);
    const follower = await node.peer();
    await follow(follower, stage.room, stage.access);
    return { ...stage, follower };
  },
  'entered, `retired` sent': async (node) => {
    const stage = await newRoom(node);
    const { peer, room, access, admin, ticket, door } = stage;
    await follow(peer, room, access);
    const retired = peer.coming((frame) => frame.type === 'retired');
    const wish = { after: access.at, by: access, invites: [grantOf(ticket), grantOf(door)] };
    const last = await commit(peer, room, { ...wish, order: { keys: admin, retire: true } });
    await retired;
    const follower = await node.peer();
    await follow(follower, room, last);
    return { ...stage, last, follower };
  },
};

/** The frame with which a request is tried. `signer` signs it, if it is signed with an access key. */
const REQUESTS: Readonly<Record<string, (stage: Stage, signer: Access) => Up>> = {
  enter: ({ peer, room, access }) => enterFrame(peer, room, access),
  post: ({ room, last }) => postFrame(room, last.at, 'a post'),
  read: ({ room, access }) => ({ type: 'read', id: newId(), room, after: access.at, limit: 1 }),
  fetch: ({ room }) => ({ type: 'fetch', id: newId(), room }),
  signal: ({ room }) => ({ type: 'signal', room, body: sealed('a signal') }),
  exit: ({ room }) => ({ type: 'exit', id: newId(), room }),
  create: ({ room, admin }) => createFrame(room, admin, new KeyPair()),
  handshake: ({ room, last }, signer) => handshakeFrame(room, { after: last.at, by: signer }),
  refresh: ({ room, last }, signer) => refreshFrame(room, signer, last.at),
  invitation: ({ peer, room, ticket }) => invitationFrame(peer, room, ticket),
  join: ({ peer, room, ticket, last }) => {
    const info = {
      type: 'groupinfo' as const,
      id: newId(),
      room,
      handshake: last.at,
      groupInfo: '',
      invites: [],
    };
    return joinFrame(peer, room, ticket, info, new KeyPair());
  },
  knock: ({ peer, room, door }) => knockFrame(peer, room, door),
  wake: ({ room }) => ({ type: 'wake', id: newId(), room }),
};

/** What a frame of the server is called in the table. */
function nameOf(frame: Down): string {
  return frame.type === 'error' ? frame.code : frame.type;
}

/** The reply to a request; `no reply` if the next request is answered and this one wasn't. */
async function answerTo(peer: Peer, frame: Up): Promise<string> {
  peer.forget();
  peer.send(frame);
  const end = newId();
  peer.send({ type: 'ping', id: end });
  if ('id' in frame) return nameOf(await peer.next((down) => 'id' in down && down.id === frame.id));
  const answer = await peer.next(
    (down) => down.type === 'error' || (down.type === 'pong' && down.id === end),
  );
  return answer.type === 'pong' ? 'no reply' : nameOf(answer);
}

interface Expected {
  readonly answer: string;
  /** Which access key signs a handshake or refresh: that of the last handshake, or the one that this connection entered with. */
  readonly signer: 'last' | 'access';
}

/** What a cell of the table says. */
function expectedIn(cell: string): Expected[] {
  if (cell === 'no reply' || cell === 'no reply; dropped') return [{ answer: 'no reply', signer: 'last' }];
  const [, name] = /^`([a-z-]+)`$/.exec(cell) ?? [];
  if (name !== undefined) return [{ answer: name, signer: 'last' }];
  const [, live, retired] = /^`([a-z-]+)` with a live `key`, else `([a-z-]+)`$/.exec(cell) ?? [];
  if (live === undefined || retired === undefined)
    throw new Error(`the table has a cell of another form: ${cell}`);
  return [
    { answer: live, signer: 'last' },
    { answer: retired, signer: 'access' },
  ];
}

const [[, ...states] = [], ...rows] = tableUnder('Answers by state');

test('the table names each request that has a room, and each state, once', () => {
  expect(states).toEqual(Object.keys(STATES));
  expect(rows.flatMap(([request = '']) => namesIn(request)).sort()).toEqual(Object.keys(REQUESTS).sort());
  expect(rows.every((row) => row.length === states.length + 1)).toBe(true);
});

const cases = rows.flatMap(([requests = '', ...cells]) =>
  namesIn(requests).flatMap((request) =>
    cells.flatMap((cell, i) =>
      expectedIn(cell).map((expected) => ({ request, state: states[i] ?? '', cell, ...expected })),
    ),
  ),
);

test.each(cases)('$request is answered $answer: $state', async ({ request, state, cell, answer, signer }) => {
  const node = await startNode();
  const stage = await STATES[state]?.(node);
  const frame = stage && REQUESTS[request]?.(stage, stage[signer]);
  if (stage === undefined || frame === undefined) throw new Error('the test knows no such state or request');
  expect(await answerTo(stage.peer, frame)).toBe(answer);
  const { follower } = stage;
  if (request !== 'signal' || follower === undefined) return;
  await follower.barrier();
  expect(follower.of('signal')).toHaveLength(cell === 'no reply' ? 1 : 0);
});
