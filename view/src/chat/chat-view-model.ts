import { errorDataOf } from '@gochat/client/chat-error';
import type { HistoryItem, TextItem } from '@gochat/client/history';
import type { ChatEvent, RoomInfo } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/profile-connection';
import type { Preferences } from '@gochat/client/settings';
import type { Command } from '../commands/command.ts';
import { commandNamed, commandsIn, isAvailable, runCommand } from '../commands/commands.ts';
import { DialogHost } from '../dialogs/dialog-host.ts';
import { freshId } from '../ids.ts';
import { ComposerViewModel, type Content } from '../room/composer.ts';
import { RoomViewModel } from '../room/room-view-model.ts';
import { HITS, SearchViewModel } from '../room/searching.ts';
import { type EmojiBook, openEmojiBook } from '../text/emoji.ts';
import { isNews } from '../timeline/rows.ts';
import type { ClockFace } from '../words/clock-face.ts';
import type { ViewWords } from '../words/english.ts';
import { type Acting, actionsOf } from './acting.ts';
import type { Actions } from './actions.ts';
import type { Host } from './host.ts';
import { tellOf } from './notifications.ts';
import type { Platform } from './platform.ts';
import type { Flash, Snapshot } from './snapshot.ts';
import { SnapshotBuilder } from './snapshot-builder.ts';
import type { View } from './view.ts';

const FLASH_MS = 6000;

export interface ViewOptions {
  readonly profile: Profile;
  readonly platform: Platform;
  readonly words: ViewWords;
  /** Where rooms are made unless another server is named. */
  readonly server: string;
  /** The room to open first, by id; the one that was open last when undefined. */
  readonly room?: string;
}

/** Reads what the profile holds, follows all its rooms, and keeps a snapshot of it. @throws ChatError */
export async function createView(options: ViewOptions): Promise<View> {
  const desk = new ChatViewModel(options);
  await desk.start();
  return desk;
}

/** A profile's rooms on one screen. */
class ChatViewModel implements View, Acting {
  readonly profile: Profile;
  readonly platform: Platform;
  readonly server: string;
  readonly words: ViewWords;
  readonly clock: ClockFace;
  readonly #first: string | undefined;
  readonly asked: DialogHost;
  readonly #sheet: SnapshotBuilder;
  readonly #listeners = new Set<() => void>();
  readonly #composings = new Map<string, ComposerViewModel>();
  readonly #opening = new Map<string, Promise<RoomViewModel>>();
  #panes: readonly RoomViewModel[] = [];
  #early: ChatEvent[] | undefined = [];
  #open: string | undefined;
  #preferences: Preferences = { name: undefined, verified: [], ignored: [], screen: {} };
  #identity = '';
  #looking = true;
  #flash: Flash | undefined;
  #flashEnd: () => void = () => undefined;
  #flashes = 0;
  #searching: SearchViewModel | undefined;
  #trail: string[] = [];
  #book: Promise<EmojiBook> | undefined;
  #bookRead: EmojiBook | undefined;
  #snapshot: Snapshot | undefined;
  #telling = false;
  #closed = false;
  #stop: () => void = () => undefined;

  constructor({ profile, platform, words, server, room }: ViewOptions) {
    this.profile = profile;
    this.platform = platform;
    this.server = server;
    this.#first = room;
    this.words = words;
    this.clock = words.clock;
    this.commands = commandsIn(words.text.commands);
    this.asked = new DialogHost({
      changed: () => this.#touch(),
      failed: (error) => this.#failed(error),
      errorText: (error) => this.#errorText(error),
    });
    this.#sheet = new SnapshotBuilder();
  }

  async start(): Promise<void> {
    this.#stop = this.profile.on((event) => this.#hear(event));
    const [{ identity }, preferences, rooms] = await Promise.all([
      this.profile.call('whoami', {}),
      this.profile.call('preferences', {}),
      this.profile.call('rooms', {}),
    ]);
    this.#identity = identity;
    this.#preferences = preferences;
    for (const info of rooms) await this.#adopt(info);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const event of early) this.#hear(event);
    const wanted = this.#first ?? preferences.screen.room;
    const first = this.#panes.find(({ info }) => info.id === wanted) ?? this.#panes[0];
    if (first !== undefined) this.open(first.info.id);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stop();
    this.#flashEnd();
    await Promise.all(this.#panes.map((pane) => pane.close()));
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  getSnapshot(): Snapshot {
    this.#snapshot ??= this.#sheet.snapshot({
      name: this.#preferences.name ?? '',
      identity: this.#identity,
      panes: this.#panes,
      open: this.pane,
      composing: this.composing,
      searching: this.#searching,
      dialog: this.asked.dialog,
      flash: this.#flash,
      preferences: this.#preferences,
      words: this.words,
    });
    return this.#snapshot;
  }

  get panes(): readonly RoomViewModel[] {
    return this.#panes;
  }

  get pane(): RoomViewModel | undefined {
    return this.#panes.find(({ info }) => info.id === this.#open);
  }

  get preferences(): Preferences {
    return this.#preferences;
  }

  get composing(): ComposerViewModel | undefined {
    const { pane } = this;
    if (pane === undefined) return undefined;
    const known = this.#composings.get(pane.info.id);
    if (known !== undefined) return known;
    const composing = new ComposerViewModel({
      pane,
      words: this.words,
      completing: () => ({
        members: pane.recentSpeakers,
        rooms: this.#panes.map(({ info }) => info.name),
        commands: this.commands.filter(({ about, name }) => about !== 'message' && isAvailable(this, name)),
        emoji: this.#bookRead,
      }),
      emoji: () => this.emoji(),
      changed: () => this.#touch(),
    });
    this.#composings.set(pane.info.id, composing);
    return composing;
  }

  #hear(event: ChatEvent): void {
    if (this.#early !== undefined) {
      this.#early.push(event);
      return;
    }
    if (this.#closed) return;
    if (event.kind === 'preferences') {
      this.#preferences = event.preferences;
      for (const pane of this.#panes) pane.recontext();
      this.#touch();
      return;
    }
    const id = event.kind === 'room' ? event.room.id : event.room;
    const pane = this.#panes.find(({ info }) => info.id === id);
    if (pane !== undefined) this.#tell(pane, pane.take(event));
    else if (event.kind === 'room') this.attempt(() => this.#adopt(event.room).then(() => undefined));
  }

  #tell(pane: RoomViewModel, fresh: readonly HistoryItem[]): void {
    const watched = this.#looking && pane === this.pane;
    const news = fresh.filter((item): item is TextItem => isNews(item, pane.context));
    if (news.length > 0 && !watched) tellOf(this, pane, news);
  }

  #adopt(info: RoomInfo): Promise<RoomViewModel> {
    const known = this.#panes.find((pane) => pane.info.id === info.id);
    if (known !== undefined) return Promise.resolve(known);
    const opening = this.#opening.get(info.id) ?? this.#load(info);
    this.#opening.set(info.id, opening);
    return opening.finally(() => this.#opening.delete(info.id));
  }

  async #load(info: RoomInfo): Promise<RoomViewModel> {
    const { profile, platform, words, clock } = this;
    // What is told while the room is being read belongs behind what was read.
    const early: ChatEvent[] = [];
    const stop = profile.on((event) => {
      if (event.kind !== 'preferences' && (event.kind === 'room' ? event.room.id : event.room) === info.id)
        early.push(event);
    });
    const pane = await RoomViewModel.open(
      {
        profile,
        platform,
        words,
        clock,
        marks: () => ({
          verified: new Set(this.#preferences.verified),
          ignored: new Set(this.#preferences.ignored),
        }),
        changed: () => this.#touch(),
      },
      info,
    ).finally(stop);
    this.#panes = [...this.#panes, pane];
    for (const event of early) if (event.kind !== 'preferences') pane.take(event);
    const standing = await profile.call('follow', { room: info.id });
    pane.take({ kind: 'online', room: info.id, ...standing });
    this.#touch();
    return pane;
  }

  async entered(room: string): Promise<void> {
    const info = (await this.profile.call('rooms', {})).find(({ id }) => id === room);
    if (info === undefined) return;
    const pane = await this.#adopt(info);
    pane.take({ kind: 'room', room: info });
    this.open(room);
  }

  open(room: string): void {
    if (this.#open !== room) {
      this.#endSearch();
      this.pane?.look(false);
      this.#trail = [];
      this.#open = room;
      const screen = { ...this.#preferences.screen, room };
      if (this.#preferences.screen.room !== room) this.attempt(() => this.prefer({ screen }));
    }
    this.pane?.look(this.#looking);
    this.#touch();
  }

  step(by: 1 | -1, which?: 'unread'): void {
    const count = this.#panes.length;
    const at = this.#panes.findIndex(({ info }) => info.id === this.#open);
    const order = Array.from(
      { length: count - 1 },
      (_, i) => this.#panes[(at + by * (i + 1) + count * 2) % count],
    );
    const fits = (pane: RoomViewModel | undefined) => which === undefined || (pane?.unread ?? 0) > 0;
    const next = (which && order.find((pane) => (pane?.mentions ?? 0) > 0)) ?? order.find(fits);
    if (next !== undefined) this.open(next.info.id);
  }

  async prefer(change: Partial<Preferences>): Promise<void> {
    this.#preferences = { ...this.#preferences, ...change };
    for (const pane of this.#panes) pane.recontext();
    this.#touch();
    this.#preferences = await this.profile.call('prefer', { change });
    this.#touch();
  }

  ask: Host['ask'] = (asking) => this.asked.show(asking);

  submit(values: Readonly<Record<string, string>>): void {
    this.asked.submit(values);
  }

  closeDialog(): void {
    this.asked.close();
  }

  flash(tone: 'good' | 'bad', text: string): void {
    this.#flashes += 1;
    this.#flash = { tone, text, tick: this.#flashes };
    this.#flashEnd();
    this.#flashEnd = this.platform.after(FLASH_MS, () => {
      this.#flash = undefined;
      this.#touch();
    });
    this.#touch();
  }

  attempt(work: () => Promise<void>): void {
    work().catch((error: unknown) => this.#failed(error));
  }

  #failed(error: unknown): void {
    if (!this.#closed) this.flash('bad', this.#errorText(error));
  }

  #errorText(error: unknown): string {
    return this.words.text.error(errorDataOf(error));
  }

  emoji(): Promise<EmojiBook> {
    this.#book ??= openEmojiBook().then((book) => {
      this.#bookRead = book;
      return book;
    });
    return this.#book;
  }

  copy(text: string, done: string): void {
    void this.platform
      .copy(text)
      .then((could) => this.flash(could ? 'good' : 'bad', could ? done : this.words.text.flashes.notCopied));
  }

  readonly commands: readonly Command[];
  isAvailable: Host['isAvailable'] = (command, row) => isAvailable(this, command, row);
  run: Host['run'] = (command, args, row) => runCommand(this, command, args, row);

  async queue(pane: RoomViewModel, content: Content): Promise<void> {
    await this.profile.call('queue', { room: pane.info.id, id: freshId(), content });
  }

  send(): void {
    const { composing, pane } = this;
    if (composing === undefined || pane === undefined || pane.closed !== '') return;
    const { text } = composing;
    const command = /^\/(?!\/)(\S*)\s*([\s\S]*)$/.exec(text.trimStart());
    if (command !== null && !(composing.isEditing && command[1] !== 'me')) {
      this.#runTyped(composing, command[1] ?? '', command[2] ?? '');
      return;
    }
    this.#say(text.trimStart().startsWith('//') ? text.trimStart().slice(1) : text, false);
  }

  #runTyped(composing: ComposerViewModel, word: string, args: string): void {
    const command = commandNamed(this.commands, word);
    const { unknownCommand, usage } = this.words.text.flashes;
    if (command === undefined) {
      this.flash('bad', unknownCommand(word));
      return;
    }
    const missing = args.trim() === '' && command.args !== '' && !/^\[/.test(command.args);
    if (missing && command.completes !== 'member') {
      this.flash('bad', usage(`/${command.name} ${command.args}`));
      return;
    }
    if (command.name === 'me') {
      this.#say(args, true);
      return;
    }
    composing.clear();
    this.run(command.name, args);
  }

  #say(text: string, me: boolean): void {
    const { composing, pane } = this;
    if (composing === undefined || pane === undefined) return;
    if (composing.isEditing && text.trim() === '') {
      this.flash('bad', this.words.text.flashes.emptyEdit);
      return;
    }
    const taken = composing.take(text, me);
    if (taken === undefined) return;
    pane.clearUnreadLine();
    this.jumpToNewest();
    this.attempt(async () => {
      try {
        await this.queue(pane, await this.#spelled(taken.content));
      } catch (error) {
        taken.restore();
        throw error;
      }
    });
  }

  /** `:tada:` becomes what it stands for. */
  async #spelled(content: Content): Promise<Content> {
    if ((content.kind !== 'text' && content.kind !== 'edit') || !/:[a-z0-9_+-]+:/.test(content.text))
      return content;
    return { ...content, text: (await this.emoji()).spell(content.text) };
  }

  search(text: string): void {
    this.#endSearch();
    const { pane } = this;
    if (pane !== undefined && text.trim() !== '') {
      const room = pane.info.id;
      this.#searching = new SearchViewModel(pane, text.trim(), {
        find: (wanted, before) =>
          this.profile.call('search', {
            room,
            text: wanted,
            limit: HITS,
            ...(before !== undefined && { before }),
          }),
        jump: (seq) => this.jump(seq),
        changed: () => this.#touch(),
        failed: (error) => this.#failed(error),
      });
      void this.#searching.more();
    }
    this.#touch();
  }

  get searching(): SearchViewModel | undefined {
    return this.#searching;
  }

  get isLooking(): boolean {
    return this.#looking;
  }

  look(looking: boolean): void {
    this.#looking = looking;
    this.pane?.look(looking);
  }

  #endSearch(): boolean {
    if (this.#searching === undefined) return false;
    this.#searching.end();
    this.#searching = undefined;
    this.#touch();
    return true;
  }

  jump(seq: string): void {
    const { pane } = this;
    if (pane === undefined) return;
    const from = pane.newest?.seq;
    this.attempt(async () => {
      if (!(await pane.jump(seq))) this.flash('bad', this.words.text.flashes.noMessage);
      else if (from !== undefined) this.#trail = [...this.#trail.slice(-9), from];
    });
  }

  jumpToUnread(): void {
    const { pane } = this;
    const key = pane?.timeline().unreadKey;
    if (pane !== undefined && key !== undefined) pane.aim(key);
  }

  jumpToNewest(): void {
    const { pane } = this;
    const key = pane?.timeline().rows.at(-1)?.key;
    if (pane !== undefined && key !== undefined) pane.aim(key);
  }

  back(): boolean {
    const seq = this.#trail.at(-1);
    this.#trail = this.#trail.slice(0, -1);
    const { pane } = this;
    if (seq === undefined || pane === undefined) return false;
    this.attempt(() => pane.jump(seq).then(() => undefined));
    return true;
  }

  cancel(): boolean {
    return this.composing?.cancel() === true || this.#endSearch() || this.pane?.clearUnreadLine() === true;
  }

  readonly actions: Actions = actionsOf(this);

  /** Listeners are told once for all that changes in one turn. */
  #touch(): void {
    this.#snapshot = undefined;
    if (this.#telling || this.#closed) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
