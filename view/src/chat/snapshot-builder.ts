import type { Preferences } from '@gochat/client/settings';
import type { Dialog } from '../dialogs/dialog.ts';
import type { ComposerViewModel } from '../room/composer.ts';
import { marksOf } from '../room/member-marks.ts';
import type { RoomViewModel } from '../room/room-view-model.ts';
import type { SearchViewModel } from '../room/searching.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import { colourOf } from '../timeline/colour.ts';
import { inShort } from '../timeline/rows.ts';
import type { ViewWords } from '../words/english.ts';
import type { ConnectionState, Flash, Lock, MemberRow, RoomEntry, RoomScreen, Snapshot } from './snapshot.ts';

interface Showing {
  readonly name: string;
  readonly identity: string;
  readonly panes: readonly RoomViewModel[];
  readonly open: RoomViewModel | undefined;
  readonly composing: ComposerViewModel | undefined;
  readonly searching: SearchViewModel | undefined;
  readonly dialog: Dialog | undefined;
  readonly flash: Flash | undefined;
  readonly preferences: Preferences;
  readonly words: ViewWords;
}

/** Makes snapshots out of what the view holds, each with all that hasn't changed of the one before. */
export class SnapshotBuilder {
  readonly #kept = new Map<string, { readonly of: readonly unknown[]; readonly value: unknown }>();

  snapshot(showing: Showing): Snapshot {
    const { panes, open, preferences, name, identity } = showing;
    const rooms = this.#list(
      'rooms',
      panes.map((pane, i) => this.#entry(pane, i + 1, showing)),
    );
    const loud = panes.filter(({ notes }) => notes.notify !== 'none');
    const messages = loud.reduce((sum, { unread }) => sum + unread, 0);
    const mentions = loud.reduce((sum, pane) => sum + pane.mentions, 0);
    return {
      me: this.#keep('me', [name, identity], () => ({ name, identity })),
      rooms,
      room: open && this.#room(open, showing),
      connection: this.#connection(showing),
      dialog: showing.dialog,
      flash: showing.flash,
      unread: this.#keep('unread', [messages, mentions], () => ({ messages, mentions })),
      settings: preferences.screen,
    };
  }

  #entry(pane: RoomViewModel, number: number, { open, words }: Showing): RoomEntry {
    const { info, notes, unread, mentions } = pane;
    const last = pane.newestMessage;
    const muted = notes.notify === 'none';
    const isOpen = pane === open;
    const ended = pane.closed;
    const of = [number, info.name, last, unread, mentions, muted, isOpen, ended];
    return this.#keep(`room ${info.id}`, of, () => {
      const { status, timeline } = words.text;
      const author = last === undefined ? '' : sanitizeLine(last.from);
      const inOneLine = last?.me === true ? timeline.previewAction : timeline.preview;
      const preview = last === undefined ? '' : inOneLine(author, inShort(last.text));
      const name = sanitizeLine(info.name);
      const spoken = status.room({ name, unread, mentions, muted, closed: ended });
      return { id: info.id, number, name, preview, unread, mentions, muted, open: isOpen, ended, spoken };
    });
  }

  #room(pane: RoomViewModel, showing: Showing): RoomScreen {
    const { composing, searching, words } = showing;
    const { info, notes } = pane;
    const timeline = pane.timeline();
    const members = this.#members(pane, showing);
    const typing = this.#typing(pane, words);
    const composer = composing?.snapshot();
    const search = searching?.pane === pane ? searching.snapshot() : undefined;
    const lock = this.#lock(pane, showing);
    const of = [info, notes.notify, timeline, members, typing, composer, search, lock];
    return this.#keep('open', of, () => ({
      id: info.id,
      name: sanitizeLine(info.name),
      topic: info.topic === '' ? '' : sanitizeLine(info.topic),
      server: info.server,
      lock,
      timeline,
      composer: composer ?? NOTHING,
      members,
      typing,
      search,
      notify: notes.notify,
      admin: info.admin,
    }));
  }

  #members(pane: RoomViewModel, { preferences, words }: Showing): readonly MemberRow[] {
    const rows = pane.members.map((member) => {
      const verified = preferences.verified.includes(member.identity);
      const ignored = preferences.ignored.includes(member.device);
      const here = pane.presence.isHere(member.device);
      return this.#keep(
        `member ${pane.info.id} ${member.device}`,
        [member, verified, ignored, here],
        (): MemberRow => {
          const name = sanitizeLine(member.name);
          const marks = marksOf(member, { verified, ignored, here: here && !member.self });
          const { device, id, self, admin } = member;
          return {
            device,
            id,
            name,
            colour: colourOf(device),
            self,
            admin,
            verified,
            ignored,
            here,
            spoken: words.text.status.member(name, marks),
          };
        },
      );
    });
    return this.#list(`members ${pane.info.id}`, rows);
  }

  #typing(pane: RoomViewModel, words: ViewWords): string {
    const names = pane.presence.typists.map(sanitizeLine);
    return names.length === 0 ? '' : words.text.status.typing(names);
  }

  #lock(pane: RoomViewModel, { preferences, words }: Showing): Lock {
    const { confirmed, epoch } = pane.info;
    const others = pane.members.filter(({ self }) => !self);
    const all = others.length > 0 && others.every(({ identity }) => preferences.verified.includes(identity));
    const state = !confirmed ? 'unconfirmed' : all ? 'verified' : 'sealed';
    return this.#keep('lock', [state, epoch, words], () => ({
      state,
      epoch,
      text: words.text.status.lock[state],
    }));
  }

  #connection({ panes, open, words }: Showing): ConnectionState {
    const queued = panes.reduce((sum, { waiting }) => sum + waiting.length, 0);
    const active = panes.filter(({ closed }) => closed === '');
    const watched = open !== undefined && open.closed === '' ? [open] : active;
    const away = watched.find(({ live }) => !live);
    const reason = away?.problem?.code === 'offline' ? words.text.error(away.problem.data) : '';
    const state =
      active.length === 0 ? 'none' : away === undefined ? 'live' : reason === '' ? 'connecting' : 'offline';
    return this.#keep('connection', [state, queued, reason], () => {
      const { status } = words.text;
      const text = {
        none: '',
        live: '',
        connecting: status.connecting(queued),
        offline: status.offline(reason, queued),
      }[state];
      return { state, text, queued };
    });
  }

  #keep<T>(name: string, of: readonly unknown[], make: () => T): T {
    const known = this.#kept.get(name);
    if (
      known !== undefined &&
      known.of.length === of.length &&
      known.of.every((value, i) => Object.is(value, of[i]))
    )
      return known.value as T;
    const value = make();
    this.#kept.set(name, { of, value });
    return value;
  }

  #list<T>(name: string, items: readonly T[]): readonly T[] {
    return this.#keep(name, items, () => items);
  }
}

const NOTHING = {
  mode: 'closed',
  hint: '',
  text: '',
  tick: 0,
  reply: undefined,
  completion: undefined,
} as const;
