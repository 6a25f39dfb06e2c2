import type { Chat } from '../chat/chat.ts';
import type { RoomViewModel } from '../room/room-view-model.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import type { InviteDialog, InvitesDialog } from './dialog.ts';
import { choiceField, form } from './forms.ts';

/** What these dialogs work with. */
type InviteParts = Pick<Chat, 'profile' | 'words' | 'dialogs' | 'flashes' | 'navigation'>;

const WAIT_MS = 30_000;
const HOUR_MS = 3600 * 1000;

/** Asks how long and how often a link can be used, then shows it. */
export function askInvite(chat: InviteParts): void {
  const { invite } = chat.words.text.dialogs;
  const expires = [
    { value: String(HOUR_MS), label: invite.hours(1) },
    { value: String(24 * HOUR_MS), label: invite.days(1) },
    { value: String(7 * 24 * HOUR_MS), label: invite.days(7) },
    { value: String(30 * 24 * HOUR_MS), label: invite.days(30) },
  ];
  const uses = [
    { value: '', label: invite.unlimited },
    { value: '1', label: invite.times(1) },
    { value: '5', label: invite.times(5) },
    { value: '25', label: invite.times(25) },
  ];
  const fields = [
    choiceField('expires', invite.expires, String(7 * 24 * HOUR_MS), expires),
    choiceField('uses', invite.uses, '', uses),
  ];
  chat.dialogs.show({
    dialog: form(invite.title, [invite.text], fields, invite.submit),
    submit: (values) =>
      showInvite(chat, {
        expiresMs: Number(values.expires),
        ...(values.uses !== '' && { uses: Number(values.uses) }),
      }),
  });
}

/** Creates an invite and shows its link and QR code. */
export function showInvite(
  chat: InviteParts,
  terms: { readonly expiresMs?: number; readonly uses?: number },
): void {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const { invite } = chat.words.text.dialogs;
  const dialog = {
    kind: 'invite' as const,
    title: invite.title,
    text: [invite.creating],
    link: '',
    qr: [],
    busy: true,
    error: '',
  };
  const handle = chat.dialogs.show<InviteDialog>({
    dialog,
    pick: () => chat.flashes.copy(link, chat.words.text.flashes.linkCopied),
  });
  let link = '';
  const params = { room: room.info.id, expiresMs: terms.expiresMs, uses: terms.uses, waitMs: WAIT_MS };
  const making = chat.profile.call('invite', params);
  // The library that draws QR codes is loaded only when it is needed.
  Promise.all([making, import('uqr')]).then(
    ([made, { encode }]) => {
      link = made.link;
      const qr = encode(link, { border: 0, ecc: 'L' }).data;
      handle.update({ link, qr, text: [invite.created(sanitizeLine(room.info.name))], busy: false });
    },
    (error: unknown) => handle.update({ text: [], busy: false, error: chat.flashes.textOf(error) }),
  );
}

/** Lists the room's invites. */
export function showInvites(chat: InviteParts): void {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const { invites } = chat.words.text.dialogs;
  const handle = chat.dialogs.show<InvitesDialog>({
    dialog: { kind: 'invites', title: invites.title, busy: true, error: '', items: [], empty: invites.none },
    pick: (id) => askRevoke(chat, room, id),
  });
  chat.profile.call('invites', { room: room.info.id, waitMs: WAIT_MS }).then(
    (all) => {
      const items = all.map((one) => ({
        id: one.id,
        text: one.live
          ? invites.live(
              sanitizeLine(one.by),
              one.expires === undefined ? undefined : chat.words.clock.moment(one.expires),
              one.uses,
            )
          : invites.dead,
        mayRevoke: room.info.admin || one.by === room.self?.name,
      }));
      handle.update({ busy: false, items });
    },
    (error: unknown) => handle.update({ busy: false, error: chat.flashes.textOf(error) }),
  );
}

function askRevoke(chat: InviteParts, room: RoomViewModel, id: string): void {
  const { invites } = chat.words.text.dialogs;
  chat.dialogs.show({
    dialog: form(invites.title, [invites.revoke], [], invites.submit, true),
    submit: async (_values, handle) => {
      await chat.profile.call('revoke', { room: room.info.id, id, waitMs: WAIT_MS });
      handle.close();
      showInvites(chat);
      chat.flashes.good(chat.words.text.flashes.inviteRevoked);
    },
  });
}
