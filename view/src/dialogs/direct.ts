import { ChatError } from '@gochat/client/chat-error';
import type { DirectRequest, MemberInfo } from '@gochat/client/methods';
import type { Chat } from '../chat/chat.ts';
import { sanitizeLine, sanitizeText } from '../text/sanitize.ts';
import type { Field, FormDialog, MenuDialog } from './dialog.ts';
import { choiceField, detailedItem, form, menuItem, secretField, textField } from './forms.ts';

type DirectParts = Pick<
  Chat,
  'profile' | 'words' | 'dialogs' | 'flashes' | 'navigation' | 'preferences' | 'platform'
>;

const WAIT_MS = 30_000;
/** How many characters of the first words a list shows. */
const SHORT = 80;
const WHO = ['all', 'verified', 'none'] as const;

/** The words are loaded with the first use: few rooms are conversations of two. @throws ChatError `internal` */
function wordsOf({ words }: DirectParts) {
  return words.text.direct().catch((cause: unknown) => {
    throw new ChatError({ reason: 'code-not-loaded' }, { cause });
  });
}

/** Asks for the first words to a member, or opens the conversation that there is. @param text said at once if it isn't empty */
export function writeTo(chat: DirectParts, member: MemberInfo, text: string): void {
  const { room, profile, dialogs, flashes } = { ...chat, room: chat.navigation.room };
  if (room === undefined) return;
  const name = sanitizeLine(member.name);
  const write = async (said: string, token = '') => {
    const words = { ...(said !== '' && { text: said }), ...(token !== '' && { token }) };
    const call = { room: room.info.id, member: member.identity, ...words, waitMs: WAIT_MS };
    const made = await profile.call('dm', call);
    await chat.navigation.enter(made.id);
    if (made.direct?.state === 'asked') flashes.good((await wordsOf(chat)).asked(name));
  };
  flashes.attempt(async () => {
    const rooms = await profile.call('rooms', {});
    const isThere = rooms.some(
      ({ direct, status }) => direct?.identity === member.identity && status === 'active',
    );
    const words = (await wordsOf(chat)).write;
    const { create } = chat.words.text.dialogs;
    // What was given may have several lines.
    const first = text === '' ? [textField('text', words.first)] : [];
    const withToken = [...first, secretField('token', create.token, create.tokenHint)];
    const ask = (fields: readonly Field[]) =>
      dialogs.show<FormDialog>({
        dialog: form(words.title(name), [words.text], fields, words.submit),
        submit: async (values, handle) => {
          await write(text || (values.text ?? '').trim(), values.token?.trim()).catch((error: unknown) => {
            // Few servers require a token, so it is asked for only after one has.
            if (needsToken(error)) handle.update({ fields: withToken });
            throw error;
          });
          handle.close();
        },
      });
    if (!isThere && text === '') return void ask(first);
    return write(text).catch((error: unknown) => {
      if (!needsToken(error)) throw error;
      ask(withToken).update({ error: flashes.textOf(error) });
    });
  });
}

function needsToken(error: unknown): boolean {
  return error instanceof ChatError && error.data.reason === 'token-required';
}

/** Lists who asks to write to this person. */
export function showRequests(chat: DirectParts): void {
  chat.flashes.attempt(async () => {
    const { list } = await wordsOf(chat);
    const requests = await chat.profile.call('requests', {});
    const items = requests.map((one) =>
      detailedItem(
        one.id,
        sanitizeLine(one.name),
        list.detail(sanitizeLine(one.roomName), beginningOf(sanitizeLine(one.text))),
      ),
    );
    chat.dialogs.show<MenuDialog>({
      dialog: {
        kind: 'menu',
        title: list.title,
        text: requests.length === 0 ? [list.none] : [],
        code: [],
        items: [...items, menuItem('who', list.who)],
      },
      pick: (id) => {
        const request = requests.find((one) => one.id === id);
        if (request === undefined) askWho(chat);
        else showRequest(chat, request);
      },
    });
  });
}

function beginningOf(text: string): string {
  const characters = [...text];
  return characters.length <= SHORT ? text : `${characters.slice(0, SHORT).join('').trimEnd()}…`;
}

/** One request, with its first words. */
function showRequest(chat: DirectParts, request: DirectRequest): void {
  const { profile, dialogs, flashes, navigation, words } = chat;
  flashes.attempt(async () => {
    const text = (await wordsOf(chat)).request;
    const said = sanitizeText(request.text)
      .replace(/\n{2,}/g, '\n')
      .trim();
    const at = words.clock.moment(request.at);
    dialogs.show<MenuDialog>({
      dialog: {
        kind: 'menu',
        title: text.title(sanitizeLine(request.name)),
        ...(said !== '' && { quoted: said }),
        text: [text.text(sanitizeLine(request.roomName), at), text.privacy],
        code: [],
        items: [menuItem('accept', text.accept), menuItem('ignore', text.ignore)],
      },
      pick: async (name, handle) => {
        if (name === 'accept') {
          const { id } = await profile.call('acceptRequest', { id: request.id, waitMs: WAIT_MS });
          handle.close();
          await navigation.enter(id);
          return;
        }
        await profile.call('ignoreRequest', { id: request.id });
        handle.close();
        flashes.good((await wordsOf(chat)).isIgnored);
      },
    });
  });
}

/** Asks who may ask to write to this person. */
function askWho(chat: DirectParts): void {
  const { preferences, dialogs, flashes } = chat;
  flashes.attempt(async () => {
    const { who, saved } = await wordsOf(chat);
    const choices = WHO.map((value) => ({ value, label: who[value] }));
    dialogs.show({
      dialog: form(
        who.title,
        [],
        [choiceField('asks', who.label, preferences.current.asks, choices)],
        who.submit,
      ),
      submit: async (values, handle) => {
        const asks = WHO.find((one) => one === values.asks) ?? 'all';
        await preferences.change({ asks });
        handle.close();
        flashes.good(saved);
      },
    });
  });
}
