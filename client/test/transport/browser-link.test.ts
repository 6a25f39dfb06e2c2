import { encodeFrame } from '@gochat/protocol/codec';
import type { Down } from '@gochat/protocol/down';
import type { RequestId } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import { WebSocket as Socket } from 'ws';
import { BrowserLink, PAUSED_CHARS } from '../../src/net/browser-link.ts';
import { connectBrowser } from '../../src/net/connect-browser.ts';
import { DialError } from '../../src/net/dial-error.ts';
import { FAREWELL_MS, type LinkEnd, QUEUED_BYTES } from '../../src/net/link.ts';
import { FakeClock } from '../fake-clock.ts';
import { fakeServer, received } from './fake-server.ts';

const pong = (id: string): Down => ({ type: 'pong', id: id as RequestId });
const ping = (id: string) => ({ type: 'ping', id: id as RequestId }) as const;
const address = { origin: 'chat.example:443', secure: true };

/** The platform's WebSocket, played by the test. */
class FakeSocket {
  onopen: () => void = () => undefined;
  onclose: (event: { code: number }) => void = () => undefined;
  onmessage: (event: { data: unknown }) => void = () => undefined;
  binaryType = 'blob';
  bufferedAmount = 0;
  readonly sent: string[] = [];
  readonly closedWith: number[] = [];
  url = '';
  send(text: string): void {
    this.sent.push(text);
  }
  close(code?: number): void {
    this.closedWith.push(code ?? 0);
  }
  say(frame: Down | string | ArrayBuffer): void {
    const data = typeof frame === 'string' || frame instanceof ArrayBuffer ? frame : JSON.stringify(frame);
    this.onmessage({ data });
  }
}

async function opened() {
  const clock = new FakeClock();
  const socket = new FakeSocket();
  const dialled = BrowserLink.open(address, {
    clock,
    openSocket: (url) => Object.assign(socket, { url }) as unknown as WebSocket,
  });
  socket.onopen();
  const link = await dialled;
  const got: string[] = [];
  let heard = 0;
  const start = (taken: (id: string) => void = () => undefined) =>
    link.start({
      heard: () => {
        heard += 1;
      },
      frame: (frame) => {
        got.push('id' in frame ? String(frame.id) : frame.type);
        taken(got.at(-1) ?? '');
      },
    });
  let ended: LinkEnd | undefined;
  void link.closed.then((end) => {
    ended = end;
  });
  const end = async () => {
    await Promise.resolve();
    return ended;
  };
  return { clock, socket, link, got, start, end, heard: () => heard };
}

test('frames go both ways, to the origin as dialled', async () => {
  const { socket, link, got, start } = await opened();
  expect(socket.url).toBe('wss://chat.example:443/ws');
  expect(link.origin).toBe('chat.example:443');
  socket.say(pong('early'));
  start();
  link.send(ping('a'));
  socket.say(pong('b'));
  expect(socket.sent).toEqual([encodeFrame(ping('a'))]);
  expect(got).toEqual(['early', 'b']);
});

test('a real server answers', async () => {
  const fake = await fakeServer('web');
  const link = await BrowserLink.open(
    { origin: `localhost:${fake.port}`, secure: false },
    { openSocket: (url) => new Socket(url) as unknown as WebSocket },
  );
  const wire = await fake.next();
  const got = new Promise<Down>((resolve) => link.start({ heard: () => undefined, frame: resolve }));
  link.send(ping('a'));
  expect(await received(wire)).toEqual(ping('a'));
  wire.send(JSON.stringify(pong('a')));
  expect(await got).toEqual(pong('a'));
  wire.end();
  expect(await link.closed).toMatchObject({ reason: 'peer' });
});

test('what comes while it is paused waits, and comes in order', async () => {
  const { socket, link, got, start, heard } = await opened();
  start((id) => {
    if (id === 'two') link.pause();
    // Whoever takes a frame may resume at once.
    if (id === 'three') {
      link.pause();
      link.resume();
    }
  });
  for (const id of ['one', 'two', 'three', 'four']) socket.say(pong(id));
  expect(got).toEqual(['one', 'two']);
  expect(heard()).toBe(4);
  link.resume();
  expect(got).toEqual(['one', 'two', 'three', 'four']);
});

test('when too much waits it is closed, and what waits is handed on', async () => {
  const { socket, link, got, start, end } = await opened();
  start();
  link.pause();
  const padded = (id: string) => JSON.stringify(pong(id)).padEnd(4000);
  const most = Math.floor(PAUSED_CHARS / 4000);
  for (let n = 0; n < most; n += 1) socket.say(padded('some'));
  expect(socket.closedWith).toEqual([]);
  socket.say(padded('most'));
  expect(socket.closedWith).toEqual([1000]);
  socket.say(padded('never'));
  socket.onclose({ code: 1000 });
  expect(await end()).toBeUndefined();
  link.resume();
  expect(await end()).toEqual({ reason: 'flooded' });
  expect([got.length, got.at(-1)]).toEqual([most + 1, 'most']);
});

test('when the server goes while it is paused, what came is handed on first', async () => {
  const { socket, link, got, start, end } = await opened();
  start();
  link.pause();
  socket.say(pong('last'));
  socket.onclose({ code: 1006 });
  expect(await end()).toBeUndefined();
  link.resume();
  expect(got).toEqual(['last']);
  expect(await end()).toEqual({ reason: 'lost' });
});

test('closed here it brings nothing more, and ends whether the server answers or not', async () => {
  const { clock, socket, link, got, start, end } = await opened();
  start();
  link.pause();
  socket.say(pong('waits'));
  link.close();
  link.resume();
  socket.say(pong('late'));
  link.send(ping('late'));
  expect([got, socket.sent, socket.closedWith]).toEqual([[], [], [1000]]);
  expect(await end()).toBeUndefined();
  clock.pass(FAREWELL_MS);
  expect(await end()).toEqual({ reason: 'here' });
});

test.each([
  ['bytes', new ArrayBuffer(4)],
  ['no JSON', '{'],
  ['no frame', '{"type":"nonsense"}'],
  ['what is longer than any frame', 'x'.repeat(5 << 20)],
])('%s end it', async (_what, said) => {
  const { socket, got, start, end } = await opened();
  start();
  socket.say(said);
  socket.say(pong('late'));
  socket.onclose({ code: 1000 });
  expect(await end()).toMatchObject({ reason: 'malformed' });
  expect(got).toEqual([]);
});

test('a server that takes nothing ends it', async () => {
  const { socket, link, end } = await opened();
  socket.bufferedAmount = QUEUED_BYTES;
  link.send(ping('a'));
  expect(socket.sent).toEqual([]);
  socket.onclose({ code: 1000 });
  link.start({ heard: () => undefined, frame: () => undefined });
  expect(await end()).toEqual({ reason: 'overrun' });
});

test('a server that doesn’t answer, or refuses, is not dialled forever', async () => {
  const clock = new FakeClock();
  const silent = new FakeSocket();
  const openSocket = () => silent as unknown as WebSocket;
  const dialled = expect(BrowserLink.open(address, { clock, openSocket })).rejects.toThrow(DialError);
  clock.pass(10_000);
  await dialled;
  expect(silent.closedWith).toHaveLength(1);
  const refused = expect(BrowserLink.open(address, { clock, openSocket })).rejects.toThrow(DialError);
  silent.onclose({ code: 1006 });
  await refused;
});

test.each([
  'https://other.example',
  'http://chat.example',
  'https://chat.example:8443',
  'tcp://chat.example:443',
  'https://www.chat.example',
])('a page reaches its own server alone, not %s', async (other) => {
  await expect(connectBrowser(other, 'https://chat.example')).rejects.toMatchObject({
    name: 'ChatError',
    code: 'usage',
    data: {
      reason: 'other-server',
      own: 'https://chat.example',
      wanted: expect.stringMatching(/^https?:/),
    },
  });
});

test.each([
  'https://chat.example',
  'https://CHAT.example:443/',
  'wss://chat.example/ws',
  'tls://chat.example:443',
])('%s is the server of https://chat.example', async (same) => {
  const urls: string[] = [];
  const openSocket = (url: string) => {
    urls.push(url);
    const socket = new FakeSocket();
    queueMicrotask(() => socket.onclose({ code: 1006 }));
    return socket as unknown as WebSocket;
  };
  await expect(connectBrowser(same, 'https://chat.example', { openSocket })).rejects.toThrow(DialError);
  expect(urls).toEqual(['wss://chat.example:443/ws']);
});
