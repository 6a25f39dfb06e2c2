import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { defaultProfileDir } from '../src/profile/profile-dir.ts';

const at = (env: Record<string, string>, platform: NodeJS.Platform = 'linux') =>
  defaultProfileDir({ HOME: '/home/ada', ...env }, platform);

test('the profile is where the platform keeps data', () => {
  expect(at({})).toBe('/home/ada/.local/share/gochat/profile');
  expect(at({ XDG_DATA_HOME: '/data' })).toBe('/data/gochat/profile');
  expect(at({}, 'darwin')).toBe('/home/ada/Library/Application Support/gochat/profile');
});

test('a relative or empty XDG_DATA_HOME counts for nothing', () => {
  expect(at({ XDG_DATA_HOME: 'data' })).toBe(at({}));
  expect(at({ XDG_DATA_HOME: '' })).toBe(at({}));
});

test.each(['home/ada', '', '.'])(
  'with %j for HOME, it is in the home folder that the system knows',
  (HOME) => {
    expect(at({ HOME })).toBe(at({ HOME: userInfo().homedir }));
    expect(at({ HOME }, 'darwin')).toBe(at({ HOME: userInfo().homedir }, 'darwin'));
  },
);

test('GOCHAT_PROFILE goes before everything', () => {
  expect(at({ GOCHAT_PROFILE: '/elsewhere', XDG_DATA_HOME: '/data' })).toBe('/elsewhere');
  expect(at({ GOCHAT_PROFILE: 'here' }, 'darwin')).toBe(resolve('here'));
});
