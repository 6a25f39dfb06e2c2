import type { MemberInfo } from '@gochat/client/methods';
import { PREFERENCES } from '@gochat/client/settings';
import { expect, test } from 'vitest';
import { isIgnored, withIgnored } from '../src/chat/preferences.ts';
import { key } from './timeline-input.ts';

function ben(...devices: string[]): MemberInfo {
  const person = {
    id: 'ben',
    identity: key('ben'),
    name: 'ben',
    admin: false,
    role: 'member',
    self: false,
  } as const;
  return { ...person, devices: devices.map((device) => ({ key: key(device), self: false })) };
}

test('an ignored person stays ignored with a second device, and takes one place in the list', () => {
  const once = { ...PREFERENCES, ignored: withIgnored(PREFERENCES, ben('laptop'), true) };
  expect(isIgnored(once, ben('phone'))).toBe(true);
  const twice = { ...once, ignored: withIgnored(once, ben('laptop', 'phone'), true) };
  expect(twice.ignored).toEqual([key('ben')]);
  expect(withIgnored(twice, ben('phone'), false)).toEqual([]);
});

test('the device keys that an older version kept still ignore the person, until it is no longer ignored', () => {
  const older = { ...PREFERENCES, ignored: [key('laptop'), key('cai')] };
  expect(isIgnored(older, ben('laptop', 'phone'))).toBe(true);
  expect(withIgnored(older, ben('laptop', 'phone'), true)).toEqual([key('cai'), key('ben')]);
  expect(withIgnored(older, ben('laptop', 'phone'), false)).toEqual([key('cai')]);
});
