import { ChatError } from '@gochat/client/chat-error';
import { formatHistorySetting, NEW_ROOM_HISTORY, parseHistorySetting } from '@gochat/client/history-setting';
import { formatRuleTime, parseRuleTime } from '@gochat/client/rule-time';
import type { HistorySetting } from '@gochat/client/settings';
import type { Chat } from '../chat/chat.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import type { Field, FormDialog, MenuDialog } from './dialog.ts';
import type { DialogHandle } from './dialog-host.ts';
import { choiceField, form, menuItem, secretField, textField, toggleField } from './forms.ts';
import { FIRST_TERMS, showInvite } from './invites.ts';
import { checkNames } from './name-fields.ts';
import { warnOfLoss } from './profile-loss.ts';
import { changedRules, expireField, ruleFields } from './rules.ts';

const WAIT_MS = 30_000;

type CreateParts = Pick<
  Chat,
  'profile' | 'platform' | 'words' | 'server' | 'preferences' | 'dialogs' | 'flashes' | 'navigation'
>;

/** Creates a room, opens it, and shows a link to it. */
export function askCreate(chat: CreateParts, name = ''): void {
  const { create } = chat.words.text.dialogs;
  const fields = [
    textField('name', create.name, name),
    textField('as', create.as, chat.preferences.current.name ?? '', create.asHint),
    textField('server', create.server, chat.server),
    historyField(chat, create.history, NEW_ROOM_HISTORY),
    expireField(chat, create.expire, undefined),
  ];
  const handle = chat.dialogs.show<FormDialog>({
    dialog: form(create.title, [create.text], fields, create.submit),
    submit: async (values) => {
      checkNames(chat, values, ['name', 'as']);
      const params = {
        name: values.name ?? '',
        as: values.as ?? '',
        server: values.server ?? '',
        history: values.history === undefined ? NEW_ROOM_HISTORY : parseHistorySetting(values.history),
      };
      const expire = values.expire === undefined ? null : parseRuleTime(values.expire);
      const token = values.token?.trim();
      const asked = {
        ...params,
        ...(token && { token }),
        ...(expire !== null && { expire }),
        waitMs: WAIT_MS,
      };
      const room = await chat.profile.call('create', asked).catch((error: unknown) => {
        // Few servers require a token, so it is asked for only after one has.
        if (error instanceof ChatError && error.code === 'token')
          handle.update({ fields: [...fields, secretField('token', create.token, create.tokenHint)] });
        throw error;
      });
      void chat.platform.keepsProfile(true);
      if (!handle.isOpen) return;
      await chat.navigation.enter(room.id);
      showInvite(chat, FIRST_TERMS);
    },
  });
  void warnOfLoss(chat, (warning) => handle.update({ text: [create.text, warning] }));
}

/** The settings that a form offers, besides the present one. */
const OFFERED: readonly HistorySetting[] = ['none', NEW_ROOM_HISTORY, { days: 30 }, 'all'];

function historyField({ words }: Pick<Chat, 'words'>, label: string, present: HistorySetting): Field {
  const value = formatHistorySetting(present);
  const values = [...new Set([...OFFERED.map(formatHistorySetting), value])];
  const choices = values.map((one) => ({
    value: one,
    label: words.text.history(parseHistorySetting(one)),
  }));
  return choiceField('history', label, value, choices);
}

/** Asks for name, topic and rules of the room. @param what has the focus */
export function askConfigure(
  chat: Pick<Chat, 'profile' | 'words' | 'dialogs' | 'flashes' | 'navigation'>,
  what: 'name' | 'topic' | 'history' | 'speak' | 'expire',
): void {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const text = chat.words.text.dialogs.configure;
  const { id, name, topic, history, rules, direct } = room.info;
  const shown = formatHistorySetting(history);
  const lasts = formatRuleTime(rules.expire);
  chat.dialogs.show({
    dialog: {
      ...form(
        text.title,
        direct === undefined ? [text.text] : [],
        [
          ...(direct === undefined
            ? [
                textField('name', text.name, name),
                textField('topic', text.topic, topic),
                { ...historyField(chat, text.history, history), hint: text.historyHint },
                ...ruleFields(chat, rules),
              ]
            : []),
          expireField(chat, text.expire, rules.expire, text.expireHint),
        ],
        text.submit,
      ),
      focus: what,
    },
    submit: async (values, handle) => {
      checkNames(chat, values, ['name']);
      await chat.profile.call('configure', {
        room: id,
        ...(values.name !== name && values.name !== undefined && { name: values.name }),
        ...(values.topic !== topic && values.topic !== undefined && { topic: values.topic }),
        ...(values.history !== shown &&
          values.history !== undefined && { history: parseHistorySetting(values.history) }),
        ...changedRules(values, rules),
        ...(values.expire !== lasts &&
          values.expire !== undefined && { expire: parseRuleTime(values.expire) }),
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
  const others = room.members.filter(({ self }) => !self);
  const isLastAdmin = room.info.admin && others.length > 0 && !others.some(({ admin }) => admin);
  const text = isLastAdmin ? [leave.text, leave.lastAdmin] : [leave.text];
  chat.dialogs.show({
    dialog: form(leave.title(name), text, [], leave.submit, true),
    submit: async (_values, handle) => {
      const { unheard } = await chat.profile.call('leave', { room: room.info.id, waitMs: WAIT_MS });
      // The closed room says the rest.
      handle.close();
      if (unheard !== undefined) chat.flashes.bad(leave.unheard(chat.words.text.error(unheard.data)));
    },
  });
}

/** Joins the others again after a change that this device could not follow, after a question that says what differs there. */
export function askReturn(
  chat: Pick<Chat, 'profile' | 'words' | 'dialogs' | 'flashes' | 'navigation'>,
): void {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const { dialogs, flashes } = chat.words.text;
  const words = dialogs.return;
  const by = sanitizeLine(room.info.unfollowed);
  const intro = by === '' ? words.text : words.after(by);
  let seen: string | undefined;
  const compares = async (handle: DialogHandle<FormDialog>) => {
    const comparison = await chat.profile.call('compare', { room: room.info.id, waitMs: WAIT_MS });
    if (!handle.isOpen) return;
    if (comparison === null) {
      handle.close();
      chat.flashes.good(flashes.returned);
      return;
    }
    seen = comparison.tag;
    const differs = chat.words.text.comparison(comparison);
    handle.update({ text: [intro, ...differs, words.more], danger: !comparison.same });
  };
  const handle = chat.dialogs.show<FormDialog>({
    dialog: { ...form(words.title, [intro, words.comparing], [], words.submit), busy: true },
    submit: async (_values, shown) => {
      // What differs wasn't shown, or is no longer so: the next answer is about what is shown then.
      if (seen === undefined) return compares(shown);
      const tag = seen;
      seen = undefined;
      await chat.profile.call('return', { room: room.info.id, seen: tag, waitMs: WAIT_MS });
      shown.close();
      chat.flashes.good(flashes.returned);
    },
  });
  compares(handle)
    .then(() => handle.update({ busy: false }))
    .catch((error: unknown) => handle.update({ busy: false, error: chat.flashes.textOf(error) }));
}

/** Removes a room that is closed to this profile from the list, after a question. */
export function askForget(chat: Pick<Chat, 'words' | 'dialogs' | 'flashes' | 'navigation' | 'rooms'>): void {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const { forget } = chat.words.text.dialogs;
  const name = sanitizeLine(room.info.name);
  chat.dialogs.show({
    dialog: form(forget.title(name), [forget.text], [], forget.submit),
    submit: (_values, handle) => {
      handle.close();
      room.change({ hidden: true });
      chat.navigation.openFirst();
      chat.flashes.good(chat.words.text.flashes.forgotten(name));
    },
  });
}

/** Asks what the reader is notified about in this room, and what notifications show. */
export function askNotify(chat: Pick<Chat, 'words' | 'preferences' | 'dialogs' | 'navigation'>): void {
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
    toggleField('content', notify.content, content),
  ];
  chat.dialogs.show({
    dialog: form(notify.title, [], fields, notify.submit),
    submit: async (values, handle) => {
      const chosen = choices.find(({ value }) => value === values.notify)?.value ?? room.settings.notify;
      room.change({ notify: chosen });
      await chat.preferences.changeScreen({ 'notify-content': values.content === 'on' ? 'on' : '' });
      handle.close();
    },
  });
}

/** Asks what others see of the reader in this room. */
export function askPrivacy(chat: Pick<Chat, 'words' | 'dialogs' | 'navigation'>): void {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const { privacy } = chat.words.text.dialogs;
  const fields = [
    toggleField('receipts', privacy.receipts, room.settings.receipts),
    toggleField('typing', privacy.typing, room.settings.typing),
  ];
  chat.dialogs.show({
    dialog: form(privacy.title, [privacy.text], fields, privacy.submit),
    submit: (values, handle) => {
      room.change({ receipts: values.receipts === 'on', typing: values.typing === 'on' });
      handle.close();
    },
  });
}

/** Shows the rules of the room to who can't change them. */
export function showRules(chat: Pick<Chat, 'words' | 'dialogs' | 'navigation'>): void {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const { rules, history, dialogs } = chat.words.text;
  const said = rules.inForce(room.info.rules);
  chat.dialogs.show<MenuDialog>({
    dialog: {
      kind: 'menu',
      title: dialogs.configure.rules,
      text: [
        ...(said.length === 0 ? [dialogs.configure.noRules] : said),
        dialogs.configure.newcomers(history(room.info.history)),
      ],
      code: [],
      items: [menuItem('close', dialogs.configure.close)],
    },
    pick: (_name, handle) => handle.close(),
  });
}
