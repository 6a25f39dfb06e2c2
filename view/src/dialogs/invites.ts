import { ChatError } from '@gochat/client/chat-error';
import type { InviteInfo } from '@gochat/client/methods';
import type { Chat } from '../chat/chat.ts';
import type { RoomViewModel } from '../room/room-view-model.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import type { InviteDialog, InvitesDialog } from './dialog.ts';
import type { DialogHandle } from './dialog-host.ts';
import { choiceField, form, toggleField } from './forms.ts';
import { qrSquares } from './qr-squares.ts';

/** What these dialogs work with. */
type InviteParts = Pick<Chat, 'profile' | 'words' | 'dialogs' | 'flashes' | 'navigation'>;

const WAIT_MS = 30_000;
const HOUR_MS = 3600 * 1000;

const DAY_MS = 24 * HOUR_MS;

interface Terms {
  readonly expiresMs: number;
  /** Undefined for any number of uses. */
  readonly uses?: number;
  /** An admin or moderator decides about each person who uses it. */
  readonly approve?: true;
}

/** The terms that are offered first: a link that falls into other hands is of no use for long. */
export const FIRST_TERMS: Terms = { expiresMs: 7 * DAY_MS, uses: 1 };

/** Those of a link whose users an admin or moderator lets in, each of them. */
export const APPROVED_TERMS: Terms = { expiresMs: 7 * DAY_MS, approve: true };

/** Asks how long and how often a link can be used, then shows it. */
export function askInvite(chat: InviteParts): void {
  const { invite } = chat.words.text.dialogs;
  const expires = [
    { value: String(HOUR_MS), label: invite.hours(1) },
    { value: String(DAY_MS), label: invite.days(1) },
    { value: String(7 * DAY_MS), label: invite.days(7) },
    { value: String(30 * DAY_MS), label: invite.days(30) },
  ];
  const uses = [
    { value: '1', label: invite.times(1) },
    { value: '5', label: invite.times(5) },
    { value: '25', label: invite.times(25) },
    { value: '', label: invite.unlimited },
  ];
  const fields = [
    choiceField('expires', invite.expires, String(FIRST_TERMS.expiresMs), expires),
    choiceField('uses', invite.uses, String(FIRST_TERMS.uses), uses),
    toggleField('approve', invite.approve, false),
  ];
  chat.dialogs.show({
    dialog: form(invite.title, [invite.text], fields, invite.submit),
    submit: (values) =>
      showInvite(chat, {
        expiresMs: Number(values.expires),
        // Nobody uses it up by asking.
        ...(values.approve === 'on'
          ? { approve: true }
          : values.uses !== '' && { uses: Number(values.uses) }),
      }),
  });
}

/** Creates an invite and shows its link and QR code. Where the server allows only a shorter time, it is that. */
export function showInvite(chat: InviteParts, terms: Terms): void {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const { id } = room.info;
  const create = ({ expiresMs, uses, approve }: Terms) =>
    chat.profile.call('invite', {
      ...{ room: id, expiresMs, uses, waitMs: WAIT_MS },
      ...(approve && { approve }),
    });
  const made = create(terms).catch((error: unknown) => {
    if (!(error instanceof ChatError) || error.data.reason !== 'invite-lifetime') throw error;
    return create({ ...terms, expiresMs: error.data.most });
  });
  void present(
    chat,
    room,
    made.then((invite) => ({
      ...invite,
      uses: terms.uses,
      approval: terms.approve === true,
      mayRevoke: true,
    })),
  );
}

interface PresentedInvite {
  readonly id: string;
  readonly link: string;
  readonly expires: number | undefined;
  readonly uses: number | undefined;
  readonly approval: boolean;
  readonly mayRevoke: boolean;
}

/** Shows an invite's link and QR code once it is there. */
function present(chat: InviteParts, room: RoomViewModel, coming: Promise<PresentedInvite>): Promise<void> {
  const { invite } = chat.words.text.dialogs;
  let shown: PresentedInvite | undefined;
  const handle: DialogHandle<InviteDialog> = chat.dialogs.show<InviteDialog>({
    dialog: {
      kind: 'invite',
      title: invite.title,
      text: [invite.creating],
      link: '',
      qr: [],
      mayRevoke: false,
      busy: true,
      error: '',
    },
    pick: (name) => {
      if (name === 'terms') askInvite(chat);
      else if (shown !== undefined && name === 'revoke') askRevoke(chat, room, shown.id);
      else if (shown !== undefined) chat.flashes.copy(shown.link, chat.words.text.flashes.linkCopied);
    },
  });
  return coming.then(
    async (one) => {
      shown = one;
      const { link, expires, uses, approval, mayRevoke } = one;
      const qr = await qrSquares(link);
      const until = expires === undefined ? undefined : chat.words.clock.moment(expires);
      const name = sanitizeLine(room.info.name);
      const text = [approval ? invite.asks(name, until) : invite.created(name, until, uses), invite.send];
      handle.update({ link, qr, text, mayRevoke, busy: false });
    },
    (error: unknown) => handle.update({ text: [], busy: false, error: chat.flashes.textOf(error) }),
  );
}

/** Lists the room's invites. */
export function showInvites(chat: InviteParts): void {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const { invites } = chat.words.text.dialogs;
  const mayRevoke = (one: InviteInfo) => room.info.admin || one.by === room.self?.name;
  let all: readonly InviteInfo[] = [];
  const handle = chat.dialogs.show<InvitesDialog>({
    dialog: { kind: 'invites', title: invites.title, busy: true, error: '', items: [], empty: invites.none },
    pick: (name) => {
      const [, what, id] = /^(?:(copy|revoke) )?(.*)$/.exec(name) ?? [];
      const one = all.find((known) => known.id === id);
      if (one === undefined) return;
      const { link } = one;
      if (what === 'revoke' || link === undefined) {
        if (mayRevoke(one)) askRevoke(chat, room, one.id);
      } else if (what === 'copy') chat.flashes.copy(link, chat.words.text.flashes.linkCopied);
      else void present(chat, room, Promise.resolve({ ...one, link, mayRevoke: mayRevoke(one) }));
    },
  });
  chat.profile.call('invites', { room: room.info.id, waitMs: WAIT_MS }).then(
    (listed) => {
      all = listed;
      const items = all.map((one) => ({
        id: one.id,
        text: one.live
          ? invites.live(
              sanitizeLine(one.by),
              one.expires === undefined ? undefined : chat.words.clock.moment(one.expires),
              one.uses,
              one.approval,
            )
          : invites.dead,
        mayRevoke: mayRevoke(one),
        hasLink: one.link !== undefined && one.live,
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
      if (handle.isOpen) showInvites(chat);
      chat.flashes.good(chat.words.text.flashes.inviteRevoked);
    },
  });
}
