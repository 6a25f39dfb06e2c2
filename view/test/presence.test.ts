import { expect, test } from 'vitest';
import { Presence } from '../src/room/presence.ts';
import { key } from './timeline-input.ts';

const [ME, BEN] = [key('me'), key('ben')];
const LAPTOP = { identity: BEN, device: key('laptop') };
const PHONE = { identity: BEN, device: key('phone') };

function presence(): Presence {
  const made = new Presence({
    platform: { now: () => 1000, after: () => () => undefined },
    say: () => undefined,
    changed: () => undefined,
  });
  made.members(
    new Map([
      [ME, 'me'],
      [BEN, 'ben'],
    ]),
    ME,
  );
  return made;
}

test('a person is here as long as one of the devices is', () => {
  const seen = presence();
  for (const device of [LAPTOP, PHONE]) seen.heard(device, { kind: 'here' });
  seen.heard(LAPTOP, { kind: 'away' });
  expect(seen.isHere(BEN)).toBe(true);
  seen.heard(PHONE, { kind: 'away' });
  expect(seen.isHere(BEN)).toBe(false);
});

test('a person who types on two devices is named once, and no longer after a message', () => {
  const seen = presence();
  for (const device of [LAPTOP, PHONE]) seen.heard(device, { kind: 'typing', on: true });
  expect(seen.typists).toEqual(['ben']);
  seen.spoke(BEN, 7);
  expect(seen.typists).toEqual([]);
});

test('a person has read as far as the device that has read furthest', () => {
  const seen = presence();
  seen.heard(LAPTOP, { kind: 'here', read: '9' as never });
  seen.heard(PHONE, { kind: 'here', read: '4' as never });
  expect(seen.readers).toEqual([{ identity: BEN, name: 'ben', at: 9 }]);
});

test('another device of this person is no other reader or typist', () => {
  const seen = presence();
  const other = { identity: ME, device: key('other') };
  seen.heard(other, { kind: 'here', read: '9' as never });
  seen.heard(other, { kind: 'typing', on: true });
  expect(seen.readers).toEqual([]);
  expect(seen.typists).toEqual([]);
});
