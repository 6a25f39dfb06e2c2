import { encodeFrame } from '@gochat/protocol/codec';
import type { DownOf } from '@gochat/protocol/down';
import type { Position } from '@gochat/protocol/fields';
import { signedCreateBy } from '@gochat/protocol/signed';
import type { InviteGrant, UpOf } from '@gochat/protocol/up';
import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import { bytes, KeyPair, newId, newRoomId, sealed } from './keys.ts';
import {
  type Access,
  createFrame,
  enterFrame,
  follow,
  grantOf,
  handshakeFrame,
  invitationFrame,
  joinFrame,
  knockFrame,
  newTicket,
  postFrame,
  refreshFrame,
} from './member.ts';
import { startNode } from './node.ts';
import { Peer } from './peer.ts';
import {
  answerOf,
  append,
  type Faults,
  nameOf,
  newStage,
  type Stage,
  unknownKey,
  useUp,
} from './precedence-stage.ts';

export interface Scenario {
  /** Makes a request that fails exactly these checks. @returns the name of the reply */
  readonly answer: (faults: Faults) => Promise<string>;
  /** The reply to a request that fails no check; left out if its last check always fails. */
  readonly clear?: string;
  /** Checks that one request can't be made to fail together with the others, and why. */
  readonly untested?: Readonly<Record<string, string>>;
}

const AT_ONCE = 'conflict (another one at the same time)';
const BETWEEN =
  'arises only in the moment between the append of the handshake and its delivery to the connection';
const MANY = 'needs a thousand retirements';
const LATER = '9007199254740000' as Position;

/** The frame with another proof, if its proof is among the faults. */
function proved<F extends { readonly proof: string }>(frame: F, isWrong: boolean): F {
  return isWrong ? { ...frame, proof: bytes(64) } : frame;
}

/** A new invite that is listed twice. */
function twice(): InviteGrant[] {
  const grant = grantOf(newTicket());
  return [grant, grant];
}

function many(count: number): InviteGrant[] {
  return Array.from({ length: count }, () => grantOf(newTicket()));
}

/** The room that a request names, and the key that signs it: unknown ones, if they are among the faults. */
function namedBy({ room, access }: Stage, faults: Faults): { room: Stage['room']; by: Access } {
  return {
    room: faults.has('no-room') ? newRoomId() : room,
    by: faults.has('no-room') || faults.has('refused (key)') ? unknownKey() : access,
  };
}

async function greeting(faults: Faults): Promise<string> {
  const node = await startNode();
  const peer = await Peer.dial(node.port);
  const version = faults.has('version') ? PROTOCOL_VERSION + 1 : PROTOCOL_VERSION;
  const origin = faults.has('origin') ? 'chat.example:1' : peer.origin;
  return answerOf(peer, { type: 'hello', id: newId(), version, origin });
}

/** A second `hello`, or a `ping`. */
async function anyFrame(over: 'line' | 'web', faults: Faults): Promise<string> {
  const node = await startNode();
  const peer = await node.peer(over);
  const hello = { type: 'hello', id: newId(), version: PROTOCOL_VERSION, origin: peer.origin } as const;
  const frame = encodeFrame(faults.has('hello-first') ? hello : { type: 'ping', id: newId() });
  const space = faults.has('oversize') ? ' '.repeat(5000) : '';
  const more = faults.has('malformed') ? ',"more":1' : '';
  peer.forget();
  peer.raw(`${frame.slice(0, -1)}${more}${space}}`);
  return nameOf(await peer.next(() => true));
}

async function create(faults: Faults): Promise<string> {
  const stage = await newStage(faults);
  const { peer, owner, token } = stage;
  const room = faults.has('exists') || faults.has('repeat') ? stage.room : newRoomId();
  const invites = faults.has('invalid') ? twice() : [];
  let frame = createFrame(room, new KeyPair(), new KeyPair(), invites);
  if (faults.has('repeat')) {
    const first = createFrame(newRoomId(), new KeyPair(), new KeyPair());
    await owner.ask({ ...first, token });
    frame = createFrame(first.room, new KeyPair(), new KeyPair(), invites, { id: first.id });
  }
  await useUp(stage, faults);
  return answerOf(peer, {
    ...proved(frame, faults.has('refused (proof)')),
    ...(!faults.has('token') && { token }),
  });
}

async function createBy(faults: Faults): Promise<string> {
  const isOver = faults.has('rate-limited (rooms that members of the room create)');
  const isMembers = !faults.has('token');
  const stage = await newStage(faults, isOver ? { createsPerRoom: 0 } : {}, undefined, isMembers);
  const { peer, owner, token, admin } = stage;
  const { room, by: signer } = namedBy(stage, faults);
  let last = stage.access;
  if (faults.has('retired')) last = await append(stage, last, { retire: true });
  if (faults.has('closed')) await append(stage, last, { close: true });
  const invites = faults.has('invalid') ? twice() : [];
  let frame = createFrame(faults.has('exists') ? stage.room : newRoomId(), admin, new KeyPair(), invites);
  if (faults.has('repeat')) {
    const first = createFrame(newRoomId(), new KeyPair(), new KeyPair());
    await owner.ask({ ...first, token });
    frame = createFrame(first.room, admin, new KeyPair(), invites, { id: first.id });
  }
  const nonce = bytes(16);
  if (faults.has('refused (nonce)')) await spend(peer, nonce);
  const unsigned = { room, key: signer.at, nonce };
  const by = { ...unsigned, proof: signer.keys.sign(signedCreateBy(peer, frame, unsigned)) };
  await useUp(stage, faults);
  return answerOf(peer, {
    ...proved(frame, faults.has('refused (proof)')),
    by: proved(by, faults.has('refused (proof of by)')),
  });
}

/** Uses a nonce on a connection. */
async function spend(peer: Peer, nonce: string): Promise<void> {
  await peer.ask({ ...enterFrame(peer, newRoomId(), unknownKey()), nonce });
}

async function enterRoom(faults: Faults): Promise<string> {
  const stage = await newStage(faults, faults.has('full') ? { roomsPerConnection: 0 } : {});
  const { peer } = stage;
  if (faults.has('closed')) await append(stage, stage.access, { close: true });
  const { room, by } = namedBy(stage, faults);
  const frame = enterFrame(peer, room, by, faults.has('invalid') ? LATER : undefined);
  if (faults.has('refused (nonce)')) await spend(peer, frame.nonce);
  await useUp(stage, faults);
  return answerOf(peer, proved(frame, faults.has('refused (proof)')));
}

async function postMessage(faults: Faults): Promise<string> {
  const waits = faults.has('unavailable (an earlier post waits)');
  const isOver = waits || faults.has('rate-limited (posts of the connection)');
  const isQuiet = faults.has('quiet');
  const stage = await newStage(
    faults,
    isOver ? { postsBurst: 1, postsPerSecond: 1e-9 } : {},
    isQuiet ? { quietBytes: 1, quietMs: 3_600_000 } : undefined,
  );
  const { peer, room, access } = stage;
  const frame = postFrame(room, access.at, 'a post');
  if (faults.has('not-entered')) return answerOf(peer, frame);
  await follow(peer, room, access);
  // The first of two posts is appended, and uses up the rate, or the limit of the room.
  if (faults.has('repeat')) await peer.ask(frame);
  else if (isOver || isQuiet) await peer.ask(postFrame(room, access.at, 'another post'));
  if (waits) await peer.ask(postFrame(room, access.at, 'a post that waits'));
  const last = faults.has('stale') ? await append(stage, access) : access;
  if (faults.has('retired (sent before)')) {
    const retired = peer.coming((down) => down.type === 'retired');
    await append(stage, last, { retire: true });
    await retired;
  }
  return answerOf(peer, frame);
}

async function handshakeProof(faults: Faults): Promise<string> {
  const stage = await newStage(faults);
  const { room, by } = namedBy(stage, faults);
  await useUp(stage, faults);
  const frame = handshakeFrame(room, { after: stage.access.at, by, invites: stage.invites });
  return answerOf(stage.peer, proved(frame, faults.has('refused (proof)')));
}

async function lateHandshake(): Promise<string> {
  const stage = await newStage(new Set());
  const last = await append(stage, stage.access, { retire: true });
  await append(stage, last, { close: true });
  return answerOf(stage.peer, handshakeFrame(stage.room, { after: LATER, by: stage.access }));
}

async function earlyHandshake(faults: Faults): Promise<string> {
  const stage = await newStage(faults);
  const { room, access, peer } = stage;
  const frame = handshakeFrame(room, { after: access.at, by: access, invites: stage.invites });
  let last: Access;
  if (faults.has('repeat')) {
    const keys = new KeyPair();
    const first = handshakeFrame(room, {
      after: access.at,
      by: access,
      next: keys,
      invites: stage.invites,
      id: frame.id,
    });
    const ack = await peer.ask<'ack'>(first);
    last = { at: ack.seq, keys };
  } else last = await append(stage, access);
  if (faults.has('retired')) last = await append(stage, last, { retire: true });
  if (faults.has('closed')) await append(stage, last, { close: true });
  return answerOf(peer, frame);
}

/** The room's last handshake, and the key that signs the request: retired, if that is among the faults. */
async function lastOf(
  stage: Stage,
  faults: Faults,
): Promise<{ readonly after: Position; readonly by: Access }> {
  let last = stage.access;
  let by = stage.access;
  if (faults.has('retired')) last = await append(stage, last, { retire: true });
  else by = last;
  if (faults.has('closed')) last = await append(stage, last, { close: true });
  return { after: last.at, by };
}

async function plainHandshake(faults: Faults): Promise<string> {
  const isOver = faults.has('rate-limited (handshakes in the room)');
  const stage = await newStage(faults, isOver ? { handshakesBurst: 1, handshakesPerSecond: 1e-9 } : {});
  if (isOver) stage.access = await append(stage, stage.access);
  const { after, by } = await lastOf(stage, faults);
  const [isFull, isInvalid] = [faults.has('full'), faults.has('invalid')];
  // The room has three other invites.
  const listed = isFull ? many(isInvalid ? 15 : 16) : isInvalid ? many(1) : stage.invites;
  const invites = isInvalid ? [...listed, ...listed.slice(0, 1)] : listed;
  return answerOf(stage.peer, handshakeFrame(stage.room, { after, by, invites }));
}

async function orderedHandshake(faults: Faults): Promise<string> {
  const stage = await newStage(faults);
  const { after, by } = await lastOf(stage, faults);
  const isBeyond = faults.has('refused (what is ordered)');
  const keys = faults.has('refused (key of the order)')
    ? new KeyPair()
    : isBeyond
      ? stage.keepers
      : stage.admin;
  const order = { keys, ...(isBeyond && { keepers: new KeyPair().public }) };
  const invites = faults.has('invalid') ? twice() : stage.invites;
  const frame = handshakeFrame(stage.room, { after, by, invites, order });
  const signed = frame.order as NonNullable<UpOf<'handshake'>['order']>;
  return answerOf(stage.peer, {
    ...frame,
    order: proved(signed, faults.has('refused (proof of the order)')),
  });
}

async function refreshInfo(faults: Faults): Promise<string> {
  const stage = await newStage(faults, {
    ...(faults.has('rate-limited (refreshes of the address)') && { refreshesPerMinute: 1 }),
    ...(faults.has('rate-limited (refreshes in the room)') && { roomRefreshesPerMinute: 1 }),
  });
  const { peer, access } = stage;
  const first = refreshFrame(stage.room, access, access.at);
  await stage.owner.ask(first);
  const { room, by } = namedBy(stage, faults);
  let last = access;
  if (faults.has('retired')) last = await append(stage, last, { retire: true });
  const after = faults.has('conflict') ? access.at : last.at;
  if (faults.has('conflict') && last === access) last = await append(stage, last);
  // The server forgets the refresh of a room that is closed.
  if (faults.has('closed') && !faults.has('repeat')) await append(stage, last, { close: true });
  await useUp(stage, faults);
  const id = faults.has('repeat') ? first.id : newId();
  const frame = refreshFrame(room, by, after, faults.has('invalid') ? twice() : [], id);
  return answerOf(peer, proved(frame, faults.has('refused (proof)')));
}

async function invitation(faults: Faults): Promise<string> {
  const stage = await newStage(faults);
  const { peer, ticket, access } = stage;
  // Nobody wraps the key of this handshake's GroupInfo.
  const last = faults.has('no-wrap') ? await append({ ...stage, invites: [] }, access) : access;
  if (faults.has('closed')) await append(stage, last, { close: true });
  const frame = invitationFrame(peer, namedBy(stage, faults).room, ticket);
  if (faults.has('refused (nonce)')) await spend(peer, frame.nonce);
  await useUp(stage, faults);
  return answerOf(peer, proved(frame, faults.has('invite')));
}

function infoAt({ room }: Stage, handshake: Position): DownOf<'groupinfo'> {
  return { type: 'groupinfo', id: newId(), room, handshake, groupInfo: '', invites: [] };
}

async function knockAtRoom(faults: Faults): Promise<string> {
  const isFull = faults.has('full');
  const isOver = faults.has('rate-limited (knocks of the address)');
  const stage = await newStage(faults, {
    ...(isOver && { knocksPerHour: 1 }),
    ...(isFull && { knocksWaiting: 1 }),
  });
  const { peer, owner, access, door } = stage;
  const first = knockFrame(owner, stage.room, door);
  if (isFull || isOver || faults.has('repeat')) await owner.ask(first);
  if (faults.has('closed')) await append(stage, access, { close: true });
  const id = faults.has('repeat') ? first.id : newId();
  const frame = knockFrame(peer, namedBy(stage, faults).room, door, 'let me in', id);
  if (faults.has('refused (nonce)')) await spend(peer, frame.nonce);
  await useUp(stage, faults);
  return answerOf(peer, proved(frame, faults.has('invite')));
}

async function joinProof(faults: Faults): Promise<string> {
  const stage = await newStage(faults);
  const { room } = namedBy(stage, faults);
  const frame = joinFrame(stage.peer, room, stage.ticket, infoAt(stage, stage.access.at), new KeyPair());
  if (faults.has('refused (nonce)')) await spend(stage.peer, frame.nonce);
  await useUp(stage, faults);
  return answerOf(stage.peer, frame);
}

async function earlyJoin(faults: Faults): Promise<string> {
  const stage = await newStage(faults);
  const { room, access, peer, ticket } = stage;
  const info = infoAt(stage, access.at);
  let last: Access;
  let id = newId();
  if (faults.has('repeat')) {
    const keys = new KeyPair();
    const first = joinFrame(peer, room, ticket, info, keys);
    const ack = await peer.ask<'ack'>(first);
    last = { at: ack.seq, keys };
    id = first.id;
  } else last = await append(stage, access);
  if (faults.has('closed')) await append(stage, last, { close: true });
  const frame = joinFrame(peer, room, ticket, info, new KeyPair(), { id });
  return answerOf(peer, proved(frame, faults.has('invite')));
}

async function anyOtherJoin(faults: Faults): Promise<string> {
  const isOver = faults.has('rate-limited (handshakes in the room)');
  const stage = await newStage(faults, isOver ? { handshakesBurst: 1, handshakesPerSecond: 1e-9 } : {});
  if (isOver) stage.access = await append(stage, stage.access);
  let last = stage.access;
  if (faults.has('closed')) last = await append(stage, last, { close: true });
  const info = infoAt(stage, faults.has('conflict (after is later)') ? LATER : last.at);
  const more = faults.has('invalid') ? { invites: twice() } : {};
  const frame = joinFrame(stage.peer, stage.room, stage.ticket, info, new KeyPair(), more);
  return answerOf(stage.peer, proved(frame, faults.has('invite')));
}

/** `fetch` or `read`, on a connection that has entered the room unless the faults say otherwise. */
async function askOfEntered(type: 'fetch' | 'read', faults: Faults): Promise<string> {
  const stage = await newStage(faults);
  const { peer, room, access } = stage;
  if (!faults.has('not-entered')) await follow(peer, room, access);
  if (faults.has('retired (sent before)') && !faults.has('not-entered')) {
    const retired = peer.coming((frame) => frame.type === 'retired');
    await append(stage, access, { retire: true });
    await retired;
  }
  await useUp(stage, faults);
  const isLater = faults.has('invalid') || faults.has('rate-limited (proofs of the address)');
  if (type === 'fetch') return answerOf(peer, { type, id: newId(), room });
  return answerOf(peer, { type, id: newId(), room, after: isLater ? LATER : access.at, limit: 1 });
}

async function sendSignal(faults: Faults): Promise<string> {
  const stage = await newStage(faults);
  if (!faults.has('not-entered')) await follow(stage.peer, stage.room, stage.access);
  stage.peer.forget();
  stage.peer.send({ type: 'signal', room: stage.room, body: sealed('a signal') });
  await stage.peer.barrier();
  return nameOf(await stage.peer.next((frame) => frame.type === 'error' || frame.type === 'pong'));
}

/** By the first cell of a row of the table, without its code style. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'any, on lines': { answer: (faults) => anyFrame('line', faults), clear: 'done' },
  'any, on WebSocket': { answer: (faults) => anyFrame('web', faults), clear: 'done' },
  hello: { answer: greeting, clear: 'done' },
  create: { answer: create, clear: 'done' },
  'create with by': { answer: createBy, clear: 'done' },
  enter: { answer: enterRoom, clear: 'done', untested: { 'refused (key too old)': MANY } },
  post: { answer: postMessage, clear: 'done' },
  'post, base is earlier than the last handshake': { answer: postMessage },
  'post, base is the last handshake': {
    answer: postMessage,
    clear: 'done',
    untested: {
      closed: BETWEEN,
      'retired (key)': BETWEEN,
      'stale (a handshake at the same time)': 'needs a handshake that is appended at the same time',
    },
  },
  handshake: { answer: handshakeProof, clear: 'done' },
  'handshake, after is later than the last handshake': { answer: lateHandshake },
  'handshake, after is earlier than the last handshake': { answer: earlyHandshake },
  'handshake, after is the last handshake, no order': {
    answer: plainHandshake,
    clear: 'done',
    untested: { [AT_ONCE]: 'needs two handshakes that are appended at the same time' },
  },
  'handshake, after is the last handshake, with an order': {
    answer: orderedHandshake,
    clear: 'done',
    untested: { [AT_ONCE]: 'needs two handshakes that are appended at the same time' },
  },
  refresh: {
    answer: refreshInfo,
    clear: 'done',
    untested: { [AT_ONCE]: 'needs two requests that are carried out at the same time' },
  },
  invitation: { answer: invitation, clear: 'done' },
  knock: { answer: knockAtRoom, clear: 'done' },
  join: { answer: joinProof, clear: 'done' },
  'join, after is earlier than the last handshake': { answer: earlyJoin },
  'join, after is any other': {
    answer: anyOtherJoin,
    clear: 'done',
    untested: { [AT_ONCE]: 'needs two joins that are appended at the same time' },
  },
  fetch: {
    answer: (faults) => askOfEntered('fetch', faults),
    clear: 'done',
    untested: { closed: BETWEEN, 'retired (key)': BETWEEN },
  },
  read: {
    answer: (faults) => askOfEntered('read', faults),
    clear: 'done',
    untested: { 'refused (key too old)': MANY, 'retired (key)': BETWEEN },
  },
  signal: { answer: sendSignal, clear: 'done' },
};
