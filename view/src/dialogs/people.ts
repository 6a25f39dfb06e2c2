import type { MemberInfo } from '@gochat/client/methods';
import type { Host } from '../chat/host.ts';
import { marksOf } from '../room/member-marks.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import { colourOf } from '../timeline/colour.ts';
import type { MemberDialog, MenuDialog } from './dialog.ts';
import { form, menuItem } from './forms.ts';

const WAIT_MS = 30_000;
/** A safety number is read out in lines of so many groups. */
const GROUPS_A_LINE = 4;

/** The members, to pick one. */
export function showMembers(host: Host, title: string): void {
  const { pane } = host;
  if (pane === undefined) return;
  const items = pane.members.map((member) =>
    menuItem(member.device, sanitizeLine(member.name), marks(host, member)),
  );
  host.ask<MenuDialog>({
    dialog: { kind: 'menu', title, text: [], items },
    pick: (device) => showMember(host, device),
  });
}

function marks({ words, preferences, pane }: Host, member: MemberInfo): string {
  return words.text.status.marks(
    marksOf(member, {
      verified: preferences.verified.includes(member.identity),
      ignored: preferences.ignored.includes(member.device),
      here: pane?.presence.isHere(member.device) === true,
    }),
  );
}

/** One member: the number to compare, and what can be done. */
export function showMember(host: Host, device: string): void {
  const { pane } = host;
  const member = pane?.members.find((one) => one.device === device);
  if (pane === undefined || member === undefined) return;
  const text = host.words.text.dialogs.member;
  const said = marks(host, { ...member, self: false });
  const verified = host.preferences.verified.includes(member.identity);
  const shown = host.ask<MemberDialog>({
    dialog: {
      kind: 'member',
      title: sanitizeLine(member.name),
      text: [member.self ? text.self : text.compare, text.device(member.id), ...(said === '' ? [] : [said])],
      name: sanitizeLine(member.name),
      colour: colourOf(member.device),
      self: member.self,
      safety: [],
      verified,
      items: items(host, member, verified),
    },
    pick: (name) => act(host, member, name),
  });
  if (member.self) return;
  host.attempt(async () => {
    const { members } = await host.profile.call('safety', { room: pane.info.id, member: member.id });
    const groups = members[0]?.number.split(/\s+/) ?? [];
    const lines: string[] = [];
    for (let i = 0; i < groups.length; i += GROUPS_A_LINE)
      lines.push(groups.slice(i, i + GROUPS_A_LINE).join(' '));
    shown.update({ safety: lines });
  });
}

function items({ words, preferences, pane }: Host, member: MemberInfo, verified: boolean) {
  const text = words.text.dialogs.member;
  if (member.self) return [];
  const ignored = preferences.ignored.includes(member.device);
  return [
    menuItem('mention', text.mention),
    verified ? menuItem('unverify', text.unverify) : menuItem('verify', text.verify),
    ignored ? menuItem('unignore', text.unignore) : menuItem('ignore', text.ignore),
    ...(pane?.info.admin === true
      ? [
          member.admin ? menuItem('dismiss', text.removeAdmin) : menuItem('setAdmin', text.makeAdmin),
          menuItem('remove', text.remove, '', true),
        ]
      : []),
  ];
}

async function act(host: Host, member: MemberInfo, name: string): Promise<void> {
  const { composing } = host;
  switch (name) {
    case 'mention':
      host.closeDialog();
      composing?.put(`${composing.text}${/\S$/.test(composing.text) ? ' ' : ''}@${member.name} `);
      return;
    case 'verify':
      await setVerified(host, member, true);
      break;
    case 'unverify':
      await setVerified(host, member, false);
      break;
    case 'ignore':
    case 'unignore':
      await setIgnored(host, member, name === 'ignore');
      break;
    case 'remove':
      askRemove(host, member);
      return;
    case 'setAdmin':
    case 'dismiss':
      await host.profile.call('setAdmin', {
        room: host.pane?.info.id ?? '',
        member: member.id,
        admin: name === 'setAdmin',
        waitMs: WAIT_MS,
      });
      host.flash('good', host.words.text.flashes.saved);
      host.closeDialog();
      return;
    default:
      return;
  }
  showMember(host, member.device);
}

async function setVerified(host: Host, { identity, name }: MemberInfo, on: boolean): Promise<void> {
  const others = host.preferences.verified.filter((known) => known !== identity);
  await host.prefer({ verified: on ? [...others, identity] : others });
  const { verified, notVerified } = host.words.text.flashes;
  host.flash('good', (on ? verified : notVerified)(sanitizeLine(name)));
}

export async function setIgnored(host: Host, { device, name }: MemberInfo, on: boolean): Promise<void> {
  const others = host.preferences.ignored.filter((known) => known !== device);
  await host.prefer({ ignored: on ? [...others, device] : others });
  const { ignored, notIgnored } = host.words.text.flashes;
  host.flash('good', (on ? ignored : notIgnored)(sanitizeLine(name)));
}

export function askRemove(host: Host, member: MemberInfo): void {
  const { pane } = host;
  if (pane === undefined) return;
  const { remove } = host.words.text.dialogs;
  const name = sanitizeLine(member.name);
  host.ask({
    dialog: form(remove.title(name), [remove.text], [], remove.submit, true),
    submit: async (_values, shown) => {
      await host.profile.call('remove', { room: pane.info.id, member: member.id, waitMs: WAIT_MS });
      shown.close();
      host.flash('good', host.words.text.flashes.removed(name));
    },
  });
}
