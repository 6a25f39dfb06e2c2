import type { DeviceInfo } from '@gochat/client/methods';
import type { Chat } from '../chat/chat.ts';
import type { RoomViewModel } from '../room/room-view-model.ts';
import type { MenuDialog } from './dialog.ts';
import { form, menuItem } from './forms.ts';

type DeviceParts = Pick<Chat, 'profile' | 'words' | 'dialogs' | 'flashes' | 'navigation'>;

const WAIT_MS = 30_000;
const ID_CHARS = 8;

/** Lists this person's devices in the open room, to report one that was copied, lost or stolen. */
export function showDevices(chat: DeviceParts): void {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const text = chat.words.text.dialogs.devices;
  const devices = room.self?.devices ?? [];
  const items = devices.map(({ key, self }) => {
    const id = key.slice(0, ID_CHARS);
    return menuItem(key, (self ? text.here : text.other)(id));
  });
  chat.dialogs.show<MenuDialog>({
    dialog: { kind: 'menu', title: text.title, text: [text.text(devices.length)], code: [], items },
    pick: (key) => {
      const device = devices.find((one) => one.key === key);
      if (device !== undefined) askReport(chat, room, device);
    },
  });
}

function askReport(chat: DeviceParts, room: RoomViewModel, { key, self }: DeviceInfo): void {
  const { dialogs, flashes } = chat.words.text;
  const text = self ? dialogs.devices.copied : dialogs.devices.lost;
  const title = text.title(key.slice(0, ID_CHARS));
  chat.dialogs.show({
    dialog: form(title, [text.text, dialogs.devices.ends], [], text.submit, !self),
    submit: async (_values, handle) => {
      await chat.profile.call('reportCompromise', { room: room.info.id, device: key, waitMs: WAIT_MS });
      handle.close();
      chat.flashes.good(self ? flashes.keysRenewed : flashes.deviceRemoved);
    },
  });
}
