import { ChatError } from '@gochat/client/chat-error';
import type { Linking, RecoveryState } from '@gochat/client/methods';
import { expect, test } from 'vitest';
import { RECOVERY_OFFERED } from '../src/chat/preferences.ts';
import { openLink } from '../src/dialogs/join.ts';
import { DEVICE_LINK, devicesChat, kindOf, LAPTOP, PHONE, RECOVERY_LINK, settled } from './devices-chat.ts';
import { NOON } from './timeline-input.ts';

const MADE: RecoveryState = {
  made: true,
  server: 'https://one.example',
  since: NOON,
  rooms: 3,
  left: 0,
  current: true,
};

/** What a profile answers that makes recovery links. */
const MAKES = {
  recovery: () => ({ made: false }),
  devices: () => [LAPTOP],
  recoveryLink: () => ({ link: RECOVERY_LINK, rooms: 3, left: 0 }),
};

test('a recovery link is made, shown with what is printed, and not let go before it is kept', async () => {
  const { devices, dialogs, called, said } = await devicesChat(MAKES);
  devices.recovery('');
  await settled();
  const state = kindOf(dialogs.dialog, 'device');
  expect([state.title, state.text.join(' ')]).toEqual([
    'Recovery link',
    expect.stringContaining('You have none'),
  ]);
  dialogs.pick('make');
  await settled();
  expect(called('recoveryLink')).toMatchObject([{ server: 'https://one.example' }]);
  const shown = kindOf(dialogs.dialog, 'invite');
  expect(shown).toMatchObject({ link: RECOVERY_LINK, busy: false, mayRevoke: false });
  expect(shown.qr.length).toBeGreaterThan(20);
  expect(shown.paper?.[0]).toBe('GoChat recovery link of ana');
  expect(shown.text.join(' ')).toMatch(/Print it or write it down.*becomes you.*3 rooms/);
  dialogs.pick('copy');
  dialogs.pick('terms');
  expect(said).toEqual([`copied ${RECOVERY_LINK}`]);
  dialogs.leave();
  expect(kindOf(dialogs.dialog, 'form').title).toBe('The link is not shown again');
  dialogs.leave();
  expect(kindOf(dialogs.dialog, 'invite').link).toBe(RECOVERY_LINK);
  dialogs.leave();
  dialogs.submit({});
  expect(dialogs.dialog).toBeUndefined();
});

test('before an older link ends, it is asked', async () => {
  const { devices, dialogs, called } = await devicesChat({ ...MAKES, recovery: () => MADE });
  devices.recovery('');
  await settled();
  expect(kindOf(dialogs.dialog, 'device').text.join(' ')).toMatch(/made on .*into 3 rooms/);
  dialogs.pick('make');
  const asked = kindOf(dialogs.dialog, 'form');
  expect([asked.danger, asked.text.join(' ')]).toEqual([true, expect.stringContaining('ends')]);
  expect(called('recoveryLink')).toEqual([]);
  dialogs.submit({});
  await settled();
  expect(kindOf(dialogs.dialog, 'invite').link).toBe(RECOVERY_LINK);
});

test('a link is shown although its dialog was closed while it was made: the older one has ended', async () => {
  const { devices, dialogs } = await devicesChat(MAKES);
  devices.recovery('');
  await settled();
  dialogs.pick('make');
  dialogs.leave();
  await settled();
  expect(kindOf(dialogs.dialog, 'invite').link).toBe(RECOVERY_LINK);
});

test('the server is asked for where there are several, and a token where it requires one', async () => {
  const servers = ['https://one.example', 'https://two.example'];
  let tokens = 0;
  const recoveryLink = ({ token }: { readonly token?: string }) => {
    if (token !== undefined) return { link: RECOVERY_LINK, rooms: 2, left: 1 };
    tokens += 1;
    throw new ChatError({ reason: 'token-required' });
  };
  const { devices, dialogs, called } = await devicesChat({ ...MAKES, recoveryLink }, servers);
  devices.recovery('');
  await settled();
  dialogs.pick('make');
  expect(kindOf(dialogs.dialog, 'form').fields.map(({ name }) => name)).toEqual(['server']);
  dialogs.submit({ server: servers[1] ?? '' });
  await settled();
  const asked = kindOf(dialogs.dialog, 'form');
  expect(asked.fields.map(({ name, value }) => [name, value])).toEqual([
    ['server', 'https://two.example'],
    ['token', ''],
  ]);
  dialogs.submit({ server: servers[1] ?? '', token: ' secret ' });
  await settled();
  expect([tokens, called('recoveryLink').at(-1)]).toMatchObject([
    1,
    { server: 'https://two.example', token: 'secret' },
  ]);
  expect(kindOf(dialogs.dialog, 'invite').text.join(' ')).toContain('no place for 1 more room');
});

test('what is refused is said in the dialog', async () => {
  const recoveryLink = () => {
    throw new ChatError({ reason: 'device-limited' });
  };
  const { devices, dialogs } = await devicesChat({ ...MAKES, recoveryLink });
  devices.recovery('');
  await settled();
  dialogs.pick('make');
  await settled();
  expect(kindOf(dialogs.dialog, 'invite')).toMatchObject({
    busy: false,
    link: '',
    error: expect.stringContaining('limited'),
  });
});

test('a limited device names another one as the way', async () => {
  const { devices, dialogs } = await devicesChat({
    recovery: () => ({ ...MADE, current: false }),
    devices: () => [{ ...LAPTOP, limited: true }],
  });
  devices.recovery('');
  await settled();
  const shown = kindOf(dialogs.dialog, 'device');
  expect(shown.items.map(({ name }) => name)).toEqual(['devices']);
  expect(shown.text.at(-1)).toContain('limited');
});

test('a link that is not up to date says so', async () => {
  const { devices, dialogs } = await devicesChat({
    ...MAKES,
    recovery: () => ({ ...MADE, left: 2, current: false }),
  });
  devices.recovery('');
  await settled();
  expect(kindOf(dialogs.dialog, 'device').text.join(' ')).toMatch(/2 more rooms.*not up to date/);
});

test('rooms that the link doesn’t lead into yet are counted', async () => {
  const servers = Array.from({ length: 3 }, () => 'https://one.example');
  const recoveryLink = () => ({ link: RECOVERY_LINK, rooms: 1, left: 0 });
  const { devices, dialogs } = await devicesChat({ ...MAKES, recoveryLink }, servers);
  devices.recovery('');
  await settled();
  dialogs.pick('make');
  await settled();
  expect(kindOf(dialogs.dialog, 'invite').text.slice(-2)).toEqual([
    'It leads into 1 room.',
    expect.stringMatching(/^2 more rooms follow/),
  ]);
});

test('the list of devices leads to it', async () => {
  const { devices, dialogs } = await devicesChat(MAKES);
  devices.show();
  await settled();
  dialogs.pick('recovery');
  await settled();
  expect(kindOf(dialogs.dialog, 'device').title).toBe('Recovery link');
});

/** A profile without rooms that is brought back. @param linking what it answers at first */
function comesBack(linking: Linking) {
  let rooms: unknown[] = [];
  return devicesChat(
    {
      recover: () => {
        rooms = [{ id: 'room-1' }];
        return null;
      },
      linking: () => linking,
      rooms: () => rooms,
      devices: () => [LAPTOP, PHONE],
    },
    [],
  );
}

const JOINING: Linking = { stage: 'joining', joined: 0, of: 2, recovered: true };
const JOINED: Linking = { stage: 'joined', joined: 2, missing: [], recovered: true };

test('a person comes back: label, progress, rooms, and which devices are lost', async () => {
  const { devices, dialogs, called, reaches, said, entered } = await comesBack(JOINING);
  devices.recovery('');
  expect(kindOf(dialogs.dialog, 'form').fields.map(({ name, value }) => [name, value])).toEqual([
    ['link', ''],
    ['label', 'Firefox on Linux'],
  ]);
  dialogs.submit({ link: ` ${RECOVERY_LINK} `, label: ' Laptop ' });
  await settled();
  expect(called('recover')).toMatchObject([{ link: RECOVERY_LINK, label: 'Laptop' }]);
  await reaches({ ...JOINING, joined: 1 });
  expect(kindOf(dialogs.dialog, 'device')).toMatchObject({ title: 'Come back', progress: '1 of 2 rooms' });
  await reaches(JOINED);
  const list = kindOf(dialogs.dialog, 'devices');
  expect([list.text[0], list.items.length]).toEqual([expect.stringMatching(/^Which of these are lost/), 2]);
  expect([entered, said]).toEqual([['room-1'], ['You are back in your 2 rooms']]);
});

test('one whose rooms are joined before the screen looks is shown the same', async () => {
  const { devices, dialogs } = await comesBack(JOINED);
  devices.recovery(RECOVERY_LINK);
  expect(kindOf(dialogs.dialog, 'form').fields.map(({ name }) => name)).toEqual(['label']);
  dialogs.submit({ label: 'Laptop' });
  await settled();
  expect(kindOf(dialogs.dialog, 'devices').text[0]).toMatch(/^Which of these are lost/);
});

test('rooms that have not let the device in are named, with what to do', async () => {
  const { devices, dialogs, reaches } = await comesBack(JOINING);
  devices.recovery(RECOVERY_LINK);
  dialogs.submit({ label: 'Laptop' });
  await settled();
  const problem = { code: 'refused', data: { reason: 'invite-dead' } } as const;
  await reaches({ stage: 'joined', joined: 1, missing: [{ room: 'Op\u202es', problem }], recovered: true });
  const shown = kindOf(dialogs.dialog, 'device');
  expect(shown.lines).toEqual([expect.stringMatching(/^Ops: /)]);
  expect(shown.text.join(' ')).toMatch(/1 room has not let this device in.*removes your lost devices/);
  dialogs.pick('devices');
  await settled();
  expect(kindOf(dialogs.dialog, 'devices').text[0]).toMatch(/^Which of these are lost/);
});

test('either link can be pasted where the other one, or an invite, is asked for', async () => {
  for (const purpose of ['link', 'recovery'] as const) {
    for (const link of [DEVICE_LINK, RECOVERY_LINK]) {
      const { devices, dialogs, called } = await devicesChat({ linking: () => JOINING }, []);
      devices[purpose]('');
      dialogs.submit({ link, label: 'x' });
      await settled();
      const method = link === RECOVERY_LINK ? 'recover' : 'linkAccept';
      expect([called('recover').length, called('linkAccept').length]).toEqual(
        method === 'recover' ? [1, 0] : [0, 1],
      );
    }
  }
  const { chat, dialogs } = await devicesChat({}, []);
  openLink(chat, '');
  dialogs.submit({ link: RECOVERY_LINK });
  await settled();
  expect(kindOf(dialogs.dialog, 'form')).toMatchObject({ title: 'Come back' });
  openLink(chat, RECOVERY_LINK);
  await settled();
  expect(kindOf(dialogs.dialog, 'form').fields.map(({ name }) => name)).toEqual(['label']);
});

test('a link that has ended is an error of its field', async () => {
  const recover = () => {
    throw new ChatError({ reason: 'recovery-ended' });
  };
  const { devices, dialogs } = await devicesChat({ recover }, []);
  devices.recovery('');
  dialogs.submit({ link: RECOVERY_LINK, label: 'x' });
  await settled();
  expect(dialogs.dialog).toMatchObject({ errorField: 'link', error: expect.stringContaining('has ended') });
});

test('a profile that has rooms can’t become that of another person', async () => {
  const { devices, dialogs } = await devicesChat({});
  devices.recovery(RECOVERY_LINK);
  expect(kindOf(dialogs.dialog, 'device')).toMatchObject({
    title: 'This profile is in use',
    lines: ['gochat recover LINK --profile FOLDER'],
  });
});

test.each([
  ['a person without a link', { made: false } as const, false, 1],
  ['a person who has one', MADE, false, 0],
  ['a limited device', { made: false } as const, true, 0],
])('the offer comes once: to %s', async (_who, state, limited, times) => {
  const { chat, devices, said } = await devicesChat({
    recovery: () => state,
    devices: () => [{ ...LAPTOP, limited }],
  });
  await devices.offerRecovery();
  expect(said.filter((line) => line.includes('/recovery'))).toHaveLength(times);
  expect(chat.preferences.current.screen[RECOVERY_OFFERED]).toBe('on');
});

test('an offer that can’t be made now is made later', async () => {
  const { chat, devices, said } = await devicesChat({
    recovery: () => {
      throw new ChatError({ reason: 'code-not-loaded' });
    },
  });
  await devices.offerRecovery();
  expect([said, chat.preferences.current.screen[RECOVERY_OFFERED]]).toEqual([[], undefined]);
});
