import { ChatError } from '@gochat/client/chat-error';
import type { Linking } from '@gochat/client/methods';
import { expect, test } from 'vitest';
import { openLink } from '../src/dialogs/join.ts';
import { DEVICE_LINK, device, devicesChat, INVITE, kindOf, LAPTOP, PHONE, settled } from './devices-chat.ts';
import { NOON } from './timeline-input.ts';

const OFFERED: Linking = { stage: 'offered', link: DEVICE_LINK, expires: NOON, limited: false };
const OPENED: Linking = { stage: 'opened', link: DEVICE_LINK, limited: false, left: 3 };
const DIGITS: Linking = { stage: 'digits', digits: '123456' };

test('a device is linked: its link, the digits it shows, and that it has everything', async () => {
  const { devices, dialogs, reaches, called, said } = await devicesChat({
    linking: () => ({ stage: 'none' }),
    linkOffer: () => OFFERED,
    devices: () => [device('laptop', { self: true })],
  });
  devices.link('');
  await settled();
  expect(called('labelDevice')).toEqual([{ label: 'Firefox on Linux' }]);
  const offered = kindOf(dialogs.dialog, 'invite');
  expect(offered).toMatchObject({ link: DEVICE_LINK, mayRevoke: false, busy: false });
  expect(offered.qr.length).toBeGreaterThan(20);
  expect(offered.text.join(' ')).toContain('until 12:00');
  dialogs.pick('copy');
  expect(said).toEqual([`copied ${DEVICE_LINK}`]);
  await reaches(OPENED);
  expect(kindOf(dialogs.dialog, 'form').fields.map(({ name }) => name)).toEqual(['digits']);
  dialogs.submit({ digits: '123-456 ' });
  await settled();
  expect(called('linkConfirm')).toMatchObject([{ digits: '123456' }]);
  await reaches({ stage: 'sending' });
  expect(kindOf(dialogs.dialog, 'device').progress).not.toBe('');
  await reaches({ stage: 'sent', label: 'Pi\u202exel' });
  expect(kindOf(dialogs.dialog, 'device').text[0]).toMatch(/^Pixel is linked/);
  dialogs.pick('done');
  expect([dialogs.dialog, called('linkCancel')]).toEqual([undefined, []]);
});

test('wrong digits are an error of their field, which says how many tries are left', async () => {
  let left = 3;
  const { devices, dialogs, reaches, called } = await devicesChat({
    linking: () => OPENED,
    linkConfirm: () => {
      throw new ChatError({ reason: 'link-digits', left: --left });
    },
  });
  devices.link('');
  await settled();
  const { tick } = kindOf(dialogs.dialog, 'form');
  dialogs.submit({ digits: '12345' });
  await settled();
  expect([called('linkConfirm'), kindOf(dialogs.dialog, 'form').error]).toEqual([[], 'Type the six digits.']);
  dialogs.submit({ digits: '123456' });
  await reaches({ ...OPENED, left: 2 });
  expect(dialogs.dialog).toMatchObject({
    tick,
    errorField: 'digits',
    error: expect.stringContaining('2 tries left'),
  });
  await reaches({ stage: 'failed', problem: { code: 'refused', data: { reason: 'link-digits', left: 0 } } });
  expect(kindOf(dialogs.dialog, 'device').error).toMatch(/the link has ended/);
});

test('closing the link ends the offer; once it was opened only after a question', async () => {
  const { devices, dialogs, reaches, called } = await devicesChat({
    linking: () => ({ stage: 'none' }),
    linkOffer: () => OFFERED,
  });
  devices.link('');
  await settled();
  dialogs.leave();
  await settled();
  expect([dialogs.dialog, called('linkCancel')]).toEqual([undefined, [{}]]);
  devices.link('');
  await settled();
  await reaches(OPENED);
  dialogs.leave();
  expect(kindOf(dialogs.dialog, 'form')).toMatchObject({ title: 'Stop linking?', danger: true });
  dialogs.leave();
  expect(kindOf(dialogs.dialog, 'form').fields.map(({ name }) => name)).toEqual(['digits']);
  expect(called('linkCancel')).toHaveLength(1);
  dialogs.leave();
  dialogs.submit({});
  await settled();
  expect([dialogs.dialog, called('linkCancel').length]).toEqual([undefined, 2]);
});

test('an offer that was closed while it was made is ended', async () => {
  let answer: (offered: Linking) => void = () => undefined;
  const { devices, dialogs, called } = await devicesChat({
    linking: () => ({ stage: 'none' }),
    linkOffer: () => new Promise((resolve) => (answer = resolve)),
  });
  devices.link('');
  await settled();
  dialogs.close();
  answer(OFFERED);
  await settled();
  expect([dialogs.dialog, called('linkCancel')]).toEqual([undefined, [{}]]);
});

test('with rooms on several servers it asks for one, and for the token that it requires', async () => {
  const two = ['https://one.example', 'https://two.example', 'https://one.example'];
  const { devices, dialogs, called } = await devicesChat(
    {
      linking: () => ({ stage: 'none' }),
      linkOffer: ({ token }: { token?: string }) => {
        if (token === undefined) throw new ChatError({ reason: 'token-required' });
        return OFFERED;
      },
    },
    two,
  );
  devices.link('');
  await settled();
  const asked = kindOf(dialogs.dialog, 'form');
  expect(asked.fields[0]?.choices.map(({ value }) => value)).toEqual([
    'https://one.example',
    'https://two.example',
  ]);
  dialogs.submit({ server: 'https://two.example', limited: 'on' });
  await settled();
  const again = kindOf(dialogs.dialog, 'form');
  expect(again.fields.map(({ name, value }) => [name, value])).toEqual([
    ['server', 'https://two.example'],
    ['token', ''],
    ['limited', 'on'],
  ]);
  dialogs.submit({ server: 'https://two.example', token: 'secret', limited: 'on' });
  await settled();
  expect(called('linkOffer').at(-1)).toMatchObject({
    server: 'https://two.example',
    token: 'secret',
    limited: true,
  });
  expect(kindOf(dialogs.dialog, 'invite').link).toBe(DEVICE_LINK);
});

test('the new device asks for a name, shows the digits and then how many rooms it has, and opens the first', async () => {
  const { chat, dialogs, called, reaches, entered, said } = await devicesChat(
    { linkAccept: () => ({ stage: 'digits', digits: '012345' }), rooms: () => [{ id: 'room-7' }] },
    [],
  );
  openLink(chat, DEVICE_LINK);
  await settled();
  const asked = kindOf(dialogs.dialog, 'form');
  expect(asked.fields.map(({ name, value }) => [name, value])).toEqual([['label', 'Firefox on Linux']]);
  dialogs.submit({ label: ' My phone ' });
  await settled();
  expect(called('linkAccept')).toMatchObject([{ link: DEVICE_LINK, label: 'My phone' }]);
  expect(kindOf(dialogs.dialog, 'device').digits).toEqual(['012', '345']);
  await reaches({ stage: 'joining', joined: 3, of: 12 });
  expect(dialogs.dialog).toMatchObject({ digits: [], progress: '3 of 12 rooms' });
  await reaches({ stage: 'joined', joined: 12, missing: [] });
  expect([entered, dialogs.dialog, said]).toEqual([
    ['room-7'],
    undefined,
    ['This device has your 12 rooms now'],
  ]);
});

test('the new device names the rooms that it could not join', async () => {
  const { devices, dialogs, reaches } = await devicesChat(
    { rooms: () => [], linking: () => ({ stage: 'joining', joined: 0, of: 2 }) },
    [],
  );
  devices.resume();
  await settled();
  const problem = { code: 'offline' as const, data: { reason: 'server-slow' as const, server: 'x' } };
  await reaches({
    stage: 'joined',
    joined: 1,
    missing: [{ room: 'kit\u202echen', problem: problem as never }],
  });
  expect(kindOf(dialogs.dialog, 'device').lines[0]).toMatch(/^kitchen: ./);
});

test('digits of a link that another screen has cancelled are not shown any more', async () => {
  const { devices, dialogs, reaches } = await devicesChat({ linking: () => DIGITS }, []);
  devices.resume();
  await settled();
  await reaches({ stage: 'none' });
  expect(dialogs.dialog).toBeUndefined();
});

test('the new device asks before it stops, and goes on showing its digits', async () => {
  const { devices, dialogs, called } = await devicesChat({ linking: () => DIGITS }, []);
  devices.resume();
  await settled();
  dialogs.pick('cancel');
  expect(kindOf(dialogs.dialog, 'form').title).toBe('Stop linking?');
  dialogs.leave();
  expect(kindOf(dialogs.dialog, 'device').digits).toEqual(['123', '456']);
  dialogs.leave();
  dialogs.submit({});
  await settled();
  expect([dialogs.dialog, called('linkCancel')]).toEqual([undefined, [{}]]);
});

test('a profile with rooms is not linked, and says what to do', async () => {
  const { devices, dialogs, called } = await devicesChat({});
  devices.link(DEVICE_LINK);
  expect(kindOf(dialogs.dialog, 'device')).toMatchObject({
    title: 'This profile is in use',
    lines: ['gochat link LINK --profile FOLDER'],
  });
  expect(called('linkAccept')).toEqual([]);
});

test('a link that was used is an error of its field, and an invite is joined', async () => {
  const { chat, devices, dialogs } = await devicesChat(
    {
      linkAccept: () => {
        throw new ChatError({ reason: 'link-used' });
      },
    },
    [],
  );
  devices.link('');
  dialogs.submit({ link: DEVICE_LINK, label: 'x' });
  await settled();
  expect(dialogs.dialog).toMatchObject({
    errorField: 'link',
    error: expect.stringContaining('opened before'),
  });
  openLink(chat, INVITE);
  expect(kindOf(dialogs.dialog, 'form').title).toBe('Join a room');
});

test('the list says what each device is, follows changes, and leads to a name and a removal', async () => {
  const { devices, dialogs, emits, called, said } = await devicesChat({
    devices: () => [LAPTOP, PHONE],
    labelDevice: () => null,
    removeDevice: () => ({ key: PHONE.key, label: 'Phone', left: [] }),
  });
  devices.show();
  await settled();
  const list = kindOf(dialogs.dialog, 'devices');
  expect(list.items.map(({ label, detail }) => [label, detail])).toEqual([
    ['Laptop', 'this device, 2 rooms, since 23 Nov 2026'],
    ['Phone', '2 rooms'],
  ]);
  await emits({ kind: 'devices', devices: [LAPTOP, { ...PHONE, unknown: true, label: '' }] });
  expect(kindOf(dialogs.dialog, 'devices').items[1]).toMatchObject({
    label: 'Device phoneAAA',
    alarming: true,
  });
  await emits({ kind: 'devices', devices: [LAPTOP, PHONE] });
  dialogs.pick(LAPTOP.key);
  expect(kindOf(dialogs.dialog, 'device').items.map(({ name }) => name)).toEqual(['rename', 'copied']);
  dialogs.pick('rename');
  dialogs.submit({ label: 'Desk' });
  await settled();
  expect(called('labelDevice')).toEqual([{ device: LAPTOP.key, label: 'Desk' }]);
  dialogs.pick(PHONE.key);
  dialogs.pick('remove');
  expect(kindOf(dialogs.dialog, 'form')).toMatchObject({ title: 'Remove Phone?', danger: true });
  dialogs.submit({});
  await settled();
  expect(called('removeDevice')).toMatchObject([{ device: PHONE.key }]);
  expect([dialogs.dialog?.kind, said]).toEqual(['devices', ['Renamed', 'Phone is out of all your rooms']]);
});

test('a removal that is not done everywhere says where not, and why', async () => {
  const { devices, dialogs } = await devicesChat({
    devices: () => [LAPTOP, PHONE],
    removeDevice: () => ({ key: PHONE.key, label: 'Phone', left: [{ room: 'kitchen', problem: undefined }] }),
  });
  devices.show();
  await settled();
  dialogs.pick(PHONE.key);
  dialogs.pick('remove');
  dialogs.submit({});
  await settled();
  expect(kindOf(dialogs.dialog, 'device')).toMatchObject({
    title: 'Phone is being removed',
    lines: ['kitchen'],
  });
});

test('whoever removes a device sees which came after it, and removes those that are ticked as well', async () => {
  const [tablet, burner] = [device('tablet', { label: 'Tablet' }), device('burner')];
  const { devices, dialogs, called } = await devicesChat({
    devices: () => [LAPTOP, { ...PHONE, later: [tablet.key, burner.key] }, tablet, burner],
    removeDevice: () => ({ key: PHONE.key, label: 'Phone', left: [] }),
  });
  devices.show();
  await settled();
  dialogs.pick(PHONE.key);
  dialogs.pick('remove');
  const asked = kindOf(dialogs.dialog, 'form');
  expect(asked.fields.map(({ label, value }) => [label, value])).toEqual([
    ['Also remove Tablet', ''],
    ['Also remove Device burnerAA', ''],
  ]);
  expect(asked.text.at(-1)).toContain('These devices came after this one');
  dialogs.submit({ [burner.key]: 'on' });
  await settled();
  expect(called('removeDevice')).toMatchObject([{ device: burner.key }, { device: PHONE.key }]);
});

test('a limited device lists the others, and can neither remove nor link one', async () => {
  const { devices, dialogs } = await devicesChat({ devices: () => [{ ...LAPTOP, limited: true }, PHONE] });
  devices.show();
  await settled();
  expect(kindOf(dialogs.dialog, 'devices').more).toEqual([]);
  dialogs.pick(PHONE.key);
  expect(kindOf(dialogs.dialog, 'device').items.map(({ name }) => name)).toEqual(['rename']);
});

test('a device that was removed says so, and whatever is answered starts it again', async () => {
  const { devices, dialogs, restarts } = await devicesChat({ linking: () => ({ stage: 'removed' }) });
  devices.resume();
  await settled();
  expect(kindOf(dialogs.dialog, 'device').title).toBe('This device was removed');
  dialogs.leave();
  dialogs.pick('go');
  expect(restarts()).toBe(2);
});
