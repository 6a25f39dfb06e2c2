import type { Chat } from '../chat/chat.ts';
import { choiceField, form, toggleField } from './forms.ts';

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

/** Settings of this screen: those that every screen has, and its own. */
export function askSettings(chat: Pick<Chat, 'platform' | 'words' | 'preferences' | 'dialogs'>): void {
  const { settings, notify } = chat.words.text.dialogs;
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
    dialog: form(settings.title, [], fields, settings.submit),
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
