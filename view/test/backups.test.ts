import { expect, test } from 'vitest';
import { askBackup } from '../src/dialogs/backups.ts';
import { askSettings } from '../src/dialogs/settings.ts';
import { devicesChat, kindOf, LAPTOP, settled } from './devices-chat.ts';
import { NOON } from './timeline-input.ts';

const LINK = {
  made: true,
  server: 'https://one.example',
  since: NOON,
  rooms: 1,
  left: 0,
  current: true,
  backup: 'age1x',
};

test('a backup is for the recovery link where there is one, and a passphrase that is typed is not left out', async () => {
  const { chat, dialogs, called } = await devicesChat({ recovery: () => LINK });
  await askBackup(chat);
  const asked = kindOf(dialogs.dialog, 'form');
  expect(asked.fields.map(({ name, type }) => [name, type])).toEqual([
    ['by', 'choice'],
    ['passphrase', 'secret'],
  ]);
  expect(asked.focus).toBe('by');
  dialogs.submit({ by: 'recovery', passphrase: 'correct horse battery' });
  await settled();
  const refused = kindOf(dialogs.dialog, 'form');
  expect([refused.errorField, refused.error]).toEqual([
    'passphrase',
    expect.stringContaining('a passphrase opens'),
  ]);
  expect(called('backup')).toEqual([]);
});

test('without a recovery link, a backup is for a passphrase that isn’t found by trying', async () => {
  const { chat, dialogs, called } = await devicesChat({ recovery: () => ({ made: false }) });
  await askBackup(chat);
  expect(kindOf(dialogs.dialog, 'form').fields.map(({ name }) => name)).toEqual(['passphrase']);
  dialogs.submit({ passphrase: 'too short' });
  await settled();
  expect(kindOf(dialogs.dialog, 'form').error).toMatch(/At least 12 characters/);
  expect(called('backup')).toEqual([]);
});

test.each([
  ['devices', 'devices', 'Your devices'],
  ['recovery', 'device', 'Recovery link'],
  ['backup', 'form', 'Save a backup'],
])('the settings lead to %s', async (name, kind, title) => {
  const answers = { devices: () => [LAPTOP], recovery: () => ({ made: false }) };
  const { chat, dialogs } = await devicesChat(answers);
  Object.assign(chat.platform, { settings: [] });
  askSettings(chat);
  expect(kindOf(dialogs.dialog, 'form').more?.items.map((item) => item.name)).toEqual([
    'link',
    'devices',
    'recovery',
    'backup',
  ]);
  dialogs.pick(name);
  await settled();
  expect(dialogs.dialog).toMatchObject({ kind, title });
});
