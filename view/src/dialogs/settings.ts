import type { Chat } from '../chat/chat.ts';
import { deviceDialogs } from './device-dialogs.ts';
import type { DeviceParts } from './device-given.ts';
import { choiceField, form, menuItem, toggleField } from './forms.ts';

export const THEMES = ['system', 'dark', 'light', 'contrast'] as const;

const PICTURES = ['always', 'click'] as const;

/** Sets the theme, or asks for one when `theme` names none. */
export function setTheme(
  chat: Pick<Chat, 'words' | 'preferences' | 'dialogs' | 'flashes'>,
  theme: string,
): void {
  const text = chat.words.text.dialogs.theme;
  const { flashes, preferences } = chat;
  if (THEMES.some((name) => name === theme)) {
    flashes.attempt(() => preferences.changeScreen({ theme }));
    return;
  }
  chat.dialogs.show({
    dialog: form(text.title, [], [themeField(chat)], text.submit),
    submit: async (values, handle) => {
      await preferences.changeScreen({ theme: values.theme ?? 'system' });
      handle.close();
    },
  });
}

/** What leads from the settings to the person's devices and to what brings a person back. */
const MORE = ['link', 'devices', 'recovery', 'backup'] as const;

const TO: Readonly<Record<(typeof MORE)[number], (chat: DeviceParts) => Promise<void>>> = {
  link: async (chat) => (await deviceDialogs(chat)).link(''),
  devices: async (chat) => (await deviceDialogs(chat)).show(),
  recovery: async (chat) => (await deviceDialogs(chat)).recovery(''),
  backup: async (chat) => (await import('./backups.ts')).askBackup(chat),
};

/** Settings of this screen: those that every screen has, and its own. */
export function askSettings(chat: DeviceParts): void {
  const { settings, notify } = chat.words.text.dialogs;
  const { more } = settings;
  // Without rooms there is nothing that could be lost.
  const items = chat.rooms.all.length === 0 ? [] : MORE.map((name) => menuItem(name, more[name]));
  const { screen } = chat.preferences.current;
  const fields = [
    themeField(chat),
    toggleField('notify-content', notify.content, screen['notify-content'] === 'on'),
    choiceField(
      'pictures',
      settings.pictures,
      chat.preferences.current.pictures,
      PICTURES.map((value) => ({ value, label: settings.pictureChoices[value] })),
    ),
    ...chat.platform.settings.map((field) => ({ ...field, value: screen[field.name] ?? field.value })),
  ];
  chat.dialogs.show({
    dialog: {
      ...form(settings.title, [], fields, settings.submit),
      ...(items.length > 0 && { more: { title: more.title, items } }),
    },
    pick: (name) => {
      const leads = MORE.find((one) => one === name);
      return leads === undefined ? undefined : TO[leads](chat);
    },
    submit: async (values, handle) => {
      const { pictures, ...screen } = values;
      const wanted = PICTURES.find((one) => one === pictures) ?? 'always';
      await chat.preferences.change({ pictures: wanted });
      await chat.preferences.changeScreen(screen);
      handle.close();
    },
  });
}

function themeField(chat: Pick<Chat, 'words' | 'preferences'>) {
  const { title, choices } = chat.words.text.dialogs.theme;
  const current = chat.preferences.current.screen.theme ?? 'system';
  return choiceField(
    'theme',
    title,
    current,
    THEMES.map((value) => ({ value, label: choices[value] })),
  );
}
