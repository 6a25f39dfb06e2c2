import { ChatError } from '@gochat/client/chat-error';
import type { Chat } from '../chat/chat.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import { choiceField, form, textField, toggleField } from './forms.ts';
import { showInvite } from './invites.ts';

const WAIT_MS = 30_000;

/** Creates a room, opens it, and shows a link to it. */
export function askCreate(
  chat: Pick<Chat, 'profile' | 'words' | 'server' | 'preferences' | 'dialogs' | 'flashes' | 'navigation'>,
  name = '',
): void {
  const { create } = chat.words.text.dialogs;
  const fields = [
    textField('name', create.name, name),
    textField('as', create.as, chat.preferences.current.name ?? '', create.asHint),
    textField('server', create.server, chat.server),
  ];
  chat.dialogs.show({
    dialog: form(create.title, [create.text], fields, create.submit),
    submit: async (values, handle) => {
      const params = { name: values.name ?? '', as: values.as ?? '', server: values.server ?? '' };
      const token = values.token?.trim();
      const asked = { ...params, ...(token && { token }), waitMs: WAIT_MS };
      const room = await chat.profile.call('create', asked).catch((error: unknown) => {
        // Few servers require a token, so it is asked for only after one has.
        if (error instanceof ChatError && error.code === 'token')
          handle.update({ fields: [...fields, textField('token', create.token, '', create.tokenHint)] });
        throw error;
      });
      await chat.navigation.enter(room.id);
      handle.close();
      showInvite(chat, {});
    },
  });
}

/** Asks for a link, shows what it leads to, and joins. */
export function askJoin(
  chat: Pick<Chat, 'profile' | 'words' | 'preferences' | 'dialogs' | 'flashes' | 'navigation'>,
  link: string,
): void {
  const { join } = chat.words.text.dialogs;
  chat.dialogs.show({
    dialog: form(join.title, [], [textField('link', join.link, link, join.linkHint)], join.look),
    submit: (values) => look(chat, (values.link ?? '').trim()),
  });
  if (link !== '') chat.dialogs.submit({ link });
}

async function look(
  chat: Pick<Chat, 'profile' | 'words' | 'preferences' | 'dialogs' | 'flashes' | 'navigation'>,
  link: string,
): Promise<void> {
  const { create, join } = chat.words.text.dialogs;
  const preview = await chat.profile.call('peek', { link, waitMs: WAIT_MS });
  const name = sanitizeLine(preview.name);
  if (preview.already) {
    chat.dialogs.close();
    await chat.navigation.enter(preview.room);
    chat.flashes.good(chat.words.text.flashes.alreadyIn(name));
    return;
  }
  const names = preview.members.map(sanitizeLine);
  const text = [
    join.invited(preview.by === '' ? '' : sanitizeLine(preview.by), name),
    ...(preview.topic === '' ? [] : [sanitizeLine(preview.topic)]),
    join.members(names),
    join.privacy,
  ];
  chat.dialogs.show({
    dialog: form(
      join.title,
      text,
      [textField('as', create.as, chat.preferences.current.name ?? guestName(chat), create.asHint)],
      join.submit,
    ),
    submit: async (values, handle) => {
      const room = await chat.profile.call('join', { link, as: values.as ?? '', waitMs: WAIT_MS });
      await chat.navigation.enter(room.id);
      handle.close();
      chat.flashes.good(chat.words.text.flashes.joined(sanitizeLine(room.name)));
    },
  });
}

/** Asks for a name and a topic of the room. */
export function askConfigure(
  chat: Pick<Chat, 'profile' | 'words' | 'dialogs' | 'flashes' | 'navigation'>,
): void {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const text = chat.words.text.dialogs.configure;
  const { id, name, topic } = room.info;
  chat.dialogs.show({
    dialog: form(
      text.title,
      [text.text],
      [textField('name', text.name, name), textField('topic', text.topic, topic)],
      text.submit,
    ),
    submit: async (values, handle) => {
      await chat.profile.call('configure', {
        room: id,
        ...(values.name !== name && values.name !== undefined && { name: values.name }),
        ...(values.topic !== topic && values.topic !== undefined && { topic: values.topic }),
        waitMs: WAIT_MS,
      });
      handle.close();
      chat.flashes.good(chat.words.text.flashes.saved);
    },
  });
}

export function askLeave(chat: Pick<Chat, 'profile' | 'words' | 'dialogs' | 'flashes' | 'navigation'>): void {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const { leave } = chat.words.text.dialogs;
  const name = sanitizeLine(room.info.name);
  chat.dialogs.show({
    dialog: form(leave.title(name), [leave.text], [], leave.submit, true),
    submit: async (_values, handle) => {
      await chat.profile.call('leave', { room: room.info.id, waitMs: WAIT_MS });
      handle.close();
      chat.flashes.good(chat.words.text.flashes.left(name));
    },
  });
}

/** Asks what others see of the reader in this room, and what the reader is notified about. */
export function askPrivacy(chat: Pick<Chat, 'words' | 'preferences' | 'dialogs' | 'navigation'>): void {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const { notify } = chat.words.text.dialogs;
  const choices = (['all', 'mentions', 'none'] as const).map((value) => ({
    value,
    label: notify.choices[value],
  }));
  const content = chat.preferences.current.screen['notify-content'] === 'on';
  const fields = [
    choiceField('notify', notify.notify, room.settings.notify, choices),
    toggleField('receipts', notify.receipts, room.settings.receipts),
    toggleField('typing', notify.typing, room.settings.typing),
    toggleField('content', notify.content, content),
  ];
  chat.dialogs.show({
    dialog: form(notify.title, [], fields, notify.submit),
    submit: async (values, handle) => {
      const chosen = choices.find(({ value }) => value === values.notify)?.value ?? room.settings.notify;
      room.change({ notify: chosen, receipts: values.receipts === 'on', typing: values.typing === 'on' });
      await chat.preferences.changeScreen({ 'notify-content': values.content === 'on' ? 'on' : '' });
      handle.close();
    },
  });
}

/** A name to start with, so that one click is enough. */
function guestName({ words }: Pick<Chat, 'words'>): string {
  const [number = 0] = crypto.getRandomValues(new Uint16Array(1));
  return words.text.dialogs.join.guest(1000 + (number % 9000));
}
