import type { Chat } from '../chat/chat.ts';
import { form, textField } from './forms.ts';
import { checkNames } from './name-fields.ts';

const WAIT_MS = 30_000;

/** Changes this person's name in the open room; a form asks for it when it isn't given. @throws ChatError */
export async function nick(
  chat: Pick<Chat, 'profile' | 'words' | 'dialogs' | 'flashes' | 'navigation'>,
  wanted: string,
): Promise<undefined> {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const change = async (name: string) => {
    await chat.profile.call('nick', { room: room.info.id, name, waitMs: WAIT_MS });
    chat.flashes.good(chat.words.text.flashes.saved);
  };
  if (wanted !== '') return change(wanted).then(() => undefined);
  const text = (await chat.words.text.messageDialogs()).nick;
  chat.dialogs.show({
    dialog: form(text.title, [text.text], [textField('as', text.name, room.info.as)], text.submit),
    submit: async (values, handle) => {
      checkNames(chat, values, ['as']);
      await change(values.as ?? '');
      handle.close();
    },
  });
}
