import { ChatError } from '@gochat/client/chat-error';
import type { MemberInfo, Role } from '@gochat/client/methods';
import { isOffice, parseRole, ROLES } from '@gochat/client/roles';
import type { Chat } from '../chat/chat.ts';
import { isIgnored, withIgnored } from '../chat/preferences.ts';
import { marksOf } from '../room/member-marks.ts';
import type { RoomViewModel } from '../room/room-view-model.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import { colourOf } from '../timeline/colour.ts';
import { deviceDialogs } from './device-dialogs.ts';
import type { DeviceParts } from './device-given.ts';
import type { MemberDialog, MenuDialog, MenuItem } from './dialog.ts';
import type { DialogHandle } from './dialog-host.ts';
import { writeTo } from './direct.ts';
import { detailedItem, form, menuItem } from './forms.ts';

/** What the dialog of a member works with. */
type MemberParts = DeviceParts & Pick<Chat, 'messages'>;

const WAIT_MS = 30_000;
/** Groups of a safety number per line. */
const GROUPS_A_LINE = 4;
/** How much of a fingerprint is shown. */
const SHORT = 8;

/** Lists the members, to pick one. */
export function showMembers(chat: MemberParts, title: string): void {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const items = room.members.map((member) =>
    detailedItem(member.identity, sanitizeLine(member.name), marks(chat, member)),
  );
  chat.dialogs.show<MenuDialog>({
    dialog: { kind: 'menu', title, text: [], code: [], items },
    pick: (identity) => showMember(chat, identity),
  });
}

function marks(
  { words, preferences, navigation }: Pick<Chat, 'words' | 'preferences' | 'navigation'>,
  member: MemberInfo,
): string {
  return words.text.status.marks(
    marksOf(member, {
      verified: preferences.current.verified.includes(member.identity),
      ignored: isIgnored(preferences.current, member),
      here: navigation.room?.presence.isHere(member.identity) === true,
    }),
  );
}

/** Shows the room's code, to compare it with another member's. */
export function askCode(chat: Pick<Chat, 'profile' | 'words' | 'dialogs' | 'flashes' | 'navigation'>): void {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const { words, flashes } = chat;
  const text = words.text.dialogs.code;
  flashes.attempt(async () => {
    const { code, log } = await chat.profile.call('safety', { room: room.info.id, member: undefined });
    const { confirmedBy } = room.info;
    const confirmation = confirmedBy === '' ? [] : [text.confirmed(sanitizeLine(confirmedBy))];
    const items = [menuItem('same', text.same), menuItem('differ', text.differ), menuItem('copy', text.copy)];
    chat.dialogs.show<MenuDialog>({
      dialog: {
        kind: 'menu',
        title: text.title,
        text: [
          ...confirmation,
          text.compare,
          text.together,
          ...(log === undefined ? [] : [text.log(log.code, log.at)]),
        ],
        code: code.split(/\s+/),
        items,
      },
      pick: (name, handle) => {
        if (name === 'copy') {
          flashes.copy(code, words.text.flashes.copied);
          return;
        }
        room.change({ codeMatched: name === 'same' });
        handle.close();
        if (name === 'same') flashes.good(words.text.flashes.codeMatched);
        else
          chat.dialogs.show({
            dialog: form(text.differTitle, text.differText, [], text.understood),
            submit: (_values, asked) => asked.close(),
          });
      },
    });
  });
}

/** Shows one member: the number to compare, and what can be done. */
export function showMember(chat: MemberParts, identity: string): void {
  const { room } = chat.navigation;
  const member = room?.members.find((one) => one.identity === identity);
  if (room === undefined || member === undefined) return;
  const text = chat.words.text.dialogs.member;
  const said = marks(chat, { ...member, self: false });
  const verified = chat.preferences.current.verified.includes(member.identity);
  const handle = chat.dialogs.show<MemberDialog>({
    dialog: {
      kind: 'member',
      title: sanitizeLine(member.name),
      text: [
        member.self ? text.self : text.compare,
        text.id(member.id, member.devices.length),
        ...(said === '' ? [] : [said]),
      ],
      name: sanitizeLine(member.name),
      colour: colourOf(member.identity),
      self: member.self,
      safety: [],
      verified,
      items: items(chat, member, verified),
    },
    pick: (name, shown) => act(chat, room, member, name, shown),
  });
  if (member.self) {
    chat.flashes.attempt(async () => {
      const labels = await (await deviceDialogs(chat)).labels(member.devices.map(({ key }) => key));
      handle.update({ text: [text.self, labels] });
    });
    return;
  }
  chat.flashes.attempt(async () => {
    const { members } = await chat.profile.call('safety', { room: room.info.id, member: member.id });
    const groups = members[0]?.number.split(/\s+/) ?? [];
    const lines: string[] = [];
    for (let i = 0; i < groups.length; i += GROUPS_A_LINE)
      lines.push(groups.slice(i, i + GROUPS_A_LINE).join(' '));
    handle.update({ safety: lines });
  });
}

function items(
  { words, preferences, navigation }: Pick<Chat, 'words' | 'preferences' | 'navigation'>,
  member: MemberInfo,
  verified: boolean,
) {
  const text = words.text.dialogs.member;
  if (member.self) return member.role === 'admin' ? [menuItem('role', text.role)] : [];
  const ignored = isIgnored(preferences.current, member);
  return [
    menuItem('mention', text.mention),
    ...(navigation.room?.info.direct === undefined ? [menuItem('write', text.write)] : []),
    verified ? menuItem('unverify', text.unverify) : menuItem('verify', text.verify),
    ignored ? menuItem('unignore', text.unignore) : menuItem('ignore', text.ignore),
    ...(navigation.room === undefined || navigation.room.info.direct !== undefined
      ? []
      : moderating(navigation.room.info.role, member, text)),
  ];
}

/** What somebody with this role can do with a member. */
function moderating(
  own: Role,
  { role }: MemberInfo,
  text: Chat['words']['text']['dialogs']['member'],
): MenuItem[] {
  const out = [menuItem('remove', text.remove, '', true), menuItem('ban', text.ban, '', true)];
  if (own === 'admin') return [menuItem('role', text.role), ...out];
  if (own !== 'moderator' || isOffice(role)) return [];
  return [role === 'observer' ? menuItem('unmute', text.unmute) : menuItem('mute', text.mute), ...out];
}

async function act(
  chat: MemberParts,
  room: RoomViewModel,
  member: MemberInfo,
  name: string,
  handle: DialogHandle<MemberDialog>,
): Promise<void> {
  const { composer } = chat.messages;
  let done: string;
  switch (name) {
    case 'mention':
      handle.close();
      composer?.revise(`${composer.text}${/\S$/.test(composer.text) ? ' ' : ''}@${member.name} `);
      return;
    case 'write':
      handle.close();
      writeTo(chat, member, '');
      return;
    case 'verify':
    case 'unverify':
      done = await setVerified(chat, member, name === 'verify');
      break;
    case 'ignore':
    case 'unignore':
      done = await setIgnored(chat, member, name === 'ignore');
      break;
    case 'remove':
      askRemove(chat, member);
      return;
    case 'ban':
      askBan(chat, member);
      return;
    case 'role':
      askRole(chat, room, member);
      return;
    case 'mute':
    case 'unmute':
      await setRole(chat, room, member, name === 'mute' ? 'observer' : 'member');
      handle.close();
      return;
    default:
      return;
  }
  if (handle.isOpen) showMember(chat, member.identity);
  chat.flashes.good(done);
}

/** @throws ChatError when a member has left since the dialog was shown: with the name, where a call would report the id */
function checkIsMember(room: RoomViewModel, { id, name }: MemberInfo): void {
  if (!room.members.some((one) => one.id === id)) throw new ChatError({ reason: 'member-unknown', name });
}

/** @returns what to say about it */
async function setVerified(
  chat: Pick<Chat, 'words' | 'preferences'>,
  { identity, name }: MemberInfo,
  on: boolean,
): Promise<string> {
  const others = chat.preferences.current.verified.filter((known) => known !== identity);
  await chat.preferences.change({ verified: on ? [...others, identity] : others });
  const { verified, notVerified } = chat.words.text.flashes;
  return (on ? verified : notVerified)(sanitizeLine(name));
}

/** @returns what to say about it */
export async function setIgnored(
  chat: Pick<Chat, 'words' | 'preferences'>,
  member: MemberInfo,
  on: boolean,
): Promise<string> {
  await chat.preferences.change({ ignored: withIgnored(chat.preferences.current, member, on) });
  const { ignored, notIgnored } = chat.words.text.flashes;
  return (on ? ignored : notIgnored)(sanitizeLine(member.name));
}

export function askRemove(
  chat: Pick<Chat, 'profile' | 'words' | 'dialogs' | 'flashes' | 'navigation'>,
  member: MemberInfo,
): void {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const { remove } = chat.words.text.dialogs;
  const name = sanitizeLine(member.name);
  chat.dialogs.show({
    dialog: form(remove.title(name), [remove.text], [], remove.submit, true),
    submit: async (_values, handle) => {
      checkIsMember(room, member);
      await chat.profile.call('remove', { room: room.info.id, member: member.id, waitMs: WAIT_MS });
      handle.close();
      chat.flashes.good(chat.words.text.flashes.removed(name));
    },
  });
}

type Governing = Pick<Chat, 'profile' | 'words' | 'dialogs' | 'flashes' | 'navigation'>;

/** Lets an admin give a member another role. */
export function askRole(chat: Governing, room: RoomViewModel, member: MemberInfo): void {
  const text = chat.words.text.dialogs.role;
  chat.dialogs.show<MenuDialog>({
    dialog: {
      kind: 'menu',
      title: text.title(sanitizeLine(member.name)),
      text: [],
      code: [],
      items: ROLES.map((role) =>
        detailedItem(role, text.roles[role], role === member.role ? text.present : ''),
      ),
    },
    pick: async (name, handle) => {
      const role = parseRole(name);
      if (role !== undefined && role !== member.role) await setRole(chat, room, member, role);
      handle.close();
    },
  });
}

/** @throws ChatError */
export async function setRole(
  chat: Governing,
  room: RoomViewModel,
  member: MemberInfo,
  role: Role,
): Promise<void> {
  checkIsMember(room, member);
  await chat.profile.call('setRole', { room: room.info.id, member: member.id, role, waitMs: WAIT_MS });
  chat.flashes.good(chat.words.text.flashes.saved);
}

export function askBan(chat: Governing, member: MemberInfo): void {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const { ban } = chat.words.text.dialogs;
  const name = sanitizeLine(member.name);
  chat.dialogs.show({
    dialog: form(ban.title(name), [ban.text], [], ban.submit, true),
    submit: async (_values, handle) => {
      await chat.profile.call('ban', { room: room.info.id, member: member.identity, waitMs: WAIT_MS });
      handle.close();
      chat.flashes.good(chat.words.text.flashes.banned(name));
    },
  });
}

/** Lists who is banned, to end a ban. */
export async function showBans(chat: Governing): Promise<undefined> {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const text = chat.words.text.dialogs.bans;
  const bans = await chat.profile.call('bans', { room: room.info.id });
  const may = isOffice(room.info.role);
  chat.dialogs.show<MenuDialog>({
    dialog: {
      kind: 'menu',
      title: text.title,
      text: [bans.length === 0 ? text.none : may ? text.pick : ''].filter((line) => line !== ''),
      code: [],
      items: bans.map(({ fingerprint, name }) =>
        detailedItem(fingerprint, sanitizeLine(name ?? text.unknown), fingerprint.slice(0, SHORT)),
      ),
    },
    pick: async (fingerprint, handle) => {
      if (may) await unban(chat, room.info.id, fingerprint);
      handle.close();
    },
  });
}

/** @param member a name, or a fingerprint. @throws ChatError */
export async function unban(chat: Governing, room: string, member: string): Promise<undefined> {
  const { name } = await chat.profile.call('unban', { room, member, waitMs: WAIT_MS });
  chat.flashes.good(chat.words.text.flashes.unbanned(sanitizeLine(name)));
}
