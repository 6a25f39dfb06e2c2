import type { TextItem } from '@gochat/client/history';
import type {
  ChatEvent,
  DirectRequest,
  Linking,
  OwnKnock,
  ProfileEvent,
  RoomInfo,
} from '@gochat/client/methods';
import type { Profile } from '@gochat/client/profile-connection';
import { COMMAND_NAMES, type Commands } from '../commands/command.ts';
import type { DeviceDialogs } from '../dialogs/device-dialogs.ts';
import { DialogHost } from '../dialogs/dialog-host.ts';
import type { RoomViewModel } from '../room/room-view-model.ts';
import { EmojiLoader } from '../text/emoji.ts';
import { highlight } from '../text/highlight.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import type { ViewWords } from '../words/english.ts';
import type { Actions } from './actions.ts';
import type { Chat } from './chat.ts';
import { Flashes } from './flashes.ts';
import { LazyDialogs } from './lazy-dialogs.ts';
import { Messages } from './messages.ts';
import { Midnight } from './midnight.ts';
import { Navigation } from './navigation.ts';
import { noticeOf } from './notifications.ts';
import type { Platform } from './platform.ts';
import { PreferenceStore, RECOVERY_OFFERED } from './preferences.ts';
import { isOfRoom, RoomList } from './room-list.ts';
import type { Snapshot } from './snapshot.ts';
import { SnapshotBuilder } from './snapshot-builder.ts';
import type { View } from './view.ts';

export interface ViewOptions {
  readonly profile: Profile;
  readonly platform: Platform;
  readonly words: ViewWords;
  /** Where rooms are created unless another server is named. */
  readonly server: string;
  /** The room to open first, by id; the one that was open last when undefined. */
  readonly room?: string;
  /** Loads what the screen draws rooms and dialogs with. When given, a profile without rooms is shown before they are loaded. */
  readonly loadScreen?: () => Promise<unknown>;
}

/** Loads the profile's rooms, follows them, and keeps a snapshot of them. @throws ChatError */
export async function createView(options: ViewOptions): Promise<View> {
  const chat = new ChatViewModel(options);
  await chat.start();
  return chat;
}

/** A profile's rooms on one screen. */
class ChatViewModel implements View, Chat {
  readonly profile: Profile;
  readonly platform: Platform;
  readonly words: ViewWords;
  readonly server: string;
  readonly preferences: PreferenceStore;
  readonly dialogs: DialogHost;
  readonly flashes: Flashes;
  readonly rooms: RoomList;
  readonly navigation: Navigation;
  readonly messages: Messages;
  readonly commands: Commands;
  readonly emoji: EmojiLoader;
  readonly #lazy: LazyDialogs;
  readonly #mayBeLazy: boolean;
  readonly #firstRoom: string | undefined;
  readonly #snapshots = new SnapshotBuilder();
  readonly #listeners = new Set<() => void>();
  /** Events that arrived before the profile was loaded. */
  #early: ChatEvent[] | undefined = [];
  /** Keys of devices that none of the person's devices has taken in. */
  #strangers: ReadonlySet<string> = new Set();
  /** The ids of requests that nobody has decided. */
  #requests: ReadonlySet<string> = new Set();
  /** The rooms into which this person waits to be let. */
  #knocking: readonly OwnKnock[] = [];
  #identity = '';
  #snapshot: Snapshot | undefined;
  #notifying = false;
  #closed = false;
  #offersRecovery = false;
  #midnight: Midnight | undefined;
  #stopListening: () => void = () => undefined;

  constructor({ profile, platform, words, server, room, loadScreen }: ViewOptions) {
    this.#lazy = new LazyDialogs(this, loadScreen ?? (async () => undefined));
    this.#mayBeLazy = loadScreen !== undefined;
    this.profile = profile;
    this.platform = platform;
    this.words = words;
    this.server = server;
    this.#firstRoom = room;
    const changed = () => this.#touch();
    this.flashes = new Flashes(platform, words, changed);
    this.preferences = new PreferenceStore(profile, () => {
      this.rooms.recontext();
      changed();
    });
    this.dialogs = new DialogHost(this.flashes, changed);
    this.emoji = new EmojiLoader(() => {
      this.rooms.recontext();
      changed();
    });
    this.rooms = new RoomList({
      open: async (parts, info) => (await this.#lazy.load()).code.RoomViewModel.open(parts, info),
      profile,
      platform,
      words,
      preferences: this.preferences,
      emoji: this.emoji.named,
      roomName: (id) => {
        const room = this.rooms.get(id);
        return room && sanitizeLine(room.info.name);
      },
      changed,
      news: (of, items) => this.#notify(of, items),
      failed: (error) => this.flashes.failed(error),
    });
    const parts = { profile, words, rooms: this.rooms, flashes: this.flashes, changed };
    this.navigation = new Navigation({
      ...parts,
      preferences: this.preferences,
      dialogs: this.dialogs,
      search: (...of) => new this.#lazy.code.SearchViewModel(...of),
    });
    this.commands = this.#lazy.commands;
    const { navigation, commands, emoji } = this;
    this.messages = new Messages({
      ...parts,
      platform,
      navigation,
      commands,
      emoji,
      files: { files: profile.files, makePreview: platform.files.makePreview, paths: platform.files.paths },
      compose: (of) => new this.#lazy.code.ComposerViewModel(of),
      sent: () => this.#offerRecovery(),
      tooLong: (of) => this.#lazy.use((code) => code.askTooLong(this, of)),
    });
  }

  async start(): Promise<void> {
    this.#stopListening = this.profile.on((event) => this.#take(event));
    const loading = this.#lazy.load();
    // What needs them reports why they can't be loaded.
    loading.catch(() => undefined);
    const [{ identity }, preferences, rooms, knocking] = await Promise.all([
      this.profile.call('whoami', {}),
      this.profile.call('preferences', {}),
      this.profile.call('rooms', {}),
      this.profile.call('knocking', {}),
    ]);
    this.#identity = identity;
    this.#knocking = knocking;
    this.preferences.replace(preferences);
    if (rooms.length > 0 || !this.#mayBeLazy) await loading;
    for (const info of rooms) await this.rooms.add(info);
    if (rooms.length > 0) {
      const requests = await this.profile.call('requests', {});
      this.#requests = new Set(requests.map(({ id }) => id));
    }
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const event of early) this.#take(event);
    const first = this.rooms.get(this.#firstRoom ?? preferences.screen.room) ?? this.rooms.all[0];
    if (first !== undefined) this.navigation.open(first.info.id);
    this.#midnight = new Midnight(this.platform, this.words.clock, () => this.#touch());
    const { removed } = preferences;
    if (removed !== undefined) this.#withDevices((devices) => devices.wasRemoved(removed));
    this.flashes.attempt(async () => {
      const linking = await this.profile.call('linking', {});
      if (linking.stage !== 'none') this.#resumeLinking(linking);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stopListening();
    this.#midnight?.close();
    this.flashes.close();
    this.messages.close();
    await this.rooms.close();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  getSnapshot(): Snapshot {
    this.#snapshot ??= this.#snapshots.build({
      identity: this.#identity,
      rooms: this.rooms.all,
      open: this.navigation.room,
      composer: this.messages.composer,
      search: this.navigation.search,
      dialog: this.dialogs.dialog,
      flash: this.flashes.current,
      preferences: this.preferences.current,
      strangers: this.#strangers,
      requests: this.#requests.size,
      knocking: this.#knocking,
      words: this.words,
      commands: this.commands,
    });
    return this.#snapshot;
  }

  #take(event: ChatEvent): void {
    if (this.#early !== undefined) this.#early.push(event);
    else if (this.#closed) return;
    else if (event.kind === 'preferences') this.preferences.replace(event.preferences);
    else if (!isOfRoom(event)) this.#takeOfDevices(event);
    else if (!this.#lazy.isLoaded) this.#lazy.use(() => this.#take(event));
    else {
      if (event.kind === 'room') this.#noteKnocks(event.room);
      this.rooms.take(event);
      if (event.kind === 'expired') this.#expire(event);
      if (event.kind === 'notes') this.messages.follow(event.room);
      if (event.kind === 'file') this.#lazy.use((_code, { files }) => files.refresh());
    }
  }

  #expire({ room, until }: Extract<ChatEvent, { kind: 'expired' }>): void {
    this.messages.expire(room, until);
    this.platform.closeNotice?.(room, until);
  }

  #takeOfDevices(event: Exclude<ProfileEvent, { kind: 'preferences' }>): void {
    if (event.kind === 'linking') {
      // After a start the digits are known only once the device is online again.
      if (event.linking.stage === 'removed' || event.linking.stage === 'digits')
        this.#resumeLinking(event.linking);
      return;
    }
    if (event.kind === 'requests') {
      this.#takeRequests(event.requests);
      return;
    }
    if (event.kind === 'knocking') {
      this.#takeKnocking(event.knocking);
      return;
    }
    const before = this.#strangers;
    this.#strangers = new Set(event.devices.filter(({ unknown }) => unknown).map(({ key }) => key));
    this.#touch();
    if ([...this.#strangers].some((key) => !before.has(key))) this.#withDevices((devices) => devices.warn());
  }

  /** What goes on may be another thing once the dialogs are loaded. */
  #resumeLinking({ stage }: Linking): void {
    this.#withDevices((devices) => {
      // A dialog that is in front may show them already, or be the one that asked for them.
      if (stage !== 'digits' || this.dialogs.dialog === undefined) devices.resume();
    });
  }

  /** Somebody else waits to be let into a room. */
  #noteKnocks({ id, name, knocks }: RoomInfo): void {
    const known = this.rooms.get(id)?.info.knocks ?? 0;
    if (knocks <= known) return;
    const { notification, knocked } = this.words.text.status;
    const body = knocked(sanitizeLine(name));
    this.flashes.good(body);
    this.platform.notify({ title: notification.title, body, room: id, mention: true });
  }

  #takeKnocking(knocking: readonly OwnKnock[]): void {
    const before = this.#knocking;
    this.#knocking = knocking;
    this.#touch();
    const { notification, notLetIn } = this.words.text.status;
    for (const one of before) {
      const now = knocking.find(({ room }) => room === one.room)?.state;
      if (now === undefined) this.flashes.attempt(() => this.#endsWaiting(one));
      if (now === one.state || (now !== 'declined' && now !== 'ended')) continue;
      const body = notLetIn(sanitizeLine(one.name));
      this.flashes.bad(body);
      this.platform.notify({ title: notification.title, body, room: '', mention: true });
    }
  }

  /** Whoever no longer waits is in the room, or has cancelled. */
  async #endsWaiting({ room, name }: OwnKnock): Promise<undefined> {
    const rooms = await this.profile.call('rooms', {});
    if (!rooms.some(({ id, status }) => id === room && status === 'active')) return;
    const { notification, letIn } = this.words.text.status;
    const body = letIn(sanitizeLine(name));
    if (this.navigation.room === undefined && this.dialogs.dialog === undefined)
      await this.navigation.enter(room);
    this.flashes.good(body);
    this.platform.notify({ title: notification.title, body, room, mention: true });
  }

  #takeRequests(requests: readonly DirectRequest[]): void {
    const before = this.#requests;
    this.#requests = new Set(requests.map(({ id }) => id));
    this.#touch();
    const news = requests.filter(({ id }) => !before.has(id)).at(-1);
    if (news === undefined) return;
    const { notification, asks } = this.words.text.status;
    const body = asks(sanitizeLine(news.name));
    this.flashes.good(body, { name: 'requests', label: this.commands.named('requests')?.label ?? '' });
    this.platform.notify({ title: notification.title, body, room: news.room, mention: true });
  }

  /** Once for a profile. */
  #offerRecovery(): void {
    if (this.#offersRecovery || this.preferences.current.screen[RECOVERY_OFFERED] !== undefined) return;
    this.#offersRecovery = true;
    this.#withDevices((devices) => void devices.offerRecovery());
  }

  #withDevices(act: (devices: DeviceDialogs) => void): void {
    this.#lazy.use((code) => this.flashes.attempt(async () => act(await code.deviceDialogs(this))));
  }

  #notify(room: RoomViewModel, news: readonly TextItem[]): void {
    if (this.navigation.isLooking && room === this.navigation.room) return;
    const notice = noticeOf(room, news, this.words, this.preferences.current);
    if (notice !== undefined) this.platform.notify(notice);
  }

  #cancel(): boolean {
    const { room } = this.navigation;
    const hasEnded =
      this.messages.composer?.cancel() === true ||
      this.navigation.endSearch() ||
      room?.closeThread() === true;
    // It is no state that the key would have to end first.
    if (!hasEnded) room?.reading.clearUnreadLine();
    return hasEnded;
  }

  /** What the person does ends the line about what was done before. */
  readonly actions: Actions = {
    open: (room) => {
      this.flashes.end();
      this.navigation.open(room);
    },
    step: (by, which) => this.navigation.step(by, which),
    openLink: (link) => this.#lazy.use((code) => code.openLink(this, link)),
    type: (text, cursor) => this.messages.composer?.type(text, cursor),
    send: () => {
      this.flashes.end();
      this.messages.send();
    },
    complete: (index) => this.messages.composer?.complete(index),
    select: (by) => this.messages.composer?.select(by),
    paste: (text, cursor) => this.#lazy.use((code) => code.paste(this, text, cursor)),
    attach: (files) => {
      this.flashes.end();
      this.#lazy.use((code) => code.attach(this, files));
    },
    tray: (key, change) => {
      const { composer } = this.messages;
      if (change === 'remove') composer?.tray.remove(key);
      else if (change === 'retry') composer?.tray.retry(key);
      else {
        const why = composer?.tray.describe(key, change.alt) ?? '';
        if (why !== '') this.flashes.bad(why);
      }
    },
    attached: (key) => this.messages.composer?.tray.file(key),
    sendAsFile: () => {
      this.flashes.end();
      this.#lazy.use((code) => code.sendAsFile(this));
    },
    file: (row, index, act) => {
      this.flashes.end();
      this.#lazy.use((_code, { files }) => files.act(row, index, act));
    },
    picture: async (row, index, which) => (await this.#lazy.load()).files.picture(row, index, which),
    recording: async (row, index) => (await this.#lazy.load()).files.recording(row, index),
    editLast: () => this.messages.editLast(),
    recall: (by) => this.messages.composer?.recall(by) ?? false,
    cancel: () => this.#cancel(),
    run: (command, args, row) => {
      this.flashes.end();
      const name = COMMAND_NAMES.find((known) => known === command);
      if (name !== undefined) this.commands.run(name, args, row);
      else this.flashes.bad(this.words.text.flashes.unknownCommand(sanitizeLine(command)));
    },
    menu: (row) => this.#lazy.use((code) => code.showMenu(this, row)),
    react: (row, emoji) => {
      this.flashes.end();
      const item = this.navigation.room?.message(row);
      if (item !== undefined)
        this.#lazy.use((code) => this.flashes.attempt(() => code.react(this, item, emoji)));
    },
    copy: (text) => this.flashes.copy(text, this.words.text.flashes.copied),
    jump: (seq) => this.navigation.jump(seq),
    back: () => this.navigation.back(),
    jumpToNewest: () => this.navigation.jumpToNewest(),
    jumpToUnread: () => this.navigation.jumpToUnread(),
    loadEarlier: () => {
      const { room } = this.navigation;
      if (room !== undefined) this.flashes.attempt(() => room.loadEarlier());
    },
    seen: (row) => {
      if (this.navigation.isLooking) this.navigation.room?.seen(row);
    },
    look: (looking) => this.navigation.look(looking),
    highlight: (language, code) => highlight(language, code).catch(() => undefined),
    search: (text) => this.navigation.find(text),
    searchMore: () => void this.navigation.search?.more(),
    hit: (by) => this.navigation.search?.hit(by),
    member: (identity) => this.#lazy.use((code) => code.showMember(this, identity)),
    submit: (values) => this.dialogs.submit(values),
    pick: (name) => this.dialogs.pick(name),
    filter: (text) => this.dialogs.filter(text),
    close: () => this.dialogs.leave(),
    set: (name, value) => this.flashes.attempt(() => this.preferences.changeScreen({ [name]: value })),
  };

  /** Listeners are notified once for all changes of one turn. */
  #touch(): void {
    this.#snapshot = undefined;
    if (this.#notifying || this.#closed) return;
    this.#notifying = true;
    queueMicrotask(() => {
      this.#notifying = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
