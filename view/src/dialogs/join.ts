import { ChatError } from '@gochat/client/chat-error';
import { readMessageLink } from '@gochat/client/message-link';
import { isDeviceLink, isRecoveryLink } from '@gochat/client/validate-input';
import type { Chat } from '../chat/chat.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import { deviceDialogs } from './device-dialogs.ts';
import type { FormDialog } from './dialog.ts';
import type { DialogHandle } from './dialog-host.ts';
import { form, textField } from './forms.ts';
import { checkNames } from './name-fields.ts';
import { openMessage } from './open-message.ts';
import { warnOfLoss } from './profile-loss.ts';

const WAIT_MS = 30_000;

/** Shows the message of a link; of any other shows what it leads to, and asks whether to go there; without one asks for an invite. */
export function openLink(chat: Chat, link: string): void {
  const place = readMessageLink(link);
  if (place !== undefined) openMessage(chat, place);
  else if (isOwnLink(link)) chat.flashes.attempt(() => openOwnLink(chat, link));
  else askJoin(chat, link);
}

/** Whether a link makes this device one of its person's, or leads to a message, rather than into a room. */
export function isOtherLink(link: string): boolean {
  return isOwnLink(link) || readMessageLink(link) !== undefined;
}

function isOwnLink(link: string): boolean {
  return isDeviceLink(link) || isRecoveryLink(link);
}

async function openOwnLink(chat: Chat, link: string): Promise<void> {
  const devices = await deviceDialogs(chat);
  if (isRecoveryLink(link)) devices.recovery(link);
  else devices.link(link);
}

/** Asks for a link, shows what it leads to, and joins. */
export function askJoin(chat: Chat, link: string): void {
  const { join } = chat.words.text.dialogs;
  chat.dialogs.show({
    dialog: form(join.title, [], [textField('link', join.link, link, join.linkHint)], join.look),
    submit: (values, handle) => look(chat, (values.link ?? '').trim(), handle),
  });
  if (link !== '') chat.dialogs.submit({ link });
}

async function look(chat: Chat, link: string, asked: DialogHandle<FormDialog>): Promise<void> {
  const { create, join } = chat.words.text.dialogs;
  const place = readMessageLink(link);
  if (place !== undefined) {
    asked.close();
    openMessage(chat, place);
    return;
  }
  if (isOwnLink(link)) {
    await openOwnLink(chat, link);
    return;
  }
  const preview = await chat.profile.call('peek', { link, waitMs: WAIT_MS });
  if (!asked.isOpen) return;
  const name = sanitizeLine(preview.name);
  if (preview.already) {
    const { flashes } = chat.words.text;
    const joined = preview.leaving ? await chat.profile.call('join', { link, waitMs: WAIT_MS }) : undefined;
    asked.close();
    await chat.navigation.enter(preview.room);
    if (joined === undefined) chat.flashes.good(flashes.alreadyIn(name));
    else chat.flashes.good(joined.stayed ? flashes.stayed(name) : flashes.joined(name));
    return;
  }
  if (preview.approval) {
    askApproval(chat, link, name);
    return;
  }
  const names = preview.members.map(sanitizeLine);
  const text = [
    join.invited(preview.by === '' ? '' : sanitizeLine(preview.by), name),
    ...(preview.topic === '' ? [] : [sanitizeLine(preview.topic)]),
    join.members(names),
    join.privacy,
    join.history(preview.history),
  ];
  const handle = chat.dialogs.show<FormDialog>({
    dialog: form(
      join.title,
      text,
      [textField('as', create.as, chat.preferences.current.name ?? guestName(chat), create.asHint)],
      join.submit,
    ),
    submit: async (values) => {
      checkNames(chat, values, ['as']);
      const room = await chat.profile.call('join', { link, as: values.as ?? '', waitMs: WAIT_MS });
      void chat.platform.keepsProfile(true);
      if (handle.isOpen) await chat.navigation.enter(room.id);
      handle.close();
      chat.flashes.good(chat.words.text.flashes.joined(sanitizeLine(room.name)));
    },
  });
  void warnOfLoss(chat, (warning) => handle.update({ text: [...text, warning] }));
}

/** Asks to be let into a room. Who asks is in it once an admin or moderator has approved, which may have happened already. */
function askApproval(chat: Chat, link: string, name: string): void {
  const { create, join } = chat.words.text.dialogs;
  const text = [join.approval(name), join.approvalMore, join.privacy];
  const known = chat.preferences.current.name;
  const fields = [
    textField('as', create.as, known ?? guestName(chat), create.asHint),
    textField('words', join.words),
  ];
  // From the name of a guest nobody learns who asks.
  const focus = known === undefined ? 'as' : 'words';
  const handle = chat.dialogs.show<FormDialog>({
    dialog: { ...form(join.title, text, fields, join.ask), focus },
    submit: async ({ as = '', words = '' }) => {
      checkNames(chat, { as }, ['as']);
      const call = { link, as, words: words.trim(), waitMs: WAIT_MS };
      const room = await chat.profile.call('join', call).catch((error: unknown) => {
        if (!(error instanceof ChatError) || error.data.reason !== 'knock-waiting') throw error;
        return error;
      });
      void chat.platform.keepsProfile(true);
      if (!(room instanceof ChatError) && handle.isOpen) await chat.navigation.enter(room.id);
      handle.close();
      const { flashes } = chat.words.text;
      chat.flashes.good(
        room instanceof ChatError
          ? chat.words.text.error(room.data)
          : flashes.joined(sanitizeLine(room.name)),
      );
    },
  });
  void warnOfLoss(chat, (warning) => handle.update({ text: [...text, warning] }));
}

/** A name to start with, so that one click is enough. */
function guestName({ words }: Pick<Chat, 'words'>): string {
  const [number = 0] = crypto.getRandomValues(new Uint16Array(1));
  return words.text.dialogs.join.guest(1000 + (number % 9000));
}
