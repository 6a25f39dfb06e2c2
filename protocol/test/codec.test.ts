import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import './fixed-seed.ts';
import { encodeFrame, FrameError, parseDown } from '../src/codec.ts';
import { type Down, down } from '../src/down.ts';
import { encodeBytes } from '../src/encoding.ts';
import { LIMITS } from '../src/limits.ts';
import { parseUp } from '../src/parse-up.ts';
import { type Up, up } from '../src/up.ts';
import { downs, ups } from './frames.ts';

type Frame = Up | Down;
type Parse = (text: string) => Frame;

/** @returns the code with which the text is refused, or undefined when it is taken. Anything but a FrameError fails the test. */
function refusal(parse: Parse, text: string): string | undefined {
  try {
    parse(text);
    return undefined;
  } catch (error) {
    if (error instanceof FrameError) return error.code;
    throw error;
  }
}

function optionalMembers(options: typeof up.options | typeof down.options, type: string): string[] {
  const frame = options.find((option) => option.entries.type.literal === type);
  return Object.entries(frame?.entries ?? {}).flatMap(([name, field]) =>
    field.type === 'optional' ? [name] : [],
  );
}

interface Case {
  name: string;
  parse: Parse;
  frames: fc.Arbitrary<Frame>;
  optional: string[];
}

const cases: Case[] = [
  ...Object.entries(ups).map(([type, frames]) => ({
    name: `up ${type}`,
    parse: parseUp,
    frames,
    optional: optionalMembers(up.options, type),
  })),
  ...Object.entries(downs).map(([type, frames]) => ({
    name: `down ${type}`,
    parse: parseDown,
    frames,
    optional: optionalMembers(down.options, type),
  })),
];

describe.each(cases)('$name', ({ parse, frames, optional }) => {
  test('survives a round trip', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(parse(encodeFrame(frame))).toEqual(frame);
      }),
    );
  });

  test('is encoded with its type first, whatever the order of its members', () => {
    fc.assert(
      fc.property(frames, ({ type, ...members }) => {
        const text = encodeFrame({ ...members, type } as Frame);
        expect(text.startsWith(`{"type":"${type}"`)).toBe(true);
        expect(parse(text)).toEqual({ type, ...members });
      }),
      { numRuns: 20 },
    );
  });

  test('is refused when it is truncated anywhere', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        const text = encodeFrame(frame);
        for (let end = 0; end < text.length; end++) {
          const code = refusal(parse, text.slice(0, end));
          if (code !== 'malformed') throw new Error(`${text.slice(0, end)}: ${code}`);
        }
      }),
      { numRuns: 5 },
    );
  });

  test('is refused without a required member and with an unknown member', () => {
    fc.assert(
      fc.property(
        frames,
        fc.constantFrom('extra', '__proto__', 'constructor', 'toString', ''),
        (frame, more) => {
          for (const member of Object.keys(frame)) {
            const { [member]: _, ...rest } = frame as Record<string, unknown>;
            const code = refusal(parse, JSON.stringify(rest));
            expect([member, code]).toEqual([member, optional.includes(member) ? undefined : 'malformed']);
          }
          const text = `${encodeFrame(frame).slice(0, -1)},${JSON.stringify(more)}:{"type":"ping"}}`;
          expect(refusal(parse, text)).toBe('malformed');
        },
      ),
      { numRuns: 20 },
    );
  });

  test('is refused with a member of another type', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        for (const member of Object.keys(frame)) {
          for (const wrong of ['null', '{}', '[[]]', '1.5', '9007199254740992', '1e999', '"\\ud800\\n"']) {
            if (wrong.startsWith('"') && (member === 'message' || member === 'server')) continue;
            const text = JSON.stringify({ ...frame, [member]: '@' }).replace(
              `"${member}":"@"`,
              `"${member}":${wrong}`,
            );
            expect([member, wrong, refusal(parse, text)]).toEqual([member, wrong, 'malformed']);
          }
        }
      }),
      { numRuns: 5 },
    );
  });
});

const ROOM = 'AAAAAAAAAAAAAAAAAAAAAA';

function read(members: Record<string, unknown>): string {
  return JSON.stringify({ type: 'read', id: '1', room: ROOM, after: '0', limit: 1, ...members });
}

function post(body: string): string {
  return JSON.stringify({ type: 'post', id: ROOM, room: ROOM, base: '1', body });
}

test('a position is a canonical decimal below 2^53', () => {
  for (const good of ['0', '1', '10', '9007199254740991']) {
    expect(refusal(parseUp, read({ after: good }))).toBeUndefined();
  }
  const bad = [
    '',
    '00',
    '01',
    '-1',
    '+1',
    '1.0',
    '1e3',
    ' 1',
    '1 ',
    '1\n',
    '0x1',
    '١',
    '9007199254740992',
    1,
  ];
  for (const after of [...bad, '9'.repeat(17), '9'.repeat(400)]) {
    expect([after, refusal(parseUp, read({ after }))]).toEqual([after, 'malformed']);
  }
});

test('an id is 1 to 64 letters, digits, - or _', () => {
  for (const id of ['a', '-', '_', 'Z9', 'x'.repeat(64)])
    expect(refusal(parseUp, read({ id }))).toBeUndefined();
  for (const id of ['', 'x'.repeat(65), 'a b', 'a\n', 'é', 'a=', 1, null]) {
    expect([id, refusal(parseUp, read({ id }))]).toEqual([id, 'malformed']);
  }
});

test('bytes have one encoding: no padding, no other alphabet, unused trailing bits are zero', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const room = encodeBytes(bytes);
      expect(refusal(parseUp, read({ room }))).toBeUndefined();
      for (const last of alphabet) {
        const other = room.slice(0, -1) + last;
        const taken = refusal(parseUp, read({ room: other })) === undefined;
        expect([other, taken]).toEqual([other, isCanonical(other)]);
      }
    }),
    { numRuns: 10 },
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      fc.constantFrom(...alphabet),
      (bytes, last) => {
        const body = encodeBytes(bytes);
        expect(refusal(parseUp, post(body))).toBeUndefined();
        for (const other of [body.slice(0, -1) + last, body + last, body.slice(1)]) {
          const taken = refusal(parseUp, post(other)) === undefined;
          expect([other, taken]).toEqual([other, isCanonical(other)]);
        }
      },
    ),
  );
  for (const body of [
    '',
    '=',
    'AA=',
    'AA==',
    'A+/=',
    'A+A/',
    'AA A',
    'AA\n',
    'A',
    'AAAAA',
    'AAé',
    '____\0',
  ]) {
    expect([body, refusal(parseUp, post(body))]).toEqual([body, 'malformed']);
  }
  for (const room of ['A'.repeat(21), 'A'.repeat(23), `${'A'.repeat(21)}B`, `${ROOM}==`, `${ROOM}\n`]) {
    expect([room, refusal(parseUp, read({ room }))]).toEqual([room, 'malformed']);
  }
});

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function isCanonical(text: string): boolean {
  return text !== '' && Buffer.from(text, 'base64url').toString('base64url') === text;
}

test('a body may be as large as its limit but not larger', () => {
  const largest = encodeBytes(new Uint8Array(LIMITS.messageBytes));
  expect(refusal(parseUp, post(largest))).toBeUndefined();
  expect(refusal(parseUp, post(encodeBytes(new Uint8Array(LIMITS.messageBytes + 1))))).toBe('malformed');
});

test('every frame with members of maximum size fits into the limit of its type', () => {
  const bytesOf = (n: number) => '_'.repeat(Math.floor((n * 4) / 3)) + (n % 3 === 0 ? '' : 'w');
  const grant = {
    invite: ROOM,
    wrapped: encodeBytes(new Uint8Array(LIMITS.wrappedKeyBytes)),
    join: encodeBytes(new Uint8Array(32).fill(7)),
    expires: Number.MAX_SAFE_INTEGER,
    uses: LIMITS.inviteUses,
    knock: true,
  };
  const position = String(Number.MAX_SAFE_INTEGER);
  const large = {
    id: ROOM,
    room: ROOM,
    body: bytesOf(LIMITS.handshakeBytes),
    access: grant.join,
    groupInfo: bytesOf(LIMITS.groupInfoBytes),
    member: grant.wrapped,
    invites: Array(LIMITS.invitesPerRoom).fill(grant),
    proof: encodeBytes(new Uint8Array(64)),
  };
  const { body, access, ...refresh } = large;
  const largest = Number.MAX_SAFE_INTEGER;
  const rules = { voice: grant.join, quietBytes: largest, quietMs: largest, retainMs: largest };
  const order = {
    key: access,
    retire: true,
    admins: Array(LIMITS.adminsPerRoom).fill(access),
    keepers: access,
    rules,
    close: true,
    proof: large.proof,
  };
  const features = Array(LIMITS.features).fill('x'.repeat(32));
  const by = { room: ROOM, key: position, nonce: ROOM, proof: large.proof };
  const frames: Record<string, unknown>[] = [
    { type: 'hello', id: 'x'.repeat(64), version: 1, origin: 'x'.repeat(LIMITS.originChars), features },
    { type: 'create', ...large, admin: access, keepers: access, rules, token: ROOM, by },
    { type: 'handshake', ...large, after: position, key: position, order },
    { type: 'join', ...large, invite: ROOM, after: position, nonce: ROOM },
    { type: 'refresh', ...refresh, after: position, key: position },
    { type: 'post', id: ROOM, room: ROOM, base: position, body: bytesOf(LIMITS.messageBytes) },
    { type: 'signal', room: ROOM, body: bytesOf(LIMITS.signalBytes) },
    {
      type: 'knock',
      id: ROOM,
      room: ROOM,
      invite: ROOM,
      body: bytesOf(LIMITS.knockBytes),
      nonce: ROOM,
      proof: large.proof,
    },
    {
      type: 'wake',
      id: 'x'.repeat(64),
      room: ROOM,
      push: {
        endpoint: `https://${'x'.repeat(LIMITS.pushEndpointChars - 8)}`,
        p256dh: encodeBytes(new Uint8Array(65)),
        auth: ROOM,
      },
    },
  ];
  for (const frame of frames)
    expect([frame.type, refusal(parseUp, JSON.stringify(frame))]).toEqual([frame.type, undefined]);
  const replies: Record<string, unknown>[] = [
    { type: 'entry', room: ROOM, seq: position, kind: 'handshake', at: 2 ** 53 - 1, body, invite: ROOM },
    {
      type: 'groupinfo',
      id: 'x'.repeat(64),
      room: ROOM,
      handshake: position,
      groupInfo: large.groupInfo,
      wrapped: large.member,
      member: large.member,
      invites: Array(LIMITS.invitesPerRoom).fill({
        invite: ROOM,
        wrapped: large.member,
        expires: 2 ** 53 - 1,
        uses: 2 ** 53 - 1,
      }),
    },
    {
      type: 'error',
      id: 'x'.repeat(64),
      room: ROOM,
      code: 'rate-limited',
      message: '\u0001'.repeat(512),
      handshake: position,
      retryAfterMs: 2 ** 53 - 1,
    },
  ];
  for (const frame of replies)
    expect([frame.type, refusal(parseDown, JSON.stringify(frame))]).toEqual([frame.type, undefined]);
});

test('a frame over the limit of its type is oversize even if the decoder assumed another type', () => {
  const padded = `{"type":"create","type":"ping","id":"1"${' '.repeat(5000)}}`;
  expect(refusal(parseUp, padded)).toBe('oversize');
  expect(refusal(parseDown, `{"type":"pong","id":"1"${' '.repeat(5000)}}`)).toBe('oversize');
});

test('if a member occurs twice, the last one is used', () => {
  expect(parseUp('{"type":"hello","type":"ping","id":"1","id":"2"}')).toEqual({ type: 'ping', id: '2' });
});

test('no member can change a prototype', () => {
  expect(refusal(parseUp, '{"__proto__":{"type":"ping","id":"1"}}')).toBe('malformed');
  expect(refusal(parseUp, '{"type":"ping","__proto__":{"id":"1"}}')).toBe('malformed');
  expect(refusal(parseUp, '{"type":"ping","id":"1","__proto__":{"polluted":true}}')).toBe('malformed');
  expect(refusal(parseUp, '{"type":"ping","id":"1","constructor":{"prototype":{"polluted":true}}}')).toBe(
    'malformed',
  );
  for (const type of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    expect(refusal(parseUp, JSON.stringify({ type, id: '1' }))).toBe('malformed');
  }
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test('deep nesting is refused without a stack overflow', () => {
  const depth = 200_000;
  const nests = [
    '['.repeat(depth),
    '['.repeat(depth) + ']'.repeat(depth),
    '{"type":'.repeat(depth),
    `{"type":"ping","id":${'['.repeat(depth)}${']'.repeat(depth)}}`,
    `{"type":"create","invites":${'[{"invite":'.repeat(depth / 4)}0${'}]'.repeat(depth / 4)}}`,
    `{"type":"ping","id":"1","${'x'.repeat(depth)}":1}`,
  ];
  for (const text of nests) {
    expect(refusal(parseUp, text)).toBe('malformed');
    expect(refusal(parseDown, text)).toBe('malformed');
  }
});

test('a frame with too many objects or lists is refused before it takes memory', () => {
  const parses = vi.spyOn(JSON, 'parse');
  for (const open of ['[', '{"a":', '[0,[],']) {
    expect(refusal(parseUp, `{"type":"create","invites":${open.repeat(1000)}`)).toBe('malformed');
  }
  expect(parses).not.toHaveBeenCalled();
  parses.mockRestore();
});

test('lone surrogates are refused in ids and kept in text for people', () => {
  expect(refusal(parseUp, '{"type":"ping","id":"\\ud800"}')).toBe('malformed');
  expect(refusal(parseUp, '{"type":"hello","id":"1","version":1,"origin":"a\\udc00"}')).toBe('malformed');
  const error: Down = { type: 'error', code: 'internal', message: 'a\ud800b' };
  expect(encodeFrame(error)).toContain('\\ud800');
  expect(parseDown(encodeFrame(error))).toEqual(error);
});

test('numbers that are not integers below 2^53 are refused in every notation', () => {
  const hello = (version: string) => `{"type":"hello","id":"1","version":${version},"origin":"a"}`;
  const bad = [
    '1e999',
    '-1e999',
    '9007199254740992',
    '1e400',
    '0.5',
    '-1',
    '9'.repeat(4000),
    'NaN',
    '0x1',
    '01',
  ];
  for (const version of bad)
    expect([version, refusal(parseUp, hello(version))]).toEqual([version, 'malformed']);
  expect(parseUp(hello('1e2'))).toMatchObject({ version: 100 });
});

test('an error never quotes the frame', () => {
  const secret = 'c4n4ry-5ecret';
  const plants = (frame: Frame): string[] => {
    const members = Object.keys(frame);
    return [
      secret,
      `{"type":"${secret}"}`,
      `{"type":"ping","id":"${secret}!"}`,
      `{"type":"ping","id":${secret}}`,
      JSON.stringify({ ...frame, [secret]: secret }),
      ...members.map((member) => JSON.stringify({ ...frame, [member]: `${secret}!\n` })),
      ...members.map((member) => JSON.stringify({ ...frame, [member]: { [secret]: secret } })),
      ...members.map((member) => JSON.stringify({ ...frame, [member]: [{ [secret]: secret }] })),
      ...members.map((member) => JSON.stringify({ ...frame, [member]: [secret] })),
    ];
  };
  const every = (parse: Parse, frames: fc.Arbitrary<Frame>) =>
    fc.assert(
      fc.property(frames, (frame) => {
        for (const text of plants(frame)) {
          try {
            parse(text);
          } catch (error) {
            expect(printed(error)).not.toContain(secret);
          }
        }
      }),
      { numRuns: 5 },
    );
  for (const { parse, frames } of cases) every(parse, frames);
});

/** All that a logger could print of an error. */
function printed(error: unknown): string {
  if (!(error instanceof FrameError)) throw error;
  expect(error.message.length).toBeLessThanOrEqual(512);
  return [error.message, error.stack, String(error.cause), JSON.stringify(error)].join('\n');
}
