import { ChatError } from '@gochat/client/chat-error';
import type { Params, RecoveryLink, RecoveryState } from '@gochat/client/methods';
import { RECOVERY_OFFERED } from '../chat/preferences.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import { acceptLink } from './accept-link.ts';
import { type DeviceGiven, WAIT_MS } from './device-given.ts';
import { isLimited } from './device-names.ts';
import type { DeviceDialog, InviteDialog } from './dialog.ts';
import type { DialogHandle } from './dialog-host.ts';
import { choiceField, form, menuItem, secretField } from './forms.ts';
import { serversOf } from './offer-link.ts';
import { qrSquares } from './qr-squares.ts';

type RoomCount = Pick<RecoveryLink, 'rooms' | 'left'>;
type Terms = Omit<Params<'recoveryLink'>, 'waitMs'>;

/** Says whether there is a recovery link, and makes one; with a link, or in a profile without rooms, brings the person back here. */
export function showRecovery(given: DeviceGiven, link: string): void {
  const { chat } = given;
  if (link !== '' || chat.rooms.all.length === 0) {
    acceptLink(given, link, 'recovery');
    return;
  }
  chat.flashes.attempt(async () => {
    const { state, limited } = await stateOf(given);
    showState(given, state, limited);
  });
}

/** Says once that there are recovery links, to a person who has none. Nobody has asked for it, so what fails is left out. */
export async function offerRecovery({ chat, text }: DeviceGiven): Promise<void> {
  const { preferences, flashes } = chat;
  try {
    const { state, limited } = await stateOf({ chat });
    await preferences.changeScreen({ [RECOVERY_OFFERED]: 'on' });
    if (!state.made && !limited && chat.dialogs.dialog === undefined)
      flashes.good(text.recovery.offer, { name: 'recovery', label: text.recovery.title });
  } catch {}
}

async function stateOf({ chat: { profile } }: Pick<DeviceGiven, 'chat'>) {
  const [state, devices] = await Promise.all([profile.call('recovery', {}), profile.call('devices', {})]);
  return { state, limited: isLimited(devices) };
}

function showState(given: DeviceGiven, state: RecoveryState, limited: boolean): void {
  const { chat, text } = given;
  const { recovery } = text;
  const make = menuItem('make', state.made ? recovery.replace : recovery.make);
  chat.dialogs.show<DeviceDialog>({
    dialog: {
      kind: 'device',
      title: recovery.title,
      text: [recovery.text, ...stateText(given, state, limited), ...(limited ? [recovery.limited] : [])],
      digits: [],
      lines: [],
      progress: '',
      error: '',
      items: [...(limited ? [] : [make]), menuItem('devices', recovery.devices)],
    },
    pick: (name) => {
      if (name === 'make') begin(given, state);
      else given.to.devices();
    },
  });
}

function stateText(given: DeviceGiven, state: RecoveryState, limited: boolean): string[] {
  const { recovery } = given.text;
  if (!state.made) return [recovery.none];
  return [
    recovery.made(state.since, state.rooms),
    ...othersText(given, state),
    ...(state.current || limited ? [] : [recovery.updating]),
  ];
}

/** The rooms into which a link doesn't lead. */
function othersText({ chat, text }: DeviceGiven, { rooms, left }: RoomCount): string[] {
  const { recovery } = text;
  const follow = chat.rooms.all.filter(({ closed }) => closed === '').length - rooms - left;
  return [...(left > 0 ? [recovery.left(left)] : []), ...(follow > 0 ? [recovery.follow(follow)] : [])];
}

/** Asks before an older link ends, and for the server where there are several. */
function begin(given: DeviceGiven, state: RecoveryState): void {
  if (state.made || serversOf(given).length > 1) askTerms(given, state);
  else make(given, state, {});
}

/** @param token whether the server requires one */
function askTerms(given: DeviceGiven, state: RecoveryState, asked: Terms = {}, token = false): void {
  const { chat, text } = given;
  const { ask } = text.recovery;
  const { create } = chat.words.text.dialogs;
  const servers = serversOf(given);
  const choices = servers.map((value) => ({ value, label: sanitizeLine(value) }));
  const server = choiceField('server', ask.server, asked.server ?? servers[0] ?? '', choices);
  const fields = [
    ...(servers.length > 1 ? [{ ...server, hint: ask.serverHint }] : []),
    ...(token ? [secretField('token', create.token, create.tokenHint)] : []),
  ];
  const said = [...(state.made ? [ask.ends(state.since)] : []), ...(token ? [ask.token] : [])];
  const title = state.made ? ask.replaceTitle : ask.title;
  chat.dialogs.show({
    dialog: form(title, said, fields, ask.submit, state.made && !token),
    submit: (values) => {
      const wanted = values.token?.trim();
      make(given, state, {
        ...(values.server && { server: values.server }),
        ...(wanted && { token: wanted }),
      });
    },
  });
}

/** Makes a link, and shows it. An older one ends. */
function make(given: DeviceGiven, state: RecoveryState, terms: Terms): void {
  const { chat, text } = given;
  const [server] = serversOf(given);
  const wanted = { ...(server !== undefined && { server }), ...terms };
  const handle = chat.dialogs.show<InviteDialog>({ dialog: bare(given, [text.recovery.shown.making]) });
  chat.profile.call('recoveryLink', { ...wanted, waitMs: WAIT_MS }).then(
    async ({ link, ...count }) => {
      const qr = await qrSquares(link);
      const paper = paperOf(given);
      const { leads, shown } = text.recovery;
      const said = [shown.keep, shown.danger, leads(count.rooms), ...othersText(given, count)];
      // The older link has ended: this one must be seen, whatever was opened meanwhile.
      handle.close();
      showLink(given, { ...bare(given, said), link, qr, paper, busy: false });
    },
    (error: unknown) => {
      const needsToken = error instanceof ChatError && error.data.reason === 'token-required';
      if (needsToken && handle.isOpen) askTerms(given, state, wanted, true);
      else if (handle.isOpen) handle.update({ text: [], busy: false, error: chat.flashes.textOf(error) });
      else chat.flashes.failed(error);
    },
  );
}

type Bare = Omit<InviteDialog, 'tick'>;

function bare({ text }: DeviceGiven, said: readonly string[]): Bare {
  const { title } = text.recovery;
  return { kind: 'invite', title, text: said, link: '', qr: [], mayRevoke: false, busy: true, error: '' };
}

/** What is on the paper, a title first. */
function paperOf({ chat, text }: DeviceGiven): readonly string[] {
  const { paper } = text.recovery;
  const name = sanitizeLine(chat.preferences.current.name ?? '');
  return [paper.title(name), paper.made(chat.platform.now()), paper.use, paper.danger];
}

/** Shows a link until the person says that it is kept. */
function showLink(given: DeviceGiven, dialog: Bare): void {
  const { chat, text } = given;
  const { shown } = text.recovery;
  chat.dialogs.show<InviteDialog>({
    dialog,
    pick: (name) => {
      if (name === 'copy') chat.flashes.copy(dialog.link, shown.copied);
    },
    leave: (handle: DialogHandle<InviteDialog>) => {
      if (handle.isOpen) askKept(given, dialog);
    },
  });
}

function askKept(given: DeviceGiven, dialog: Bare): void {
  const { chat, text } = given;
  const { shown } = text.recovery;
  chat.dialogs.show({
    dialog: form(shown.keptTitle, [shown.kept], [], shown.keptSubmit),
    submit: (_values, handle) => handle.close(),
    leave: () => showLink(given, dialog),
  });
}
