import type { HistoryItem, TextItem } from '@gochat/client/history';
import type {
  CatchingUp,
  MemberInfo,
  Params,
  Problem,
  RoomChatEvent,
  RoomInfo,
  Waiting,
} from '@gochat/client/methods';
import type { Profile } from '@gochat/client/profile-connection';
import type { Preferences, RoomNotes } from '@gochat/client/settings';
import type { Platform } from '../chat/platform.ts';
import { isIgnored, type PreferenceStore } from '../chat/preferences.ts';
import type { Timeline } from '../chat/snapshot.ts';
import { RoomFiles } from '../files/room-files.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import type { RowContext } from '../timeline/context.ts';
import { keyOf, ownKey } from '../timeline/lines.ts';
import { inShort, makeRows, type RowCache } from '../timeline/rows.ts';
import { ReplyCounts, rootOf, threadOf } from '../timeline/thread.ts';
import type { ViewWords } from '../words/english.ts';
import { DebouncedSettings } from './debounced-settings.ts';
import { LoadedHistory, PAGE } from './loaded-history.ts';
import { PendingMessages } from './pending-messages.ts';
import { Presence } from './presence.ts';
import { ReadState } from './read-state.ts';

/** Unread messages are counted up to about this many. */
const UNREAD_COUNTED = 1000;
const MINUTE_MS = 60_000;

export interface RoomViewModelParts {
  readonly profile: Profile;
  readonly platform: Platform;
  readonly words: ViewWords;
  readonly preferences: PreferenceStore;
  readonly emoji: (name: string) => string | undefined;
  /** See {@link RowContext.roomName}. */
  readonly roomName: (id: string) => string | undefined;
  readonly changed: () => void;
}

/** One room as the view holds it: its loaded history, its members, and how far it is read. */
export class RoomViewModel {
  readonly presence: Presence;
  readonly reading: ReadState;
  readonly files: RoomFiles;
  readonly #parts: RoomViewModelParts;
  readonly #history: LoadedHistory;
  readonly #pending: PendingMessages;
  readonly #settings: DebouncedSettings;
  readonly #rows: RowCache = new Map();
  #info: RoomInfo;
  #members: readonly MemberInfo[] = [];
  #live = false;
  #problem: Problem | undefined;
  #catchingUp: CatchingUp | undefined;
  /** The key of the message of which only the replies are shown. */
  #thread: string | undefined;
  #target: Timeline['target'];
  #context: RowContext | undefined;
  #contextMinute = 0;
  #timeline: { readonly of: readonly unknown[]; readonly timeline: Timeline } | undefined;
  #revision = 0;

  private constructor(parts: RoomViewModelParts, info: RoomInfo, settings: RoomNotes) {
    const { profile, platform, words } = parts;
    const changed = () => this.#touch();
    this.#parts = parts;
    this.#info = info;
    this.#settings = new DebouncedSettings(profile, platform, info.id, settings);
    this.presence = new Presence({
      platform,
      say: (says) => {
        if (says.kind === 'typing' && !this.settings.typing) return;
        // Presence is best effort: when the server is unreachable, nobody gets it.
        profile.call('presence', { room: info.id, says }).catch(() => undefined);
      },
      changed,
    });
    this.#history = new LoadedHistory({
      profile,
      room: info.id,
      dayKey: (at) => words.clock.dayKey(at),
      loaded: (items) => this.#heardFrom(items),
      changed,
    });
    this.#pending = new PendingMessages(this.#history.lines);
    this.files = new RoomFiles({
      files: profile.files,
      room: info.id,
      words,
      changed,
      isUnasked: () => this.#showsPictures(),
    });
    this.reading = new ReadState({
      lines: this.#history.lines,
      settings: this.#settings,
      context: () => this.context,
      revision: () => this.#revision,
      isLive: () => this.#live,
      isForSelf: (item) => this.isForSelf(item),
      moved: () => this.#reportPresence(),
      changed,
    });
  }

  /** Loads what is needed to show a room and to count its unread messages. @throws ChatError */
  static async open(parts: RoomViewModelParts, info: RoomInfo): Promise<RoomViewModel> {
    const settings = await parts.profile.call('notes', { room: info.id });
    const room = new RoomViewModel(parts, info, settings);
    await room.#refreshMembers();
    room.#pending.waiting = await parts.profile.call('waiting', { room: info.id });
    await room.#history.start(room.reading.position, UNREAD_COUNTED);
    room.reading.start();
    return room;
  }

  get info(): RoomInfo {
    return this.#info;
  }

  get settings(): RoomNotes {
    return this.#settings.current;
  }

  get members(): readonly MemberInfo[] {
    return this.#members;
  }

  /** The first words of a message of the room, in one line. */
  inShort(item: TextItem): string {
    return inShort(item, this.context);
  }

  get live(): boolean {
    return this.#live;
  }

  get problem(): Problem | undefined {
    return this.#problem;
  }

  /** How much of what was missed is read; undefined unless that takes some time. */
  get catchingUp(): CatchingUp | undefined {
    return this.#catchingUp;
  }

  /** Why nothing can be written here any more, or empty. */
  get closed(): string {
    if (this.#problem?.code === 'not-member' || this.#problem?.code === 'refused')
      return this.#parts.words.text.error(this.#problem.data);
    const { closed } = this.#parts.words.text.status;
    // Its creation is repeated automatically.
    if (this.#info.status === 'joining' && this.#info.founded) return '';
    return Object.hasOwn(closed, this.#info.status) ? closed[this.#info.status as keyof typeof closed] : '';
  }

  /** Why this profile is no longer a member, or empty. */
  get ended(): string {
    const { status, founded } = this.#info;
    const isOut =
      status === 'left' ||
      status === 'restored' ||
      status === 'removed' ||
      (status === 'joining' && !founded) ||
      this.#problem?.code === 'not-member';
    return isOut ? this.closed : '';
  }

  /** Whether the room is left out of lists. */
  get isHidden(): boolean {
    return this.settings.hidden && this.ended !== '';
  }

  get waiting(): readonly Waiting[] {
    return this.#pending.waiting;
  }

  /** How many messages and changes wait to be sent. */
  get queued(): number {
    return this.#pending.count;
  }

  get self(): MemberInfo | undefined {
    return this.#members.find((member) => member.self);
  }

  get newest(): HistoryItem | undefined {
    return this.#history.lines.all.at(-1)?.item;
  }

  /** The newest message that a list of rooms can show. */
  get newestMessage(): TextItem | undefined {
    const { ignored } = this.context;
    return this.#history.lines.lastMessage(
      (item) => item.deleted === undefined && !ignored.has(item.identity),
    );
  }

  get unread(): number {
    return this.reading.counts.unread;
  }

  get mentions(): number {
    return this.reading.counts.mentions;
  }

  /** Whether a message mentions this profile or replies to it. */
  isForSelf({ mentions, reply }: TextItem): boolean {
    if (mentions?.includes(this.context.self) === true) return true;
    return reply !== undefined && this.#history.lines.message(reply.seq, reply.id)?.item.own === true;
  }

  get context(): RowContext {
    const { words, platform, preferences, emoji, roomName } = this.#parts;
    const now = platform.now();
    const minute = Math.floor(now / MINUTE_MS);
    // To format the day is slow, and it changes only at the turn of a minute.
    if (this.#context !== undefined && this.#contextMinute === minute) return this.#context;
    this.#contextMinute = minute;
    const today = words.clock.dayKey(now);
    if (this.#context?.today === today) return this.#context;
    const self = this.self?.identity ?? '';
    this.#context = {
      words,
      now,
      today,
      self,
      labels: new Map(this.#members.map((member) => [member.identity, member.name])),
      verified: new Set(preferences.current.verified),
      ignored: this.#ignored(preferences.current, self),
      emoji,
      roomName,
    };
    return this.#context;
  }

  /** Those who are ignored, also if they are no members now. */
  #ignored(preferences: Preferences, self: string): ReadonlySet<string> {
    const members = this.#members.filter((member) => isIgnored(preferences, member));
    const ignored = new Set([...preferences.ignored, ...members.map(({ identity }) => identity)]);
    ignored.delete(self);
    return ignored;
  }

  /** Makes the rows again after a change of marks or names. */
  recontext(): void {
    this.#context = undefined;
    this.#touch();
  }

  timeline(): Timeline {
    const { context } = this;
    const of = [this.#revision, context];
    if (this.#timeline?.of.every((value, i) => value === of[i])) return this.#timeline.timeline;
    const { lines, quoted, isComplete, isLoading } = this.#history;
    const { thread } = this;
    const waiting = this.#waitingItems();
    const part = thread && threadOf(thread, lines.all, waiting);
    const { rows, unreadKey } = makeRows(
      {
        lines: part === undefined ? lines : { all: part.lines, message: (...of) => lines.message(...of) },
        thread: part !== undefined,
        waiting: part?.waiting ?? waiting,
        refused: this.#pending.refused,
        changed: this.#pending.changed(this.self),
        quoted,
        files: (item) => this.files.rowsOf(item, this.waitingFor(keyOf(item))),
        readers: this.presence.readers,
        newAfter: part === undefined ? this.reading.newAfter : undefined,
        complete: part !== undefined || isComplete,
        room: sanitizeLine(this.#info.name),
        founded: this.#info.founded,
        direct: this.#info.direct !== undefined,
        alone: this.#members.length === 1 && this.ended === '',
        context,
      },
      this.#rows,
    );
    const timeline: Timeline = {
      rows,
      more: part === undefined && !isComplete,
      loading: isLoading,
      unreadKey,
      unread: this.unread,
      target: this.#target,
    };
    this.#timeline = { of, timeline };
    return timeline;
  }

  /** In a room that may be forged, or that others have left, nobody's picture is fetched unasked. */
  #showsPictures(): boolean {
    const isTrusted = this.#info.confirmed || this.settings.codeMatched;
    return (
      isTrusted && this.#info.status === 'active' && this.#parts.preferences.current.pictures === 'always'
    );
  }

  /** The message of a row, sent or waiting. */
  message(key: string): TextItem | undefined {
    const line = this.#history.lines.get(key);
    const item = line?.item ?? this.#waitingItems().find((one) => keyOf(one) === key);
    return item?.kind === 'text' ? item : undefined;
  }

  /** The message of which only the replies are shown; undefined: all messages are. */
  get thread(): TextItem | undefined {
    const item = this.#thread === undefined ? undefined : this.#history.lines.get(this.#thread)?.item;
    return item?.kind === 'text' && item.deleted === undefined ? item : undefined;
  }

  /** Whether a message has replies, or is one. */
  isInThread(item: TextItem): boolean {
    return item.reply !== undefined || this.#replies(item) > 0;
  }

  #replies(item: TextItem): number {
    return new ReplyCounts(this.#history.lines.all).of(item);
  }

  /** Shows only a message and its replies; of a reply without any, the message that it answers. */
  showThread(item: TextItem): void {
    const { lines } = this.#history;
    const find = ({ seq, id }: { seq: string; id: string }) => lines.message(seq, id)?.item;
    const root = this.#replies(item) > 0 ? item : rootOf(item, find);
    this.#thread = keyOf(root);
    this.#touch();
    this.aim(this.timeline().rows.at(-1)?.key ?? this.#thread);
  }

  /** Shows all messages again, where the thread began. @returns whether there was one */
  closeThread(): boolean {
    const { thread } = this;
    this.#thread = undefined;
    if (thread !== undefined) this.aim(keyOf(thread));
    return thread !== undefined;
  }

  /** Shows all messages again if the first one of the thread is gone. @returns whether it is; once */
  dropLostThread(): boolean {
    if (this.#thread === undefined || this.thread !== undefined) return false;
    this.#thread = undefined;
    return true;
  }

  /** The waiting or refused message of a row. */
  waitingFor(key: string): Waiting | undefined {
    return this.waiting.find(({ id, content }) => content.kind === 'text' && ownKey(id) === key);
  }

  /** Whether a message is on its way to the server: it waits, and is not in the log yet. */
  get isSending(): boolean {
    const { lines } = this.#history;
    return this.waiting.some(
      ({ id, state, content }) =>
        state === 'waiting' && content.kind === 'text' && lines.get(ownKey(id)) === undefined,
    );
  }

  /** The newest loaded message that fits and isn't deleted. */
  lastMessage(fits: (item: TextItem) => boolean): TextItem | undefined {
    return this.#history.lines.lastMessage((item) => item.deleted === undefined && fits(item));
  }

  lastOwn(): TextItem | undefined {
    return this.#history.lines.lastMessage((item) => item.own && item.deleted === undefined);
  }

  /** The other members, the one who spoke last first. */
  get recentSpeakers(): readonly MemberInfo[] {
    const last = new Map<string, number>();
    for (const { item, at } of this.#history.lines.all.slice(-PAGE)) last.set(item.identity, at);
    return this.#members
      .filter((member) => !member.self)
      .sort((a, b) => (last.get(b.identity) ?? 0) - (last.get(a.identity) ?? 0));
  }

  /** Takes an event of this room. @returns the lines that are new. */
  take(event: RoomChatEvent): readonly HistoryItem[] {
    let fresh: readonly HistoryItem[] = [];
    switch (event.kind) {
      case 'items':
        fresh = this.#history.take(event.items);
        this.#heardFrom(fresh);
        this.reading.take(fresh);
        break;
      case 'expired':
        this.#history.expire(event.until);
        break;
      case 'online':
        this.#live = event.live;
        this.#problem = event.problem;
        this.#catchingUp = event.catchingUp;
        this.#reportPresence();
        break;
      case 'room':
        this.#info = event.room;
        // The profile has joined again: when that ends too, the room is listed.
        if (event.room.status === 'active' && this.settings.hidden) this.change({ hidden: false });
        this.#refreshMembers().catch(() => undefined);
        break;
      case 'waiting':
        this.#pending.waiting = event.waiting;
        break;
      case 'presence':
        this.presence.heard(event, event.says);
        break;
      case 'file':
        this.files.take(event);
        break;
      case 'notes':
        this.#settings.replace(event.notes);
        break;
      default:
        event satisfies never;
    }
    this.#touch();
    return fresh;
  }

  #heardFrom(items: readonly HistoryItem[]): void {
    for (const item of items) if (item.kind === 'text') this.presence.spoke(item.identity, Number(item.seq));
  }

  async #refreshMembers(): Promise<void> {
    this.#members = await this.#parts.profile.call('members', { room: this.#info.id });
    const labels = new Map(this.#members.map((member) => [member.identity, member.name]));
    this.presence.members(labels, this.self?.identity ?? '');
    this.recontext();
  }

  loadEarlier(): Promise<void> {
    return this.#history.loadEarlier();
  }

  /** A message by its position and its own id. @throws ChatError */
  find(seq: string, id: string): Promise<TextItem | undefined> {
    return this.#history.find(seq, id);
  }

  /** Brings a line into view. @returns false when this device doesn't have it. @throws ChatError */
  async jump(seq: string): Promise<boolean> {
    const key = await this.#history.reach(seq);
    if (key !== undefined && !this.timeline().rows.some((row) => row.key === key)) this.#thread = undefined;
    if (key !== undefined) this.aim(key);
    return key !== undefined;
  }

  /** Brings a row into view. */
  aim(key: string): void {
    this.#target = { key, tick: (this.#target?.tick ?? 0) + 1 };
    this.#touch();
  }

  /** Searches messages, newest first. @param before the `next` of the page before. @throws ChatError */
  search(text: string, limit: number, before: string | undefined) {
    const { profile } = this.#parts;
    return profile.call('search', {
      room: this.#info.id,
      text,
      limit,
      ...(before !== undefined && { before }),
    });
  }

  /** A row was on the screen: everything up to it is read. */
  seen(key: string): void {
    // What lies between the replies was not on the screen.
    if (this.thread !== undefined) return;
    const line = this.#history.lines.get(key);
    if (line !== undefined) this.reading.readTo(line.at);
  }

  look(looking: boolean): void {
    this.reading.look(looking);
  }

  #reportPresence(): void {
    const { receipts } = this.settings;
    const { isLooking: looking, position: read } = this.reading;
    this.presence.own({ live: this.#live, looking, receipts, read });
  }

  /** Queues a message or a change of one. Settings that are not saved yet, such as the end of its draft, are saved with it. @throws ChatError */
  queue(id: string, content: Params<'queue'>['content']): Promise<void> {
    const { profile } = this.#parts;
    return this.#settings.saveBy((note) => {
      const isNoted = Object.keys(note).length > 0;
      return profile.call('queue', { room: this.#info.id, id, content, ...(isNoted && { note }) });
    });
  }

  /** Changes settings of this room. */
  change(settings: Partial<RoomNotes>): void {
    this.#settings.change(settings);
    this.#touch();
  }

  async close(): Promise<void> {
    this.presence.close();
    await this.#settings.save();
  }

  #waitingItems(): readonly TextItem[] {
    return this.#pending.items({ name: this.#info.as, identity: this.context.self });
  }

  #touch(): void {
    this.#revision += 1;
    this.#parts.changed();
  }
}
