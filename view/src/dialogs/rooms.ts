import { ChatError, errorDataOf } from '@gochat/client/chat-error';
import type { Host } from '../chat/host.ts';
import type { RoomViewModel } from '../room/room-view-model.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import type { InviteDialog, InvitesDialog } from './dialog.ts';
import { choiceField, form, textField, toggleField } from './forms.ts';

const WAIT_MS = 30_000;
const HOUR_MS = 3600 * 1000;

/** Makes a room, opens it, and shows a link to it. */
export function askCreate(host: Host, name = ''): void {
  const { create } = host.words.text.dialogs;
  const fields = [
    textField('name', create.name, name),
    textField('as', create.as, host.preferences.name ?? '', create.asHint),
    textField('server', create.server, host.server),
  ];
  host.ask({
    dialog: form(create.title, [create.text], fields, create.submit),
    submit: async (values, shown) => {
      const params = { name: values.name ?? '', as: values.as ?? '', server: values.server ?? '' };
      const token = values.token?.trim();
      const asked = { ...params, ...(token && { token }), waitMs: WAIT_MS };
      const room = await host.profile.call('create', asked).catch((error: unknown) => {
        // Few servers want it, so that it isn't asked for before one does.
        if (error instanceof ChatError && error.code === 'token')
          shown.update({ fields: [...fields, textField('token', create.token, '', create.tokenHint)] });
        throw error;
      });
      await host.entered(room.id);
      shown.close();
      showInvite(host, {});
    },
  });
}

/** Asks for a link, or shows what a link leads to and joins. */
export function askJoin(host: Host, link: string): void {
  const { join } = host.words.text.dialogs;
  host.ask({
    dialog: form(join.title, [], [textField('link', join.link, link, join.linkHint)], join.look),
    submit: (values) => look(host, (values.link ?? '').trim()),
  });
  if (link !== '') host.submit({ link });
}

async function look(host: Host, link: string): Promise<void> {
  const { create, join } = host.words.text.dialogs;
  const preview = await host.profile.call('peek', { link, waitMs: WAIT_MS });
  const name = sanitizeLine(preview.name);
  if (preview.already) {
    host.closeDialog();
    await host.entered(preview.room);
    host.flash('good', host.words.text.flashes.alreadyIn(name));
    return;
  }
  const names = preview.members.map(sanitizeLine);
  const text = [
    join.invited(preview.by === '' ? '' : sanitizeLine(preview.by), name),
    ...(preview.topic === '' ? [] : [sanitizeLine(preview.topic)]),
    join.members(names),
    join.privacy,
  ];
  host.ask({
    dialog: form(
      join.title,
      text,
      [textField('as', create.as, host.preferences.name ?? guestName(host), create.asHint)],
      join.submit,
    ),
    submit: async (values, shown) => {
      const room = await host.profile.call('join', { link, as: values.as ?? '', waitMs: WAIT_MS });
      await host.entered(room.id);
      shown.close();
      host.flash('good', host.words.text.flashes.joined(sanitizeLine(room.name)));
    },
  });
}

/** Asks for how long and how often a link shall work, then shows it. */
export function askInvite(host: Host): void {
  const { invite } = host.words.text.dialogs;
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
  host.ask({
    dialog: form(invite.title, [invite.text], fields, invite.submit),
    submit: (values) =>
      showInvite(host, {
        expiresMs: Number(values.expires),
        ...(values.uses !== '' && { uses: Number(values.uses) }),
      }),
  });
}

/** Makes an invite and shows its link and QR code. */
function showInvite(host: Host, terms: { readonly expiresMs?: number; readonly uses?: number }): void {
  const { pane } = host;
  if (pane === undefined) return;
  const { invite } = host.words.text.dialogs;
  const dialog = {
    kind: 'invite' as const,
    title: invite.title,
    text: [invite.creating],
    link: '',
    qr: [],
    busy: true,
    error: '',
  };
  const shown = host.ask<InviteDialog>({
    dialog,
    pick: () => host.copy(link, host.words.text.flashes.linkCopied),
  });
  let link = '';
  const params = { room: pane.info.id, expiresMs: terms.expiresMs, uses: terms.uses, waitMs: WAIT_MS };
  const making = host.profile.call('invite', params);
  // The codes are drawn by a library that is fetched when it is needed.
  Promise.all([making, import('uqr')]).then(
    ([made, { encode }]) => {
      link = made.link;
      const qr = encode(link, { border: 0, ecc: 'L' }).data;
      shown.update({ link, qr, text: [invite.created(sanitizeLine(pane.info.name))], busy: false });
    },
    (error: unknown) =>
      shown.update({ text: [], busy: false, error: host.words.text.error(errorDataOf(error)) }),
  );
}

/** Lists the room's invites. */
export function showInvites(host: Host): void {
  const { pane } = host;
  if (pane === undefined) return;
  const { invites } = host.words.text.dialogs;
  const shown = host.ask<InvitesDialog>({
    dialog: { kind: 'invites', title: invites.title, busy: true, error: '', items: [], empty: invites.none },
    pick: (id) => askRevoke(host, pane, id),
  });
  host.profile.call('invites', { room: pane.info.id, waitMs: WAIT_MS }).then(
    (all) => {
      const items = all.map((one) => ({
        id: one.id,
        text: one.live
          ? invites.live(
              sanitizeLine(one.by),
              one.expires === undefined ? undefined : host.clock.date(one.expires),
              one.uses,
            )
          : invites.dead,
        mayRevoke: pane.info.admin || one.by === pane.self?.name,
      }));
      shown.update({ busy: false, items });
    },
    (error: unknown) => shown.update({ busy: false, error: host.words.text.error(errorDataOf(error)) }),
  );
}

function askRevoke(host: Host, pane: RoomViewModel, id: string): void {
  const { invites } = host.words.text.dialogs;
  host.ask({
    dialog: form(invites.title, [invites.revoke], [], invites.submit, true),
    submit: async (_values, shown) => {
      await host.profile.call('revoke', { room: pane.info.id, id, waitMs: WAIT_MS });
      shown.close();
      host.flash('good', host.words.text.flashes.inviteRevoked);
      showInvites(host);
    },
  });
}

/** Asks for a name and a topic of the room. */
export function askSettle(host: Host): void {
  const { pane } = host;
  if (pane === undefined) return;
  const text = host.words.text.dialogs.configure;
  const { id, name, topic } = pane.info;
  host.ask({
    dialog: form(
      text.title,
      [text.text],
      [textField('name', text.name, name), textField('topic', text.topic, topic)],
      text.submit,
    ),
    submit: async (values, shown) => {
      await host.profile.call('configure', {
        room: id,
        ...(values.name !== name && values.name !== undefined && { name: values.name }),
        ...(values.topic !== topic && values.topic !== undefined && { topic: values.topic }),
        waitMs: WAIT_MS,
      });
      shown.close();
      host.flash('good', host.words.text.flashes.saved);
    },
  });
}

export function askLeave(host: Host): void {
  const { pane } = host;
  if (pane === undefined) return;
  const { leave } = host.words.text.dialogs;
  const name = sanitizeLine(pane.info.name);
  host.ask({
    dialog: form(leave.title(name), [leave.text], [], leave.submit, true),
    submit: async (_values, shown) => {
      await host.profile.call('leave', { room: pane.info.id, waitMs: WAIT_MS });
      shown.close();
      host.flash('good', host.words.text.flashes.left(name));
    },
  });
}

/** What others learn of the reader here, and what the reader is told of. */
export function askPrivacy(host: Host): void {
  const { pane } = host;
  if (pane === undefined) return;
  const { notify } = host.words.text.dialogs;
  const choices = (['all', 'mentions', 'none'] as const).map((value) => ({
    value,
    label: notify.choices[value],
  }));
  const content = host.preferences.screen['notify-content'] === 'on';
  const fields = [
    choiceField('notify', notify.notify, pane.notes.notify, choices),
    toggleField('receipts', notify.receipts, pane.notes.receipts),
    toggleField('typing', notify.typing, pane.notes.typing),
    toggleField('content', notify.content, content),
  ];
  host.ask({
    dialog: form(notify.title, [], fields, notify.submit),
    submit: async (values, shown) => {
      const chosen = choices.find(({ value }) => value === values.notify)?.value ?? pane.notes.notify;
      pane.note({ notify: chosen, receipts: values.receipts === 'on', typing: values.typing === 'on' });
      const screen = { ...host.preferences.screen, 'notify-content': values.content === 'on' ? 'on' : '' };
      await host.prefer({ screen });
      shown.close();
    },
  });
}

/** A name to begin with, so that one click is enough; it can be written over. */
function guestName({ words }: Host): string {
  const [number = 0] = crypto.getRandomValues(new Uint16Array(1));
  return words.text.dialogs.join.guest(1000 + (number % 9000));
}
