import type { OwnKnock } from '@gochat/client/methods';
import { isOffice } from '@gochat/client/roles';
import type { Preferences } from '@gochat/client/settings';
import type { CommandName, Commands } from '../commands/command.ts';
import type { Dialog, MenuItem } from '../dialogs/dialog.ts';
import type { ComposerViewModel } from '../room/composer.ts';
import { marksOf } from '../room/member-marks.ts';
import type { RoomViewModel } from '../room/room-view-model.ts';
import type { SearchViewModel } from '../room/search.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import { colourOf } from '../timeline/colour.ts';
import type { ViewWords } from '../words/english.ts';
import { isIgnored } from './preferences.ts';
import type { ConnectionState, Flash, Lock, MemberRow, RoomEntry, RoomScreen, Snapshot } from './snapshot.ts';

/** What a snapshot is made of. */
interface SnapshotParts {
  readonly identity: string;
  readonly rooms: readonly RoomViewModel[];
  readonly open: RoomViewModel | undefined;
  readonly composer: ComposerViewModel | undefined;
  readonly search: SearchViewModel | undefined;
  readonly dialog: Dialog | undefined;
  readonly flash: Flash | undefined;
  readonly preferences: Preferences;
  /** Keys of devices that none of the person's devices has taken in. */
  readonly strangers: ReadonlySet<string>;
  /** How many ask to write to this person. */
  readonly requests: number;
  /** Into which rooms this person waits to be let. */
  readonly knocking: readonly OwnKnock[];
  readonly words: ViewWords;
  readonly commands: Commands;
}

/** The commands that a room's panel offers, in its order. */
const PANEL: readonly CommandName[] = [
  'invite',
  'knocks',
  'invites',
  'rename',
  'rules',
  'pins',
  'bans',
  'code',
  'notify',
  'mute',
  'privacy',
  'export',
  'inspect',
  'return',
  'resend-all',
  'leave',
  'forget',
];

/** Makes snapshots. What hasn't changed since the last one is the same object. */
export class SnapshotBuilder {
  readonly #cache = new Map<string, { readonly of: readonly unknown[]; readonly value: unknown }>();

  build(parts: SnapshotParts): Snapshot {
    const { open, preferences, identity } = parts;
    const name = preferences.name ?? '';
    const rooms = this.#list(
      'rooms',
      parts.rooms.map((room, i, all) => this.#entry(room, all[i - 1], i + 1, parts)),
    );
    const loud = parts.rooms.filter(({ settings }) => settings.notify !== 'none');
    const messages = loud.reduce((sum, { unread }) => sum + unread, 0);
    const mentions = loud.reduce((sum, room) => sum + room.mentions, 0);
    return {
      me: this.#reuse('me', [name, identity], () => ({ name, identity })),
      rooms,
      room: open && this.#room(open, parts),
      connection: this.#connection(parts),
      dialog: parts.dialog,
      flash: parts.flash,
      requests: parts.requests === 0 ? '' : parts.words.text.status.requests(parts.requests),
      waiting: this.#reuse('waiting', [parts.knocking, parts.words], () => waitingText(parts)),
      unread: this.#reuse('unread', [messages, mentions], () => ({ messages, mentions })),
      settings: preferences.screen,
    };
  }

  #entry(
    room: RoomViewModel,
    before: RoomViewModel | undefined,
    number: number,
    { open, words }: SnapshotParts,
  ): RoomEntry {
    const { info, settings, unread, mentions } = room;
    const last = room.newestMessage;
    const muted = settings.notify === 'none';
    const isOpen = room === open;
    const ended = room.closed;
    const isFirst = info.direct !== undefined && before !== undefined && before.info.direct === undefined;
    const of = [number, isFirst, info.name, last, room.context, unread, mentions, muted, isOpen, ended];
    return this.#reuse(`room ${info.id}`, of, () => {
      const { status, timeline } = words.text;
      const author = last === undefined ? '' : sanitizeLine(last.from);
      const inOneLine = last?.me === true ? timeline.previewAction : timeline.preview;
      const preview = last === undefined ? '' : inOneLine(author, room.inShort(last));
      const name = sanitizeLine(info.name);
      const spoken = status.room({ name, unread, mentions, muted, closed: ended });
      const heading = isFirst ? status.people : '';
      const counts = { unread, mentions, muted };
      return { id: info.id, number, name, heading, preview, ...counts, open: isOpen, ended, spoken };
    });
  }

  #room(room: RoomViewModel, parts: SnapshotParts): RoomScreen {
    const { search, words } = parts;
    const { info, settings } = room;
    const timeline = room.timeline();
    const members = this.#members(room, parts);
    const typing = this.#typing(room, words);
    const composer = parts.composer?.snapshot();
    const found = search?.room === room ? search.snapshot() : undefined;
    const lock = room.ended === '' ? this.#lock(room, parts) : undefined;
    const commands = this.#commands(room, parts);
    const { ended } = room;
    const of = [info, settings.notify, timeline, members, typing, composer, found, lock, commands, ended];
    return this.#reuse('open', of, () => ({
      id: info.id,
      name: sanitizeLine(info.name),
      topic: info.topic === '' ? '' : sanitizeLine(info.topic),
      server: info.server,
      lock,
      ended,
      commands,
      timeline,
      composer: composer ?? NOTHING,
      members,
      knocks: ended === '' && info.knocks > 0 ? words.text.status.knocks(info.knocks) : '',
      typing,
      search: found,
      notify: settings.notify,
      admin: info.admin,
      rules: words.text.rules.inForce(info.rules),
    }));
  }

  #members(room: RoomViewModel, { preferences, words }: SnapshotParts): readonly MemberRow[] {
    const members = room.ended === '' ? room.members : [];
    const rows = members.map((member) => {
      const verified = preferences.verified.includes(member.identity);
      const ignored = isIgnored(preferences, member);
      const here = room.presence.isHere(member.identity);
      return this.#reuse(
        `member ${room.info.id} ${member.identity}`,
        [member, verified, ignored, here],
        (): MemberRow => {
          const name = sanitizeLine(member.name);
          const marks = marksOf(member, { verified, ignored, here: here && !member.self });
          const { identity, id, self, role } = member;
          const own = marksOf(member, { verified: false, ignored: false, here: false });
          return {
            identity,
            id,
            name,
            colour: colourOf(identity),
            self,
            role,
            office: words.text.status.marks(own),
            verified,
            ignored,
            here,
            spoken: words.text.status.member(name, marks),
          };
        },
      );
    });
    return this.#list(`members ${room.info.id}`, rows);
  }

  #commands(room: RoomViewModel, { commands, words }: SnapshotParts): readonly MenuItem[] {
    const isMuted = room.settings.notify === 'none';
    const { pins, role, knocks, direct } = room.info;
    const isShown: Partial<Record<CommandName, boolean>> = {
      // The form of all settings has them.
      rules: !commands.isAvailable('rename'),
      pins: pins.length > 0,
      bans: isOffice(role) && direct === undefined,
      knocks: isOffice(role) && knocks > 0,
    };
    const available = PANEL.filter((name) => commands.isAvailable(name) && isShown[name] !== false);
    return this.#reuse('commands', [available.join(), isMuted, words], () =>
      available.flatMap((name) => {
        const command = commands.named(name);
        if (command === undefined) return [];
        const label = name === 'mute' && isMuted ? words.text.status.unmute : command.label;
        return [{ name, label, hint: '', danger: command.danger }];
      }),
    );
  }

  #typing(room: RoomViewModel, words: ViewWords): string {
    const names = room.presence.typists.map(sanitizeLine);
    return names.length === 0 ? '' : words.text.status.typing(names);
  }

  #lock(room: RoomViewModel, { preferences, strangers, words }: SnapshotParts): Lock {
    const { confirmed, confirmedBy, epoch } = room.info;
    const others = room.members.filter(({ self }) => !self);
    const all = others.length > 0 && others.every(({ identity }) => preferences.verified.includes(identity));
    const isStrange = room.self?.devices.some(({ key }) => strangers.has(key)) === true;
    const isConfirmed = confirmed || room.settings.codeMatched;
    const state = isStrange ? 'stranger' : !isConfirmed ? 'unconfirmed' : all ? 'verified' : 'sealed';
    const { lock } = words.text.status;
    const by = confirmedBy === '' ? '' : sanitizeLine(confirmedBy);
    return this.#reuse('lock', [state, confirmedBy, epoch, words], () => ({
      state,
      epoch,
      text: state === 'unconfirmed' || state === 'stranger' ? lock[state] : lock[state](by),
    }));
  }

  #connection({ rooms, open, words }: SnapshotParts): ConnectionState {
    const queued = rooms.reduce((sum, { queued: count }) => sum + count, 0);
    const active = rooms.filter(({ closed }) => closed === '');
    const watched = open !== undefined && open.closed === '' ? [open] : active;
    const away = watched.find(({ live }) => !live);
    const reason = away?.problem?.code === 'offline' ? words.text.error(away.problem.data) : '';
    const state =
      active.length === 0 ? 'none' : away === undefined ? 'live' : reason === '' ? 'connecting' : 'offline';
    const { read, of = 0 } = (state === 'connecting' ? away?.catchingUp : undefined) ?? {};
    return this.#reuse('connection', [state, queued, reason, read, of], () => {
      const { status } = words.text;
      const progress = read === undefined ? '' : status.progress(read, of);
      const text = {
        none: '',
        live: '',
        connecting: progress === '' ? status.connecting(queued) : status.catchingUp(progress),
        offline: status.offline(reason, queued),
      }[state];
      return { state, text, progress, queued };
    });
  }

  #reuse<T>(name: string, of: readonly unknown[], make: () => T): T {
    const known = this.#cache.get(name);
    if (
      known !== undefined &&
      known.of.length === of.length &&
      known.of.every((value, i) => Object.is(value, of[i]))
    )
      return known.value as T;
    const value = make();
    this.#cache.set(name, { of, value });
    return value;
  }

  #list<T>(name: string, items: readonly T[]): readonly T[] {
    return this.#reuse(name, items, () => items);
  }
}

function waitingText({ knocking, words }: SnapshotParts): string {
  const { waiting, declined } = words.text.status;
  const isOver = ({ state }: OwnKnock) => state === 'declined' || state === 'ended';
  const named = (all: readonly OwnKnock[]) => all.map(({ name }) => sanitizeLine(name));
  const [over, open] = [named(knocking.filter(isOver)), named(knocking.filter((one) => !isOver(one)))];
  if (open.length > 0) return waiting(open);
  return over.length > 0 ? declined(over) : '';
}

const NOTHING = {
  mode: 'closed',
  silenced: false,
  hint: '',
  text: '',
  tick: 0,
  undoable: false,
  reply: undefined,
  completion: undefined,
  note: '',
  turn: '',
  space: '',
  tooLong: false,
  tray: [],
} as const;
