import type { DeviceOfPerson, DeviceRemoval } from '@gochat/client/methods';
import type { RoomViewModel } from '../room/room-view-model.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import { type DeviceGiven, WAIT_MS } from './device-given.ts';
import { deviceDetail, deviceName, idOf, isLimited, laterThan } from './device-names.ts';
import type { DeviceDialog, DeviceItem, DevicesDialog } from './dialog.ts';
import { form, menuItem, textField, toggleField } from './forms.ts';
import { linkDevice } from './linking.ts';

/** Lists this person's devices, to name one, to remove one, or to link another one. @param intro what is said above several */
export function showDevices(given: DeviceGiven, intro = given.text.list.text): void {
  const { chat, text } = given;
  let all: readonly DeviceOfPerson[] = [];
  const handle = chat.dialogs.show<DevicesDialog>({
    dialog: { kind: 'devices', title: text.list.title, text: [], busy: true, error: '', items: [], more: [] },
    pick: (name) => {
      const device = all.find(({ key }) => key === name);
      if (name === 'link') linkDevice(given, '');
      else if (name === 'recovery') given.to.recovery();
      else if (device !== undefined) showDevice(given, device, all);
    },
  });
  const show = (devices: readonly DeviceOfPerson[]) => {
    all = devices;
    const words = devices.length > 1 ? intro : text.list.alone;
    const more = isLimited(all)
      ? []
      : [menuItem('link', text.list.link), menuItem('recovery', text.recovery.title)];
    handle.update({
      text: [words],
      busy: false,
      error: '',
      items: all.map((one) => itemOf(given, one)),
      more,
    });
  };
  const stop = chat.profile.on((event) => {
    if (!handle.isOpen) stop();
    else if (event.kind === 'devices') show(event.devices);
  });
  chat.profile
    .call('devices', {})
    .then(show, (error: unknown) => handle.update({ busy: false, error: chat.flashes.textOf(error) }));
}

function itemOf({ text }: DeviceGiven, device: DeviceOfPerson): DeviceItem {
  const { unknown = false, removal } = device;
  const alarming = unknown || removal !== undefined;
  return {
    name: device.key,
    label: deviceName(text, device),
    detail: deviceDetail(text, device),
    alarming,
  };
}

/** What the person calls these devices, by their keys. @throws ChatError */
export async function labelsOf(given: DeviceGiven, keys: readonly string[]): Promise<string> {
  const devices = await given.chat.profile.call('devices', {});
  const shown = devices.filter(({ key }) => keys.includes(key));
  return given.text.list.labels(shown.map((device) => deviceName(given.text, device)));
}

/** One device: what is known of it, and what can be done. */
function showDevice(given: DeviceGiven, device: DeviceOfPerson, all: readonly DeviceOfPerson[]): void {
  const { chat, text } = given;
  const limited = isLimited(all);
  const { one } = text;
  const { self, unknown, key, removal } = device;
  const { room } = chat.navigation;
  const isCopyable = self && room !== undefined && room.closed === '';
  chat.dialogs.show<DeviceDialog>({
    dialog: {
      kind: 'device',
      title: deviceName(text, device),
      text: [
        sentence(deviceDetail(text, device)),
        ...(device.limited ? [one.limited] : []),
        ...(unknown === true ? [one.unknown] : []),
        one.key(idOf(key)),
      ],
      digits: [],
      lines: [],
      progress: '',
      error: '',
      items: [
        ...(unknown === true ? [] : [menuItem('rename', one.rename)]),
        ...(isCopyable ? [menuItem('copied', one.copied)] : []),
        ...(self || limited || removal !== undefined ? [] : [menuItem('remove', one.remove, '', true)]),
      ],
    },
    pick: (name) => {
      if (name === 'rename') askLabel(given, device);
      else if (name === 'remove') askRemove(given, device, laterThan(all, device));
      else if (room !== undefined) askReport(given, room, device);
    },
  });
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function askLabel(given: DeviceGiven, { key, label }: DeviceOfPerson): void {
  const { chat, text } = given;
  const { rename } = text;
  chat.dialogs.show({
    dialog: form(rename.title, [], [textField('label', rename.label, label, rename.hint)], rename.submit),
    submit: async (values, handle) => {
      await chat.profile.call('labelDevice', { device: key, label: (values.label ?? '').trim() });
      if (handle.isOpen) showDevices(given);
      chat.flashes.good(text.renamed);
    },
  });
}

/** @param later the devices that it can have taken in */
function askRemove(given: DeviceGiven, device: DeviceOfPerson, later: readonly DeviceOfPerson[]): void {
  const { chat, text } = given;
  const { remove } = text;
  const said = later.length === 0 ? remove.text : [...remove.text, remove.later(later.length)];
  const also = later.map((one) => toggleField(one.key, remove.alsoLater(deviceName(text, one)), false));
  chat.dialogs.show({
    dialog: form(remove.title(deviceName(text, device)), said, also, remove.submit, true),
    submit: async (values, handle) => {
      for (const { key } of later)
        if (values[key] === 'on') await chat.profile.call('removeDevice', { device: key, waitMs: 0 });
      const removal = await chat.profile.call('removeDevice', { device: device.key, waitMs: WAIT_MS });
      if (removal.left.length === 0) {
        if (handle.isOpen) showDevices(given);
        chat.flashes.good(text.isRemoved(deviceName(text, device)));
      } else if (handle.isOpen) showLeft(given, device, removal);
    },
  });
}

/** What is left to do until a device is out of all rooms. */
function showLeft(given: DeviceGiven, device: DeviceOfPerson, { left }: DeviceRemoval): void {
  const { chat, text } = given;
  const { remove, list } = text;
  chat.dialogs.show<DeviceDialog>({
    dialog: {
      kind: 'device',
      title: remove.leftTitle(deviceName(text, device)),
      text: [remove.left(left.length)],
      digits: [],
      lines: left.map(({ room, problem }) =>
        remove.leftIn(sanitizeLine(room), problem === undefined ? '' : chat.words.text.error(problem.data)),
      ),
      progress: '',
      error: '',
      items: [menuItem('list', list.title)],
    },
    pick: () => showDevices(given),
  });
}

/** Reports that this device was copied. */
function askReport({ chat, text }: DeviceGiven, room: RoomViewModel, { key }: DeviceOfPerson): void {
  const { copied } = text;
  chat.dialogs.show({
    dialog: form(copied.title, [copied.text, copied.ends], [], copied.submit),
    submit: async (_values, handle) => {
      await chat.profile.call('reportCompromise', { room: room.info.id, device: key, waitMs: WAIT_MS });
      handle.close();
      chat.flashes.good(chat.words.text.flashes.keysRenewed);
    },
  });
}
