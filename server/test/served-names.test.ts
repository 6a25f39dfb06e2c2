import { X509Certificate } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { generate } from 'selfsigned';
import { describe, expect, test } from 'vitest';
import { ownNames } from '../src/net/own-names.ts';
import { parseName, ServedNames } from '../src/net/served-names.ts';

test.each([
  ['chat.example', { host: 'chat.example' }],
  ['Chat.Example.', { host: 'chat.example' }],
  ['chat.example:8443', { host: 'chat.example', port: 8443 }],
  ['[::1]:4040', { host: '[::1]', port: 4040 }],
  ['[0:0:0:0:0:0:0:1]', { host: '[::1]' }],
  ['192.0.2.1', { host: '192.0.2.1' }],
  ['*.chat.example', { host: '*.chat.example' }],
  ['', undefined],
  ['a b', undefined],
  ['a/b', undefined],
  ['user@host', undefined],
  ['host:', undefined],
  ['host:99999', undefined],
  ['[::zz]', undefined],
  ['[1.2.3.4]', undefined],
])('%s is parsed as %j', (text, name) => {
  expect(parseName(text)).toEqual(name);
});

test('a wildcard matches one label and can not be dialled', () => {
  const names = new ServedNames([{ host: '*.chat.example' }]);
  expect(['a.chat.example', 'b.chat.example:1'].every((name) => names.serves(name))).toBe(true);
  expect(
    ['chat.example', 'a.b.chat.example', '*.chat.example', '.chat.example'].some((name) =>
      names.serves(name),
    ),
  ).toBe(false);
});

describe('a server', () => {
  const serves = (listening: Partial<Parameters<typeof ownNames>[0]>, name: string) =>
    new ServedNames(ownNames({ host: '127.0.0.1', names: [], insecure: false, ...listening })).serves(name);

  test('answers to loopback names if it listens on loopback', () => {
    for (const host of ['127.0.0.1', '0.0.0.0', '::', '::1', 'localhost']) {
      for (const name of ['localhost:4040', '127.0.0.1', '[::1]:9'])
        expect(serves({ host }, name)).toBe(true);
    }
    expect(serves({ host: '192.0.2.1' }, 'localhost')).toBe(false);
    expect(serves({ host: '192.0.2.1' }, '192.0.2.1:4040')).toBe(true);
    expect(serves({ host: '0.0.0.0' }, '0.0.0.0')).toBe(false);
  });

  test('answers to its configured names, and to its addresses only without TLS', () => {
    expect(serves({ names: [{ host: 'chat.example' }] }, 'chat.example')).toBe(true);
    const own = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal);
    if (own === undefined) return;
    expect(serves({ host: '0.0.0.0' }, own.address)).toBe(false);
    expect(serves({ host: '0.0.0.0', insecure: true }, own.address)).toBe(true);
    expect(serves({ insecure: true }, own.address)).toBe(false);
  });

  test('answers to the names of its certificate', async () => {
    const altNames = [
      { type: 2, value: 'chat.example' },
      { type: 2, value: '*.team.example' },
      { type: 7, ip: '192.0.2.9' },
      { type: 7, ip: '2001:db8::1' },
    ] as const;
    const { cert } = await generate([{ name: 'commonName', value: 'ignored.example' }], {
      extensions: [{ name: 'subjectAltName', altNames: [...altNames] }],
    });
    const certificate = new X509Certificate(cert);
    for (const name of ['chat.example', 'x.team.example:443', '192.0.2.9', '[2001:db8::1]:4040']) {
      expect([name, serves({ certificate }, name)]).toEqual([name, true]);
    }
    expect(serves({ certificate }, 'ignored.example')).toBe(false);
  });
});
