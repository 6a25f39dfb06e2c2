/**
 * A client written from docs/protocol.md with node:net and node:crypto alone: nothing of ours is imported but the server that it
 * talks to. When this needs a change, so does the document.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { openMemory } from '@gochat/server/internal/log/memory/open';
import { openOperatorLog } from '@gochat/server/internal/operate/operator-log';
import { type RunningServer, serve } from '@gochat/server/internal/serve';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

type Frame = { readonly type: string } & Readonly<Record<string, unknown>>;

let server: RunningServer;
const complaints: string[] = [];
const out = { write: (line: string) => complaints.push(line) };
beforeAll(async () => {
  server = await serve({
    engine: openMemory(),
    host: '127.0.0.1',
    port: 0,
    names: [{ host: '127.0.0.1' }],
    logger: openOperatorLog({ format: 'json', level: 'warn', showsMessages: false, out }).logger,
  });
});
afterAll(async () => {
  await server.close();
  expect(complaints).toEqual([]);
});

interface Key {
  readonly public: string;
  readonly private: KeyObject;
}

/** Made from random bytes: Node.js 20 may wait for ever at the export as JWK of a key that it has generated itself. */
function makeKey(): Key {
  const key = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), randomBytes(32)]);
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  return { public: createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '', private: privateKey };
}

function random(bytes = 16): string {
  return randomBytes(bytes).toString('base64url');
}

function prove(key: Key, ...lines: readonly unknown[]): string {
  return sign(null, Buffer.from(lines.map((line) => `${line}\n`).join('')), key.private).toString(
    'base64url',
  );
}

interface Invite {
  readonly invite: string;
  readonly wrapped: string;
  readonly join?: string;
  readonly expires?: number;
  readonly uses?: number;
}

function inviteLines(invites: readonly Invite[]): unknown[] {
  const line = ({ invite, wrapped, join, expires, uses }: Invite) =>
    [invite, wrapped, join ?? '-', expires ?? '-', uses ?? '-'].join(' ');
  return [invites.length, ...invites.map(line)];
}

/** One connection: replies by their id, everything else in the order of its arrival. */
class Connection {
  readonly origin: string;
  readonly closed: Promise<unknown>;
  nonce = '';
  readonly #socket: Socket;
  readonly #replies = new Map<string, (frame: Frame) => void>();
  readonly #delivered: Frame[] = [];
  #wake = () => {};
  #rest = '';

  constructor(port: number) {
    this.origin = `127.0.0.1:${port}`;
    this.#socket = connect(port, '127.0.0.1').setEncoding('utf8');
    this.closed = once(this.#socket, 'close');
    this.#socket.on('data', (chunk: string) => this.#take(chunk));
    onTestFinished(() => {
      this.#socket.destroy();
    });
  }

  static async open(): Promise<Connection> {
    const connection = new Connection(server.port);
    const welcome = await connection.ask({ type: 'hello', id: 'hi', version: 2, origin: connection.origin });
    expect(welcome).toMatchObject({ type: 'welcome', version: 2, now: expect.any(Number) });
    connection.nonce = String(welcome.nonce);
    return connection;
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  say(frame: Frame): void {
    this.write(`${JSON.stringify(frame)}\n`);
  }

  ask(frame: Frame): Promise<Frame> {
    const reply = new Promise<Frame>((resolve) => this.#replies.set(String(frame.id), resolve));
    this.say(frame);
    return reply;
  }

  /** The next frame that answers nothing. */
  async next(): Promise<Frame> {
    for (;;) {
      const frame = this.#delivered.shift();
      if (frame !== undefined) return frame;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Entries up to the frame of this type, and that frame. */
  async until(type: 'live' | 'retired'): Promise<{ entries: Frame[]; end: Frame }> {
    const entries: Frame[] = [];
    for (;;) {
      const frame = await this.next();
      if (frame.type === type) return { entries, end: frame };
      expect(frame.type).toBe('entry');
      entries.push(frame);
    }
  }

  #take(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const frame = JSON.parse(line) as Frame;
      const reply = typeof frame.id === 'string' ? this.#replies.get(frame.id) : undefined;
      if (reply === undefined) this.#delivered.push(frame);
      else reply(frame);
    }
    this.#wake();
  }
}

/** What a member of a room knows. */
interface Room {
  readonly id: string;
  readonly admin: Key;
  readonly keepers: Key;
  readonly access: Key;
  /** The position of the handshake that added the access key. */
  readonly key: string;
}

function sealed() {
  return { body: random(100), groupInfo: random(300), member: random(60) };
}

async function createRoom(
  connection: Connection,
  invites: readonly Invite[] = [],
): Promise<Room & { body: string }> {
  const [id, room, admin, keepers, access] = [random(), random(), makeKey(), makeKey(), makeKey()];
  const { body, groupInfo, member } = sealed();
  const proof = prove(
    admin,
    ...['gochat/create/2', id, room, body, access.public, admin.public],
    ...[keepers.public, '- - - 3600000', groupInfo, member],
    ...inviteLines(invites),
  );
  const create = {
    type: 'create',
    id,
    room,
    body,
    access: access.public,
    admin: admin.public,
    keepers: keepers.public,
    rules: { retainMs: 3_600_000 },
    groupInfo,
    member,
  };
  const ack = await connection.ask({ ...create, invites, proof });
  expect(ack).toMatchObject({ type: 'ack', dup: false });
  return { id: room, admin, keepers, access, key: String(ack.seq), body };
}

function enter(
  connection: Connection,
  room: Room,
  since = '0',
  signer = room.access,
  origin = connection.origin,
) {
  const nonce = random();
  const lines = ['gochat/enter/2', origin, connection.nonce, nonce, room.id, room.key, since];
  const proof = prove(signer, ...lines);
  return connection.ask({ type: 'enter', id: random(), room: room.id, key: room.key, since, nonce, proof });
}

function post(
  connection: Connection,
  room: Room,
  base: string,
  body = random(500),
  id = random(),
): Promise<Frame> {
  return connection.ask({ type: 'post', id, room: room.id, base, body });
}

interface Order {
  /** The key that signs it: the admin key, unless it is named. */
  readonly by?: Key;
  readonly retire?: true;
  readonly admins?: readonly string[];
  readonly keepers?: string;
  readonly rules?: {
    readonly voice?: string;
    readonly quietBytes?: number;
    readonly quietMs?: number;
    readonly retainMs?: number;
  };
  readonly close?: true;
}

function handshake(
  connection: Connection,
  room: Room,
  after: string,
  access: Key,
  { order: ordered = undefined as Order | undefined, invites = [] as readonly Invite[] } = {},
): Promise<Frame> {
  const [id, { body, groupInfo, member }] = [random(), sealed()];
  const lines = [
    id,
    room.id,
    after,
    room.key,
    body,
    access.public,
    groupInfo,
    member,
    ...inviteLines(invites),
  ];
  const { by = room.admin, ...parts } = ordered ?? {};
  const { retire, admins, keepers, rules, close } = parts;
  const { voice, quietBytes, quietMs, retainMs } = rules ?? {};
  const ruled = [voice, quietBytes, quietMs, retainMs].map((rule) => rule ?? '-').join(' ');
  const orderLines = [by.public, retire ?? '-', admins?.join(' ') ?? '-', keepers ?? '-'];
  const orderProof = prove(
    by,
    ...['gochat/order/2', ...orderLines, rules === undefined ? '-' : ruled, close ?? '-', ...lines],
  );
  const order = { key: by.public, ...parts, proof: orderProof };
  return connection.ask({
    type: 'handshake',
    ...{ id, room: room.id, after, key: room.key, body, access: access.public, groupInfo, member, invites },
    proof: prove(room.access, 'gochat/handshake/2', ...lines),
    ...(ordered === undefined ? {} : { order }),
  });
}

test('a room is made, entered, posted to, and read back through another connection', async () => {
  const ann = await Connection.open();
  const room = await createRoom(ann);
  expect(await enter(ann, room)).toMatchObject({ type: 'entered', room: room.id, handshake: room.key });
  const { entries, end } = await ann.until('live');
  expect(entries).toMatchObject([{ room: room.id, seq: room.key, kind: 'handshake', body: room.body }]);
  expect(end).toMatchObject({ room: room.id, seq: room.key });

  const bodies = [random(500), random(700)];
  const acks = await Promise.all(bodies.map((body) => post(ann, room, room.key, body)));
  const posted = bodies.map((body, i) => ({ seq: acks[i]?.seq, at: acks[i]?.at, kind: 'message', body }));
  expect([await ann.next(), await ann.next()]).toMatchObject(posted);

  const bob = await Connection.open();
  expect(await enter(bob, room, room.key)).toMatchObject({ type: 'entered' });
  expect((await bob.until('live')).entries).toMatchObject(posted);
  const page = await bob.ask({ type: 'read', id: 'r', room: room.id, after: room.key, limit: 1 });
  expect(page).toMatchObject({ type: 'page', entries: [posted[0]], more: true });

  const answer = random(500);
  const { seq } = await post(bob, room, room.key, answer);
  expect(await ann.next()).toMatchObject({ type: 'entry', seq, body: answer });

  bob.say({ type: 'signal', room: room.id, body: random(32) });
  expect(await ann.next()).toMatchObject({ type: 'signal', room: room.id });
  expect(await bob.ask({ type: 'exit', id: 'x', room: room.id })).toMatchObject({ type: 'exited' });
  expect(await post(bob, room, room.key)).toMatchObject({ type: 'error', code: 'not-entered' });
  expect(await bob.ask({ type: 'ping', id: 'p' })).toEqual({ type: 'pong', id: 'p' });
});

test('a wrong proof is refused: another key, another server, another connection, a nonce used before', async () => {
  const ann = await Connection.open();
  const room = await createRoom(ann);
  const refused = { type: 'error', code: 'refused' };
  expect(await enter(ann, room, '0', makeKey())).toMatchObject(refused);
  expect(await enter(ann, room, '0', room.access, 'example.org:4040')).toMatchObject(refused);

  const nonce = random();
  const proof = prove(room.access, 'gochat/enter/2', ann.origin, ann.nonce, nonce, room.id, room.key, '0');
  const proved = { type: 'enter', room: room.id, key: room.key, since: '0', nonce, proof };
  const eve = await Connection.open();
  expect(await eve.ask({ ...proved, id: '1' })).toMatchObject(refused);
  expect(await post(eve, room, room.key)).toMatchObject({ type: 'error', code: 'not-entered' });
  expect(await ann.ask({ ...proved, id: '2' })).toMatchObject({ type: 'entered' });
  expect(await ann.ask({ ...proved, id: '3' })).toMatchObject(refused);
});

test('a repeated id gets the first ack and appends nothing', async () => {
  const ann = await Connection.open();
  const room = await createRoom(ann);
  await enter(ann, room);
  const [id, body] = [random(), random(50)];
  const first = await post(ann, room, room.key, body, id);
  expect(await post(ann, room, room.key, body, id)).toEqual({ ...first, dup: true });
  const page = await ann.ask({ type: 'read', id: 'r', room: room.id, after: room.key, limit: 10 });
  expect(page).toMatchObject({ entries: [{ seq: first.seq, body }], more: false });
});

test('one of two handshakes wins, and a post with an older base is stale', async () => {
  const ann = await Connection.open();
  const room = await createRoom(ann);
  await enter(ann, room);
  const replies = await Promise.all(
    [makeKey(), makeKey()].map((next) => handshake(ann, room, room.key, next)),
  );
  expect(replies.map((reply) => reply.type).sort()).toEqual(['ack', 'error']);
  const handshakeAt = replies.find((reply) => reply.type === 'ack')?.seq;
  const refusal = { type: 'error', handshake: handshakeAt };
  expect(replies.find((reply) => reply.type === 'error')).toMatchObject({ ...refusal, code: 'conflict' });
  expect(await post(ann, room, room.key)).toMatchObject({ ...refusal, code: 'stale' });
  expect(await post(ann, room, String(handshakeAt))).toMatchObject({ type: 'ack', dup: false });
});

test('a retired key can only read up to the handshake that retired it; the next key works', async () => {
  const ann = await Connection.open();
  const room = await createRoom(ann);
  await enter(ann, room);
  await ann.until('live');
  const next = makeKey();
  const removal = await handshake(ann, room, room.key, next, { order: { retire: true } });
  expect(removal).toMatchObject({ type: 'ack' });
  const { entries, end } = await ann.until('retired');
  expect(entries.map((entry) => entry.seq)).toEqual([removal.seq]);
  expect(end.seq).toBe(removal.seq);
  expect(await post(ann, room, String(removal.seq))).toMatchObject({ type: 'error', code: 'retired' });

  const later: Room = { ...room, access: next, key: String(removal.seq) };
  const bob = await Connection.open();
  await enter(bob, later, later.key);
  const secret = await post(bob, later, later.key);
  const removed = await Connection.open();
  expect(await enter(removed, room)).toMatchObject({ type: 'entered', handshake: removal.seq });
  expect((await removed.until('retired')).entries.map((entry) => entry.seq)).toEqual([room.key, removal.seq]);

  expect(await enter(ann, later, later.key)).toMatchObject({ type: 'entered' });
  expect((await ann.until('live')).entries.map((entry) => entry.seq)).toEqual([secret.seq]);
});

test('orders change rules and keys, end invites, and close the room', async () => {
  const ann = await Connection.open();
  const joinKey = makeKey();
  const invite = { invite: random(), wrapped: random(80), join: joinKey.public };
  const room = await createRoom(ann, [invite]);
  expect(await enter(ann, room)).toMatchObject({ rules: { retainMs: 3_600_000 } });
  await ann.until('live');
  const info = async () => ann.ask({ type: 'fetch', id: random(), room: room.id });
  let at = room;
  const orders = async (order: Order) => {
    const access = makeKey();
    const ack = await handshake(ann, at, at.key, access, { order });
    expect(ack).toMatchObject({ type: 'ack' });
    at = { ...at, access, key: String(ack.seq) };
  };
  expect((await info()).invites).toEqual([{ invite: invite.invite, wrapped: invite.wrapped }]);
  const access = makeKey();
  const plain = await handshake(ann, at, at.key, access);
  at = { ...at, access, key: String(plain.seq) };
  expect((await info()).invites).toEqual([{ invite: invite.invite }]);
  const [heir, keeper, voice] = [makeKey(), makeKey(), makeKey()];
  const rules = { voice: voice.public, quietBytes: 4137, quietMs: 10_000 };
  await orders({ admins: [heir.public], keepers: keeper.public, rules });
  expect((await info()).invites).toEqual([]);
  at = { ...at, admin: heir };
  const beyond = { by: keeper, close: true as const };
  expect(await handshake(ann, at, at.key, makeKey(), { order: beyond })).toMatchObject({ code: 'refused' });
  await orders({ by: keeper, retire: true });
  expect(await enter(ann, at, at.key)).toMatchObject({ rules });
  await orders({ close: true });
  const bob = await Connection.open();
  expect(await enter(bob, at)).toMatchObject({ type: 'error', code: 'closed' });
});

test('an invite of one use lets one person join', async () => {
  const ann = await Connection.open();
  const joinKey = makeKey();
  const invite = { invite: random(), wrapped: random(80) };
  const room = await createRoom(ann, [{ ...invite, join: joinKey.public, uses: 1 }]);

  const bob = await Connection.open();
  const invitation = () => {
    const nonce = random();
    const lines = ['gochat/invitation/2', bob.origin, bob.nonce, nonce, room.id, invite.invite];
    const proof = prove(joinKey, ...lines);
    return bob.ask({ type: 'invitation', id: random(), room: room.id, invite: invite.invite, nonce, proof });
  };
  const info = await invitation();
  expect(info).toMatchObject({ type: 'groupinfo', handshake: room.key, ...{ wrapped: invite.wrapped } });
  expect(info.invites).toEqual([{ invite: invite.invite, uses: 1 }]);

  const [id, nonce, access, { body, groupInfo, member }] = [random(), random(), makeKey(), sealed()];
  const invites = [{ invite: invite.invite, wrapped: random(80) }];
  const proof = prove(
    joinKey,
    ...['gochat/join-request/2', bob.origin, bob.nonce, nonce, id, room.id, invite.invite, info.handshake],
    ...[body, access.public, groupInfo, member],
    ...inviteLines(invites),
  );
  const joined = await bob.ask({
    ...{ type: 'join', id, room: room.id, invite: invite.invite, after: info.handshake, body },
    ...{ access: access.public, groupInfo, member, invites, nonce, proof },
  });
  expect(joined).toMatchObject({ type: 'ack', dup: false });
  expect(await invitation()).toMatchObject({ type: 'error', code: 'invite' });

  expect(await enter(bob, { ...room, access, key: String(joined.seq) })).toMatchObject({ type: 'entered' });
  expect((await bob.until('live')).entries.map((entry) => entry.body)).toEqual([room.body, body]);
  const fetched = await bob.ask({ type: 'fetch', id: 'f', room: room.id });
  expect(fetched).toMatchObject({ type: 'groupinfo', handshake: joined.seq, groupInfo, member, invites: [] });

  const [refreshId, fresh] = [random(), sealed()];
  const lines = [refreshId, room.id, joined.seq, joined.seq, fresh.groupInfo, fresh.member, 0];
  const refreshed = await bob.ask({
    ...{ type: 'refresh', id: refreshId, room: room.id, after: joined.seq, key: joined.seq },
    ...{ groupInfo: fresh.groupInfo, member: fresh.member, invites: [] },
    proof: prove(access, 'gochat/refresh/2', ...lines),
  });
  expect(refreshed).toMatchObject({ type: 'ack', seq: joined.seq });
  const { groupInfo: now } = await bob.ask({ type: 'fetch', id: 'g', room: room.id });
  expect(digest(now)).toBe(digest(fresh.groupInfo));
});

function digest(text: unknown): string {
  return createHash('sha256').update(String(text)).digest('hex');
}

test('a wrong version, a wrong origin, a missing hello and invalid bytes end the connection with their codes', async () => {
  const cases: [string, string][] = [
    ['version', JSON.stringify({ type: 'hello', id: '1', version: 3, origin: `127.0.0.1:${server.port}` })],
    ['origin', JSON.stringify({ type: 'hello', id: '1', version: 2, origin: 'example.org:4040' })],
    ['hello-first', JSON.stringify({ type: 'ping', id: '1' })],
    ['malformed', '{"type":"hello"'],
    ['malformed', JSON.stringify({ type: 'hello', id: '1', version: 2, origin: 'a', more: true })],
    ['oversize', `{"type":"hello","id":"${'x'.repeat(5000)}`],
  ];
  for (const [code, line] of cases) {
    const connection = new Connection(server.port);
    connection.write(`${line}\n`);
    const error = await connection.next();
    expect([line.slice(0, 80), error]).toMatchObject([line.slice(0, 80), { type: 'error', code }]);
    await connection.closed;
  }
});
