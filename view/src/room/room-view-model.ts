import type { HistoryItem, TextItem } from '@gochat/client/history';
import type { ChatEvent, MemberInfo, Problem, RoomInfo, Waiting } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/profile-connection';
import type { RoomNotes } from '@gochat/client/settings';
import type { Platform } from '../chat/platform.ts';
import type { Timeline } from '../chat/snapshot.ts';
import type { RowContext } from '../timeline/context.ts';
import { keyOf, Lines, ownKey } from '../timeline/lines.ts';
import type { Row } from '../timeline/row.ts';
import { isNews, makeRows, type RowCache } from '../timeline/rows.ts';
import type { ClockFace } from '../words/clock-face.ts';
import type { ViewWords } from '../words/english.ts';
import { DebouncedSettings } from './debounced-settings.ts';
import { PendingMessages } from './pending-messages.ts';
import { Presence } from './presence.ts';

const PAGE = 200;
/** So many unread messages are counted; more are as good as many. */
const UNREAD_COUNTED = 1000;
const MINUTE_MS = 60_000;

export interface RoomViewModelParts {
  readonly profile: Profile;
  readonly platform: Platform;
  readonly words: ViewWords;
  readonly clock: ClockFace;
  /** What this profile has marked, by identity and device key. */
  readonly marks: () => { readonly verified: ReadonlySet<string>; readonly ignored: ReadonlySet<string> };
  readonly changed: () => void;
}

type Target = Timeline['target'];

/** One room as the view holds it: its lines, its members, and where its reader stands. */
export class RoomViewModel {
  readonly presence: Presence;
  readonly #parts: RoomViewModelParts;
  readonly #lines: Lines;
  readonly #sending: PendingMessages;
  readonly #jotter: DebouncedSettings;
  readonly #quoted = new Map<string, TextItem | null>();
  readonly #asked = new Set<string>();
  readonly #kept: RowCache = new Map();
  #info: RoomInfo;
  #members: readonly MemberInfo[] = [];
  #live = false;
  #problem: Problem | undefined;
  #complete = false;
  #loading: Promise<void> | undefined;
  #newBehind: number | undefined;
  #target: Target;
  #tick = 0;
  #context: RowContext | undefined;
  #contextMinute = 0;
  #counted:
    | {
        readonly revision: number;
        readonly context: RowContext;
        readonly unread: number;
        readonly mentions: number;
      }
    | undefined;
  #timeline: { readonly of: readonly unknown[]; readonly made: Timeline } | undefined;
  #revision = 0;
  #looking = false;

  private constructor(parts: RoomViewModelParts, info: RoomInfo, notes: RoomNotes) {
    this.#parts = parts;
    this.#info = info;
    this.#lines = new Lines((at) => parts.clock.dayKey(at));
    this.#sending = new PendingMessages(this.#lines);
    this.#jotter = new DebouncedSettings(parts.profile, parts.platform, info.id, notes);
    this.presence = new Presence({
      platform: parts.platform,
      say: (says) => {
        if (says.kind === 'typing' && !this.notes.typing) return;
        // Nobody relies on it, and when the server is away nobody is told.
        parts.profile.call('presence', { room: info.id, says }).catch(() => undefined);
      },
      changed: () => this.#touch(),
    });
  }

  /** Loads what is needed to show a room and to count what is new in it. @throws ChatError */
  static async open(parts: RoomViewModelParts, info: RoomInfo): Promise<RoomViewModel> {
    const notes = await parts.profile.call('notes', { room: info.id });
    const pane = new RoomViewModel(parts, info, notes);
    await pane.#refreshMembers();
    pane.#sending.waiting = await parts.profile.call('waiting', { room: info.id });
    await pane.#loadPage();
    const read = Number(notes.read);
    while (!pane.#complete && pane.#firstAt > read && pane.#lines.all.length < UNREAD_COUNTED)
      await pane.#loadPage();
    if (pane.unread > 0) pane.#newBehind = read;
    return pane;
  }

  get info(): RoomInfo {
    return this.#info;
  }

  get notes(): RoomNotes {
    return this.#jotter.notes;
  }

  get members(): readonly MemberInfo[] {
    return this.#members;
  }

  get live(): boolean {
    return this.#live;
  }

  get problem(): Problem | undefined {
    return this.#problem;
  }

  /** Why nothing can be written here any more, or empty. */
  get closed(): string {
    if (this.#problem?.code === 'not-member' || this.#problem?.code === 'refused')
      return this.#parts.words.text.error(this.#problem.data);
    const { closed } = this.#parts.words.text.status;
    return Object.hasOwn(closed, this.#info.status) ? closed[this.#info.status as keyof typeof closed] : '';
  }

  get waiting(): readonly Waiting[] {
    return this.#sending.waiting;
  }

  /** Changes whenever anything of the room has changed. */
  get revision(): number {
    return this.#revision;
  }

  get self(): MemberInfo | undefined {
    return this.#members.find((member) => member.self);
  }

  get newest(): HistoryItem | undefined {
    return this.#lines.all.at(-1)?.item;
  }

  /** The newest message that can be shown in a few words. */
  get newestMessage(): TextItem | undefined {
    const { ignored } = this.context;
    return this.#lines.lastMessage((item) => item.deleted === undefined && !ignored.has(item.device));
  }

  get unread(): number {
    return this.#count().unread;
  }

  get mentions(): number {
    return this.#count().mentions;
  }

  #count(): { readonly unread: number; readonly mentions: number } {
    const { context } = this;
    if (this.#counted?.revision === this.#revision && this.#counted.context === context) return this.#counted;
    const read = Number(this.notes.read);
    const lines = this.#lines.all;
    let unread = 0;
    let mentions = 0;
    for (let i = lines.length - 1; i >= 0; i--) {
      const line = lines[i];
      if (line === undefined || line.at <= read) break;
      const { item } = line;
      if (!isNews(item, context)) continue;
      unread++;
      if (this.isForSelf(item)) mentions++;
    }
    this.#counted = { revision: this.#revision, context, unread, mentions };
    return this.#counted;
  }

  #answersSelf({ reply }: TextItem): boolean {
    if (reply === undefined) return false;
    return this.#lines.message(reply.seq, reply.id)?.item.own === true;
  }

  /** Whether a message calls this profile by name or answers it. */
  isForSelf(item: TextItem): boolean {
    return item.mentions?.includes(this.context.self) === true || this.#answersSelf(item);
  }

  get context(): RowContext {
    const { words, clock, platform } = this.#parts;
    const now = platform.now();
    const minute = Math.floor(now / MINUTE_MS);
    // What day it is takes long to work out, and changes at a minute's turn only.
    if (this.#context !== undefined && this.#contextMinute === minute) return this.#context;
    this.#contextMinute = minute;
    const today = clock.dayKey(now);
    if (this.#context?.today === today) return this.#context;
    const { verified, ignored } = this.#parts.marks();
    const self = this.self?.device ?? '';
    this.#context = {
      words,
      clock,
      now,
      today,
      self,
      labels: new Map(this.#members.map((member) => [member.device, member.name])),
      verified: new Set(this.#members.filter((m) => verified.has(m.identity)).map((m) => m.device)),
      ignored: new Set([...ignored].filter((device) => device !== self)),
    };
    return this.#context;
  }

  /** What was marked or is called otherwise is drawn anew. */
  recontext(): void {
    this.#context = undefined;
    this.#touch();
  }

  timeline(): Timeline {
    const { context } = this;
    const of = [this.#revision, context];
    if (this.#timeline?.of.every((value, i) => value === of[i])) return this.#timeline.made;
    const { rows, unreadKey } = makeRows(
      {
        lines: this.#lines,
        waiting: this.#waitingItems(),
        changed: this.#sending.changed(this.self),
        quoted: this.#quoted,
        readers: this.presence.readers,
        newBehind: this.#newBehind,
        complete: this.#complete,
        context,
      },
      this.#kept,
    );
    const made: Timeline = {
      rows,
      more: !this.#complete,
      loading: this.#loading !== undefined,
      unreadKey,
      unread: this.unread,
      target: this.#target,
    };
    this.#timeline = { of, made };
    return made;
  }

  /** The message of a row, as it will be once what waits has been sent. */
  message(key: string): TextItem | undefined {
    const line = this.#lines.get(key);
    const item = line?.item ?? this.#waitingItems().find((one) => keyOf(one) === key);
    return item?.kind === 'text' ? item : undefined;
  }

  row(key: string): Row | undefined {
    return this.timeline().rows.find((row) => row.key === key);
  }

  /** The waiting message of a row. */
  waitingFor(key: string): Waiting | undefined {
    return this.waiting.find(({ id, content }) => content.kind === 'text' && ownKey(id) === key);
  }

  /** Whether a message is on its way to the server. */
  get isSending(): boolean {
    return this.#waitingItems().length > 0;
  }

  lastOwn(): TextItem | undefined {
    return this.#lines.lastMessage((item) => item.own && item.deleted === undefined);
  }

  /** Members by who spoke last, oneself left out. */
  get recentSpeakers(): readonly MemberInfo[] {
    const last = new Map<string, number>();
    for (const { item, at } of this.#lines.all.slice(-PAGE)) last.set(item.device, at);
    return this.#members
      .filter((member) => !member.self)
      .sort((a, b) => (last.get(b.device) ?? 0) - (last.get(a.device) ?? 0));
  }

  /** Takes in what the profile tells of this room. @returns the messages that are new. */
  take(event: Exclude<ChatEvent, { kind: 'preferences' }>): readonly HistoryItem[] {
    switch (event.kind) {
      case 'items':
        return this.#takeItems(event.items);
      case 'online':
        this.#live = event.live;
        this.#problem = event.problem;
        this.#reportOwn();
        break;
      case 'room':
        this.#info = event.room;
        this.#refreshMembers().catch(() => undefined);
        break;
      case 'waiting':
        this.#sending.waiting = event.waiting;
        break;
      case 'presence':
        this.presence.heard(event.device, event.says);
        break;
      case 'notes':
        this.#jotter.told(event.notes);
        break;
      default:
        event satisfies never;
    }
    this.#touch();
    return [];
  }

  #takeItems(items: readonly HistoryItem[]): readonly HistoryItem[] {
    const end = this.#lines.all.at(-1)?.at ?? -1;
    this.#lines.take(items);
    const fresh = items.filter((item) => Number(item.seq) > end);
    for (const item of fresh) if (item.kind === 'text') this.presence.spoke(item.device, Number(item.seq));
    const watched = this.#looking && this.#live;
    if (this.#newBehind === undefined && !watched && fresh.some((item) => isNews(item, this.context)))
      this.#newBehind = Number(this.notes.read);
    const said = fresh.findLast((item) => item.own && item.kind === 'text');
    if (said !== undefined) {
      // Whoever speaks has read what stands before.
      this.readTo(Number(said.seq));
      this.#newBehind = undefined;
    }
    this.#askQuoted(fresh);
    this.#touch();
    return fresh;
  }

  async #refreshMembers(): Promise<void> {
    this.#members = await this.#parts.profile.call('members', { room: this.#info.id });
    const labels = new Map(this.#members.map((member) => [member.device, member.name]));
    this.presence.members(labels, this.self?.device ?? '');
    this.recontext();
  }

  get #firstAt(): number {
    return this.#lines.all[0]?.at ?? 0;
  }

  loadEarlier(): Promise<void> {
    if (this.#complete) return Promise.resolve();
    this.#loading ??= this.#loadPage().finally(() => {
      this.#loading = undefined;
      this.#touch();
    });
    this.#touch();
    return this.#loading;
  }

  async #loadPage(): Promise<void> {
    const first = this.#lines.all[0];
    const items = await this.#parts.profile.call('history', {
      room: this.#info.id,
      limit: PAGE,
      ...(first !== undefined && { before: first.item.seq }),
    });
    this.#complete = items.length < PAGE;
    this.#lines.prepend(items);
    for (const item of items) if (item.kind === 'text') this.presence.spoke(item.device, Number(item.seq));
    this.#askQuoted(items);
    this.#touch();
  }

  /** Fetches the quoted messages that aren't among the lines. */
  #askQuoted(items: readonly HistoryItem[]): void {
    for (const item of items) {
      if (item.kind !== 'text' || item.reply === undefined) continue;
      const { reply } = item;
      const name = `${reply.seq} ${reply.id}`;
      if (this.#asked.has(name) || this.#lines.message(reply.seq, reply.id) !== undefined) continue;
      this.#asked.add(name);
      this.find(reply.seq, reply.id)
        .then((found) => {
          this.#quoted.set(name, found ?? null);
          this.#touch();
        })
        .catch(() => undefined);
    }
  }

  /** Brings a line of the log into view, loading what lies between. @returns false when this device doesn't have it. */
  async jump(seq: string): Promise<boolean> {
    const at = Number(seq);
    while (!this.#complete && this.#firstAt > at) await this.loadEarlier();
    const line = this.#lines.find(seq, (item) => item.kind === 'text') ?? this.#lines.find(seq, () => true);
    if (line === undefined) return false;
    this.aim(line.key);
    return true;
  }

  /** Brings a row into view. */
  aim(key: string): void {
    this.#tick += 1;
    this.#target = { key, tick: this.#tick };
    this.#touch();
  }

  /** A message by where it stands and its own id, fetched when it isn't among the lines. */
  async find(seq: string, id: string): Promise<TextItem | undefined> {
    const line = this.#lines.message(seq, id);
    if (line !== undefined) return line.item;
    const after = String(Math.max(0, Number(seq) - 1));
    const items = await this.#parts.profile.call('history', { room: this.#info.id, after, limit: 8 });
    return items.find((item): item is TextItem => item.kind === 'text' && item.seq === seq && item.id === id);
  }

  /** What stands up to a row was on the screen. */
  seen(key: string): void {
    const line =
      this.#lines.get(key) ?? (this.#lines.all.at(-1)?.key === key ? this.#lines.all.at(-1) : undefined);
    if (line !== undefined) this.readTo(line.at);
  }

  readTo(at: number): void {
    if (at <= Number(this.notes.read)) return;
    this.note({ read: String(at) });
    this.#reportOwn();
  }

  readAll(): void {
    this.readTo(this.#lines.all.at(-1)?.at ?? 0);
    this.clearUnreadLine();
  }

  /** Takes the unread line away. @returns whether there was one. */
  clearUnreadLine(): boolean {
    if (this.#newBehind === undefined) return false;
    this.#newBehind = undefined;
    this.#touch();
    return true;
  }

  /** Whether somebody looks at this room. */
  look(looking: boolean): void {
    if (this.#looking === looking) return;
    this.#looking = looking;
    if (!looking && this.unread === 0) this.#newBehind = undefined;
    this.#reportOwn();
  }

  #reportOwn(): void {
    const { receipts, read } = this.notes;
    this.presence.own({ live: this.#live, looking: this.#looking, receipts, read: Number(read) });
  }

  /** Keeps something of this room over restarts. */
  note(change: Partial<RoomNotes>): void {
    this.#jotter.note(change);
    this.#touch();
  }

  async close(): Promise<void> {
    this.presence.close();
    await this.#jotter.save();
  }

  #waitingItems(): readonly TextItem[] {
    return this.#sending.items({ name: this.#info.as, device: this.context.self });
  }

  #touch(): void {
    this.#revision += 1;
    this.#parts.changed();
  }
}
