import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseDown } from '../src/codec.ts';
import { type Down, type DownOf, down } from '../src/down.ts';
import { encodeBytes } from '../src/encoding.ts';
import { ERRORS, type ErrorCode } from '../src/errors.ts';
import { parseFileId, parseFilePass } from '../src/file-pass.ts';
import { LIMITS } from '../src/limits.ts';
import { parseUp } from '../src/parse-up.ts';
import {
  type Dialled,
  signedCreate,
  signedCreateBy,
  signedEnter,
  signedFilePass,
  signedHandshake,
  signedInvitation,
  signedJoin,
  signedKnock,
  signedOrder,
  signedRefresh,
  signedVoice,
} from '../src/signed.ts';
import { type Up, type UpOf, up } from '../src/up.ts';
import { PROTOCOL_VERSION } from '../src/version.ts';
import { MEANINGS } from './error-meanings.ts';

const document = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');

/** The text under each heading, whatever its depth, up to the next one. */
const sections = new Map(
  document
    .split(/^#+ /m)
    .slice(1)
    .map((section) => {
      const [heading = '', ...text] = section.split('\n');
      return [heading, text.join('\n')] as const;
    }),
);

/** The contents of the fenced blocks with this info string, including line feeds. */
function fenced(info: string, text = document): string[] {
  const fences = new RegExp(`^\`\`\`${info}\\n([^]*?)^\`\`\`$`, 'gm');
  return [...text.matchAll(fences)].map((match) => match[1] ?? '');
}

const upExamples = fenced('json up').map(parseUp);
const downExamples = fenced('json down').map(parseDown);

function upOf<T extends Up['type']>(type: T): UpOf<T> {
  const found = upExamples.find((frame): frame is UpOf<T> => frame.type === type);
  if (found === undefined) throw new Error(`the document has no example of ${type}`);
  return found;
}

function downOf<T extends Down['type']>(type: T): DownOf<T> {
  const found = downExamples.find((frame): frame is DownOf<T> => frame.type === type);
  if (found === undefined) throw new Error(`the document has no example of ${type}`);
  return found;
}

/** A section by a frame's type; the two that go both ways say which. */
function sectionOf(type: string, way: 'up' | 'down'): string {
  const section = sections.get(type) ?? sections.get(`${type} (${way})`);
  if (section === undefined) throw new Error(`the document has no section ${type} (${way})`);
  return section;
}

type Entries = Record<
  string,
  { type: string; entries?: Entries; item?: unknown; wrapped?: unknown; pipe?: unknown }
>;

/** The names of all members, those of members' members too. */
function memberNames(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { entries, item, wrapped, pipe } = schema as Entries[string];
  const nested = [item, wrapped, ...(Array.isArray(pipe) && pipe[0] !== schema ? [pipe[0]] : [])];
  return [
    ...Object.entries(entries ?? {}).flatMap(([name, field]) => [name, ...memberNames(field)]),
    ...nested.flatMap(memberNames),
  ];
}

const described = [
  ...up.options.map((schema) => ({ way: 'up' as const, type: schema.entries.type.literal, schema })),
  ...down.options.map((schema) => ({ way: 'down' as const, type: schema.entries.type.literal, schema })),
];

describe.each(described)('$type ($way)', ({ way, type, schema }) => {
  test('has a section with an example', () => {
    const parse: (text: string) => Up | Down = way === 'up' ? parseUp : parseDown;
    const types = fenced(`json ${way}`, sectionOf(type, way)).map((text) => parse(text).type);
    expect(types).not.toHaveLength(0);
    expect(new Set(types)).toEqual(new Set([type]));
  });

  test('has all its members described', () => {
    const section = sectionOf(type, way);
    const orders = type === 'handshake' ? (sections.get('Orders') ?? '') + (sections.get('Rules') ?? '') : '';
    const shared =
      type === 'handshake' || type === 'refresh' || type === 'join' || type === 'create'
        ? (sections.get('Invites') ?? '')
        : '';
    const unnamed = memberNames(schema).filter(
      (name) =>
        !section.includes(`"${name}":`) &&
        !section.includes(`\`${name}\``) &&
        !shared.includes(`\`${name}\``) &&
        !orders.includes(`\`${name}\``),
    );
    expect(unnamed).toEqual([]);
  });
});

test('every JSON block of the document is checked', () => {
  const fences = document.match(/^```.+$/gm) ?? [];
  const kinds = new Set(fences.map((fence) => fence.slice(3).split(' ').slice(0, 2).join(' ')));
  expect([...kinds].sort()).toEqual(['json down', 'json up', 'text', 'text signed']);
});

test('the conversation at the beginning shows the members of the frames', () => {
  const lines = fenced('text', sections.get('Example session'))[0]?.trim().split('\n') ?? [];
  expect(lines.length).toBeGreaterThan(8);
  for (const line of lines) {
    const frame = JSON.parse(line.slice(2)) as { type: string };
    const schema = described.find(
      (d) => d.type === frame.type && d.way === (line[0] === '→' ? 'up' : 'down'),
    )?.schema;
    const shown = Object.entries(schema?.entries ?? {}).filter(
      ([name, field]) => field.type !== 'optional' || name in frame,
    );
    expect([frame.type, Object.keys(frame)]).toEqual([frame.type, shown.map(([name]) => name)]);
  }
});

/** The rows of the only table under a heading, without its head. */
function rows(heading: string): string[][] {
  const lines = (sections.get(heading) ?? '').split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

test('the table of errors matches the code', () => {
  const expected = Object.entries(ERRORS).map(([code, advice]) => [
    `\`${code}\``,
    MEANINGS[code as ErrorCode],
    advice.retry,
    advice.retryAfterMs === 0 ? '-' : `${advice.retryAfterMs} ms`,
    advice.closes ? 'yes' : '-',
  ]);
  expect(rows('Errors')).toEqual(expected);
});

test('the table of limits matches the code', () => {
  const expected = Object.entries(LIMITS).flatMap(([name, value]) =>
    typeof value === 'number'
      ? [[`\`${name}\``, String(value)]]
      : Object.entries(value).map(([type, bytes]) => [`\`${name}.${type}\``, String(bytes)]),
  );
  expect(rows('Limits').map((row) => row.slice(0, 2))).toEqual(expected);
});

test('the document is of this version', () => {
  expect(document).toContain(`This is protocol version ${PROTOCOL_VERSION}:`);
  expect(upOf('hello').version).toBe(PROTOCOL_VERSION);
  expect(downOf('welcome').version).toBe(PROTOCOL_VERSION);
});

test('its links have targets', () => {
  const slugs = [...sections.keys()].map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
  const links = [...document.matchAll(/\]\(#([^)]*)\)/g)].map((match) => match[1]);
  expect(links.filter((link) => !slugs.includes(link ?? ''))).toEqual([]);
});

/** The private key that the document gives: 32 times the same byte. */
function privateKeyOf(byte: number) {
  const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');
  return createPrivateKey({
    key: Buffer.concat([pkcs8, Buffer.alloc(32, byte)]),
    format: 'der',
    type: 'pkcs8',
  });
}

describe('signatures', () => {
  const at: Dialled = { origin: upOf('hello').origin, nonce: downOf('welcome').nonce };
  const access = upOf('create').access;
  const joinKey = upOf('create').invites[0]?.join ?? '';
  const { order, ...request } = upOf('handshake');
  if (order === undefined) throw new Error('the example of a handshake has no order');
  const { by } = upOf('create');
  if (by === undefined) throw new Error('the example of create has no proof of membership');
  const voice = upOf('create').rules?.voice ?? '';

  const put = fenced('text', sections.get('Files'))[0] ?? '';
  const fileId = parseFileId(/\/files\/([^/]+)\//.exec(put)?.[1] ?? '');
  const pass = parseFilePass(/^Authorization: (.*)$/m.exec(put)?.[1] ?? '');
  if (fileId === undefined || pass === undefined) throw new Error('the example of a pass has no pass');

  const cases = [
    { name: 'file', bytes: signedFilePass('put', fileId, pass), key: access, by: 2, proof: pass.proof },
    { name: 'enter', bytes: signedEnter(at, upOf('enter')), key: access, by: 2, proof: upOf('enter').proof },
    {
      name: 'invitation',
      bytes: signedInvitation(at, upOf('invitation')),
      key: joinKey,
      by: 3,
      proof: upOf('invitation').proof,
    },
    { name: 'join', bytes: signedJoin(at, upOf('join')), key: joinKey, by: 3, proof: upOf('join').proof },
    {
      name: 'create',
      bytes: signedCreate(upOf('create')),
      key: upOf('create').admin,
      by: 1,
      proof: upOf('create').proof,
    },
    { name: 'handshake', bytes: signedHandshake(request), key: access, by: 2, proof: request.proof },
    { name: 'order', bytes: signedOrder(request, order), key: order.key, by: 1, proof: order.proof },
    {
      name: 'voice',
      bytes: signedVoice(at, upOf('enter')),
      key: voice,
      by: 4,
      proof: upOf('enter').voice,
    },
    {
      name: 'create-by',
      bytes: signedCreateBy(at, upOf('create'), by),
      key: access,
      by: 2,
      proof: by.proof,
    },
    { name: 'knock', bytes: signedKnock(at, upOf('knock')), key: joinKey, by: 3, proof: upOf('knock').proof },
    {
      name: 'refresh',
      bytes: signedRefresh(upOf('refresh')),
      key: access,
      by: 2,
      proof: upOf('refresh').proof,
    },
  ];

  test.each(cases)(
    'of $name cover the bytes shown, with the key given',
    ({ name, bytes, key, by, proof }) => {
      const privateKey = privateKeyOf(by);
      expect(key).toBe(createPublicKey(privateKey).export({ format: 'jwk' }).x);
      expect(fenced(`text signed ${name}`)).toEqual([new TextDecoder().decode(bytes)]);
      expect(proof).toBe(encodeBytes(sign(null, bytes, privateKey)));
    },
  );
});
