import { homedir } from 'node:os';
import { expect, test } from 'vitest';
import { profileDir } from '../src/profile.ts';

test('~ at the start of the profile’s folder is the home folder, since shells leave it in quotes and after “=”', () => {
  const dir = (profile: string) => profileDir({ env: {} }, { profile });
  expect(dir('~/ana')).toBe(`${homedir()}/ana`);
  expect(profileDir({ env: { GOCHAT_PROFILE: '~' } }, {})).toBe(homedir());
  for (const given of ['./~/ana', '~ana', 'ana']) expect(dir(given)).toBe(given);
});
