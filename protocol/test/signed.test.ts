import fc from 'fast-check';
import { expect, test } from 'vitest';
import './fixed-seed.ts';
import {
  signedAdmin,
  signedCreate,
  signedEnter,
  signedHandshake,
  signedInvitation,
  signedJoin,
  signedRefresh,
} from '../src/signed.ts';
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
      const [invite, wrapped, join, expires, uses, ...more] = next().split(' ');
      expect(more).toEqual([]);
      return defined({
        invite,
        wrapped,
        join: given(join),
        expires: number(expires),
        uses: number(uses),
      });
    }),
  });
  const dialled = () => ({ dialled: members('origin', 'nonce') });
  const handshake = () => ({
    ...members('id', 'room', 'after', 'key', 'body', 'access', 'groupInfo', 'member'),
    ...invites(),
  });
  const readers: Record<string, () => Signed> = {
    'gochat/enter/1': () => ({ ...dialled(), ...members('nonce', 'room', 'key', 'since') }),
    'gochat/invitation/1': () => ({ ...dialled(), ...members('nonce', 'room', 'invite') }),
    'gochat/join-request/1': () => ({
      ...dialled(),
      ...members('nonce', 'id', 'room', 'invite', 'after', 'body', 'access', 'groupInfo', 'member'),
      ...invites(),
    }),
    'gochat/create/1': () => ({
      ...members('id', 'room', 'body', 'access', 'admin', 'groupInfo', 'member'),
      ...invites(),
    }),
    'gochat/handshake/1': handshake,
    'gochat/admin/1': () => {
      const admin = { key: next(), retire: next() === 'true', admins: given(next())?.split(' ') };
      return { ...handshake(), admin: defined(admin) };
    },
    'gochat/refresh/1': () => ({
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
    fc.property(dialled, ups.enter, (at, { type, id, proof, ...rest }) => {
      const bytes = signedEnter(at, { type, id, ...rest });
      expect(unsign(bytes)).toEqual({ purpose: 'gochat/enter/1', dialled: at, ...rest });
    }),
  );
});

test('an invitation proof covers the connection and everything except the request id', () => {
  fc.assert(
    fc.property(dialled, ups.invitation, (at, { type, id, proof, ...rest }) => {
      const bytes = signedInvitation(at, { type, id, ...rest });
      expect(unsign(bytes)).toEqual({ purpose: 'gochat/invitation/1', dialled: at, ...rest });
    }),
  );
});

test('a join proof covers the connection and the whole request', () => {
  fc.assert(
    fc.property(dialled, ups.join, (at, { type, proof, ...rest }) => {
      const bytes = signedJoin(at, { type, ...rest });
      expect(unsign(bytes)).toEqual({ purpose: 'gochat/join-request/1', dialled: at, ...rest });
    }),
  );
});

test('a create proof covers the whole request except the token', () => {
  fc.assert(
    fc.property(ups.create, ({ type, proof, token, ...rest }) => {
      expect(unsign(signedCreate({ type, ...rest }))).toEqual({ purpose: 'gochat/create/1', ...rest });
    }),
  );
});

test('a refresh proof covers the whole request', () => {
  fc.assert(
    fc.property(ups.refresh, ({ type, proof, ...rest }) => {
      expect(unsign(signedRefresh({ type, ...rest }))).toEqual({ purpose: 'gochat/refresh/1', ...rest });
    }),
  );
});

test("a handshake's access proof covers the request, and its admin proof also the admin's members", () => {
  fc.assert(
    fc.property(ups.handshake, ({ type, proof, admin, ...rest }) => {
      expect(unsign(signedHandshake({ type, ...rest }))).toEqual({ purpose: 'gochat/handshake/1', ...rest });
      if (admin === undefined) return;
      const { proof: _, ...order } = admin;
      expect(unsign(signedAdmin({ type, ...rest }, order))).toEqual({
        purpose: 'gochat/admin/1',
        ...rest,
        admin: order,
      });
    }),
  );
});
