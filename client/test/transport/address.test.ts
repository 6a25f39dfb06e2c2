import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AddressError, isLoopback, linkAddress, parseAddress } from '../../src/net/address.ts';

test.each([
  ['tcp://127.0.0.1:4040', 'tcp', '127.0.0.1', 4040, '127.0.0.1:4040'],
  ['tcp://Chat.Example', 'tcp', 'chat.example', 4040, 'chat.example:4040'],
  ['TLS://chat.example/', 'tls', 'chat.example', 4040, 'chat.example:4040'],
  ['http://chat.example', 'http', 'chat.example', 80, 'chat.example:80'],
  ['https://chat.example', 'https', 'chat.example', 443, 'chat.example:443'],
  ['https://chat.example:4040', 'https', 'chat.example', 4040, 'chat.example:4040'],
  ['ws://h_1.x/ws', 'ws', 'h_1.x', 80, 'h_1.x:80'],
  ['wss://chat.example:8443/ws', 'wss', 'chat.example', 8443, 'chat.example:8443'],
  ['tcp://[::1]:4040', 'tcp', '::1', 4040, '[::1]:4040'],
  ['tcp://[2001:DB8:0::1]', 'tcp', '2001:db8::1', 4040, '[2001:db8::1]:4040'],
  ['tcp://bücher.example', 'tcp', 'xn--bcher-kva.example', 4040, 'xn--bcher-kva.example:4040'],
  [' tcp://localhost:4040\n', 'tcp', 'localhost', 4040, 'localhost:4040'],
  ['tcp://127.1:1', 'tcp', '127.0.0.1', 1, '127.0.0.1:1'],
])('%j is an address', (text, scheme, host, port, origin) => {
  expect(parseAddress(text)).toMatchObject({ scheme, host, port, origin, href: `${scheme}://${origin}` });
});

test('the scheme says whether the connection is encrypted', () => {
  const secure = (scheme: string) => parseAddress(`${scheme}://h`).secure;
  expect(['tls', 'wss', 'https'].map(secure)).toEqual([true, true, true]);
  expect(['tcp', 'ws', 'http'].map(secure)).toEqual([false, false, false]);
});

describe('a text that is not an address is refused with the reason', () => {
  test.each([
    ['', { why: 'no-scheme' }],
    ['localhost:4040', { why: 'no-scheme' }],
    ['chat.example', { why: 'no-scheme' }],
    ['ftp://chat.example', { why: 'scheme', value: 'ftp' }],
    ['tcp://', { why: 'no-host' }],
    ['tcp://:4040', { why: 'no-host' }],
    ['tcp://h:0', { why: 'port', value: '0' }],
    ['tcp://h:65536', { why: 'port', value: '65536' }],
    ['tcp://h:4x', { why: 'form' }],
    ['tcp://user@h', { why: 'form' }],
    ['tcp://a b', { why: 'host' }],
    ['tcp://h!', { why: 'host' }],
    ['tcp://[::1', { why: 'form' }],
    ['tcp://[:::1]', { why: 'host' }],
    ['https://h/#/join/x.y.z', { why: 'path' }],
    ['https://h/chat', { why: 'path' }],
    ['tcp://h/ws', { why: 'path' }],
    ['https://h?x', { why: 'path' }],
    [`tcp://${'h'.repeat(300)}`, { why: 'too-long' }],
  ])('%j', (text, data) => {
    expect(() => parseAddress(text)).toThrow(
      expect.objectContaining({ name: 'AddressError', data: expect.objectContaining(data) }),
    );
  });
});

test('any text is either an address that reads back the same, or an AddressError', () => {
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((ip) => `[${ip}]`),
    fc.string(),
  );
  const text = fc.oneof(
    fc.string(),
    fc
      .tuple(fc.constantFrom('tcp', 'tls', 'ws', 'wss', 'http', 'https', 'x'), host, fc.nat(70_000))
      .map(([scheme, name, port]) => `${scheme}://${name}:${port}`),
  );
  fc.assert(
    fc.property(text, (tried) => {
      try {
        const address = parseAddress(tried);
        expect(parseAddress(address.href)).toEqual(address);
        expect(address.origin).toMatch(/^[a-z0-9.:[\]_-]{1,260}$/);
      } catch (error) {
        if (!(error instanceof AddressError)) throw error;
      }
    }),
  );
});

test.each([
  ['tcp://127.0.0.1:4040', 'http://127.0.0.1:4040'],
  ['http://h:4040', 'http://h:4040'],
  ['ws://h', 'http://h:80'],
  ['tls://h', 'https://h:4040'],
  ['wss://[::1]', 'https://[::1]:443'],
])('the links of %s are at %s, and lead to the same origin', (server, link) => {
  expect(linkAddress(server)).toBe(link);
  // A browser leaves the web's own ports out of what it shows.
  expect(parseAddress(new URL(link).origin).origin).toBe(parseAddress(server).origin);
});

test('loopback is what can’t leave the machine', () => {
  const at = (host: string) => isLoopback(parseAddress(`tcp://${host}`));
  for (const host of ['localhost', 'x.localhost', '127.0.0.1', '127.9.9.9', '[::1]', '[::ffff:127.0.0.1]']) {
    expect(at(host), host).toBe(true);
  }
  for (const host of [
    'example.org',
    'localhost.example.org',
    '127.0.0.1.nip.io',
    '10.0.0.1',
    '0.0.0.0',
    '[::]',
    '[::ffff:10.0.0.1]',
  ]) {
    expect(at(host), host).toBe(false);
  }
});
