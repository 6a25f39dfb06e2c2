import { userInfo } from 'node:os';
import { expect, test } from 'vitest';
import { profileDir } from '../src/profile.ts';

test('~ at the start of the profile’s folder is the home folder, since shells leave it in quotes and after “=”', () => {
  const dir = (profile: string) => profileDir({ env: {} }, { profile });
  expect(dir('~/ana')).toBe(`${userInfo().homedir}/ana`);
  expect(profileDir({ env: { GOCHAT_PROFILE: '~' } }, {})).toBe(userInfo().homedir);
  for (const HOME of ['', 'here'])
    expect(profileDir({ env: { HOME } }, { profile: '~/ana' })).toBe(`${userInfo().homedir}/ana`);
  for (const given of ['./~/ana', '~ana', 'ana']) expect(dir(given)).toBe(given);
});
