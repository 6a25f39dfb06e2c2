import fc from 'fast-check';
import { expect, test } from 'vitest';
import './fixed-seed.ts';
import type { FileId } from '../src/fields.ts';
import type { FileVerb } from '../src/file-pass.ts';
import {
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
import { filePasses } from './file-passes.ts';
import { ups } from './frames.ts';

type Signed = Record<string, unknown>;

/** Decodes a request from its signed bytes. Because this works for every request, no two requests have the same signed bytes. */
function unsign(bytes: Uint8Array): Signed {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  expect(text.endsWith('\n')).toBe(true);
  const lines = text.slice(0, -1).split('\n');
  const next = (): string => {
    const line = lines.shift();
    if (line === undefined) throw new Error('a line is missing');
    return line;
  };
  const members = (...names: string[]) => Object.fromEntries(names.map((name) => [name, next()]));
  const given = (line: string | undefined) => (line === '-' ? undefined : line);
  const number = (line: string | undefined) => (line === '-' ? undefined : Number(line));
  const invites = () => ({
    invites: Array.from({ length: Number(next()) }, () => {
      const [invite, wrapped, join, expires, uses, knock, ...more] = next().split(' ');
      expect(more).toEqual([]);
      return defined({
        invite,
        wrapped,
        join: given(join),
        expires: number(expires),
        uses: number(uses),
        knock: knock === undefined ? undefined : knock === 'knock',
      });
    }),
  });
  const rules = () => {
    const line = next();
    if (line === '-') return undefined;
    const [voice, quietBytes, quietMs, retainMs, ...more] = line.split(' ');
    expect(more).toEqual([]);
    return defined({
      voice: given(voice),
      quietBytes: number(quietBytes),
      quietMs: number(quietMs),
      retainMs: number(retainMs),
    });
  };
  const truth = (line: string) => (line === '-' ? undefined : line === 'true');
  const dialled = () => ({ dialled: members('origin', 'nonce') });
  const handshake = () => ({
    ...members('id', 'room', 'after', 'key', 'body', 'access', 'groupInfo', 'member'),
    ...invites(),
  });
  const create = () =>
    defined({
      ...members('id', 'room', 'body', 'access', 'admin'),
      keepers: given(next()),
      rules: rules(),
      ...members('groupInfo', 'member'),
      ...invites(),
    });
  const readers: Record<string, () => Signed> = {
    'gochat/enter/2': () => ({ ...dialled(), ...members('nonce', 'room', 'key', 'since') }),
    'gochat/voice/2': () => ({ ...dialled(), ...members('nonce', 'room', 'key', 'since') }),
    'gochat/knock/2': () => ({ ...dialled(), ...members('nonce', 'id', 'room', 'invite', 'body') }),
    'gochat/invitation/2': () => ({ ...dialled(), ...members('nonce', 'room', 'invite') }),
    'gochat/join-request/2': () => ({
      ...dialled(),
      ...members('nonce', 'id', 'room', 'invite', 'after', 'body', 'access', 'groupInfo', 'member'),
      ...invites(),
    }),
    'gochat/create/2': create,
    'gochat/create-by/2': () => ({ ...dialled(), by: members('nonce', 'room', 'key'), ...create() }),
    'gochat/handshake/2': handshake,
    'gochat/order/2': () => {
      const order = {
        key: next(),
        retire: truth(next()),
        admins: given(next())?.split(' '),
        keepers: given(next()),
        rules: rules(),
        close: truth(next()),
      };
      return { ...handshake(), order: defined(order) };
    },
    'gochat/file/2': () =>
      defined({
        ...members('origin', 'verb', 'room', 'key', 'id'),
        bytes: Number(next()),
        discard: given(next()),
        keepMs: number(next()),
        until: Number(next()),
      }),
    'gochat/refresh/2': () => ({
      ...members('id', 'room', 'after', 'key', 'groupInfo', 'member'),
      ...invites(),
    }),
  };
  const purpose = next();
  const reader = readers[purpose];
  if (reader === undefined) throw new Error(`${purpose} is not a purpose`);
  const request = reader();
  expect(lines).toEqual([]);
  return { purpose, ...request };
}

function defined(members: Signed): Signed {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

const dialled = fc.record({
  origin: ups.hello.map((frame) => frame.origin),
  nonce: ups.enter.map((frame) => frame.nonce),
});

test('an enter proof covers the connection and everything except the request id', () => {
  fc.assert(
    fc.property(dialled, ups.enter, (at, { type, id, proof, voice, ...rest }) => {
      const bytes = signedEnter(at, { type, id, ...rest });
      expect(unsign(bytes)).toEqual({ purpose: 'gochat/enter/2', dialled: at, ...rest });
      const voiced = signedVoice(at, { type, id, ...rest });
      expect(unsign(voiced)).toEqual({ purpose: 'gochat/voice/2', dialled: at, ...rest });
    }),
  );
});

test('an invitation proof covers the connection and everything except the request id', () => {
  fc.assert(
    fc.property(dialled, ups.invitation, (at, { type, id, proof, ...rest }) => {
      const bytes = signedInvitation(at, { type, id, ...rest });
      expect(unsign(bytes)).toEqual({ purpose: 'gochat/invitation/2', dialled: at, ...rest });
    }),
  );
});

test('a join proof covers the connection and the whole request', () => {
  fc.assert(
    fc.property(dialled, ups.join, (at, { type, proof, ...rest }) => {
      const bytes = signedJoin(at, { type, ...rest });
      expect(unsign(bytes)).toEqual({ purpose: 'gochat/join-request/2', dialled: at, ...rest });
    }),
  );
});

test('a knock proof covers the connection and the whole request', () => {
  fc.assert(
    fc.property(dialled, ups.knock, (at, { type, proof, ...rest }) => {
      const bytes = signedKnock(at, { type, ...rest });
      expect(unsign(bytes)).toEqual({ purpose: 'gochat/knock/2', dialled: at, ...rest });
    }),
  );
});

test('a create proof covers the whole request except the token and the proof of membership, which covers more', () => {
  fc.assert(
    fc.property(dialled, ups.create, (at, { type, proof, token, by, ...rest }) => {
      expect(unsign(signedCreate({ type, ...rest }))).toEqual({ purpose: 'gochat/create/2', ...rest });
      if (by === undefined) return;
      const { proof: _, ...named } = by;
      expect(unsign(signedCreateBy(at, { type, ...rest }, named))).toEqual({
        purpose: 'gochat/create-by/2',
        dialled: at,
        by: named,
        ...rest,
      });
    }),
  );
});

test('the proof of a pass for files covers the pass, and the request that it is for', () => {
  const verbs = fc.constantFrom<FileVerb>('put', 'get', 'drop');
  fc.assert(
    fc.property(filePasses, verbs, ups.create, ({ proof, ...pass }, verb, { room }) => {
      const id = room as string as FileId;
      expect(unsign(signedFilePass(verb, id, pass))).toEqual({ purpose: 'gochat/file/2', verb, id, ...pass });
    }),
  );
});

test('a refresh proof covers the whole request', () => {
  fc.assert(
    fc.property(ups.refresh, ({ type, proof, ...rest }) => {
      expect(unsign(signedRefresh({ type, ...rest }))).toEqual({ purpose: 'gochat/refresh/2', ...rest });
    }),
  );
});

test("a handshake's access proof covers the request, and the proof of its order also the order's members", () => {
  fc.assert(
    fc.property(ups.handshake, ({ type, proof, order, ...rest }) => {
      expect(unsign(signedHandshake({ type, ...rest }))).toEqual({ purpose: 'gochat/handshake/2', ...rest });
      if (order === undefined) return;
      const { proof: _, ...ordered } = order;
      expect(unsign(signedOrder({ type, ...rest }, ordered))).toEqual({
        purpose: 'gochat/order/2',
        ...rest,
        order: ordered,
      });
    }),
  );
});
