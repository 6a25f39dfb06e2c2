import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChat, type Profile } from '@gochat/client/open';
import { FolderFiles } from '@gochat/server/internal/files/folder';
import { openLmdb } from '@gochat/server/internal/log/lmdb/open';
import { openOperatorLog } from '@gochat/server/internal/operate/operator-log';
import { serve } from '@gochat/server/internal/serve';
import { createView } from '@gochat/view/chat-view-model';
import type { Dialog } from '@gochat/view/dialog';
import type { ViewWords } from '@gochat/view/english';
import type { Notice, Platform } from '@gochat/view/platform';
import { NO_FILES, type PlatformFiles } from '@gochat/view/platform-files';
import type { MessageRow, Row } from '@gochat/view/row';
import type { RoomScreen, Snapshot } from '@gochat/view/snapshot';
import { terminalEnglish } from '@gochat/view/terminal-words';
import type { View } from '@gochat/view/view';
import { Words } from '@gochat/view/words';
import { WAIT_MS } from '../waits.ts';

/** Its connections are those of a terminal, and so are their errors. */
const ENGLISH = new Words('en-GB', terminalEnglish, 'UTC');

/** Records what the view-model asked of its platform. */
export class Surroundings implements Platform {
  readonly writingKeys = [];
  readonly settings = [];
  readonly deviceName = 'Viewer';
  readonly copied: string[] = [];
  readonly notices: Notice[] = [];
  readonly opened: string[] = [];
  files: PlatformFiles = NO_FILES;
  file: { name: string; text: string } | undefined;
  quits = 0;
  /** By how much its clock is ahead. */
  #ahead = 0;
  readonly #timers = new Map<NodeJS.Timeout, { readonly at: number; run(): void }>();

  now(): number {
    return Date.now() + this.#ahead;
  }

  after(ms: number, run: () => void): () => void {
    const end = () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
    const timer = setTimeout(() => {
      end();
      run();
    }, ms);
    this.#timers.set(timer, { at: this.now() + ms, run });
    return end;
  }

  /** Moves its clock on, and runs the timers that are due by then. */
  passes(ms: number): void {
    this.#ahead += ms;
    for (const [timer, { at, run }] of [...this.#timers]) {
      if (at > this.now()) continue;
      clearTimeout(timer);
      this.#timers.delete(timer);
      run();
    }
  }

  async copy(text: string): Promise<boolean> {
    this.copied.push(text);
    return true;
  }

  openLink(href: string): void {
    this.opened.push(href);
  }

  notify(notice: Notice): void {
    this.notices.push(notice);
  }

  async pickText(): Promise<{ name: string; text: string } | undefined> {
    return this.file;
  }

  async keepsProfile(): Promise<boolean> {
    return true;
  }

  quit(): void {
    this.quits += 1;
  }

  keysOf(command: string): string {
    return `key of ${command}`;
  }

  close(): void {
    for (const timer of this.#timers.keys()) clearTimeout(timer);
  }
}

export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  stop(): Promise<void>;
}

/** A server in this process; on the folder and port of one that was stopped it is the same server. */
export async function startServer(before?: TestServer): Promise<TestServer> {
  const folder = before?.folder ?? (await mkdtemp(join(tmpdir(), 'gochat-server-')));
  const server = await serve({
    engine: await openLmdb({ folder }),
    files: await FolderFiles.open({ folder: join(folder, 'files') }),
    host: '127.0.0.1',
    port: before?.port ?? 0,
    names: [{ host: '127.0.0.1' }],
    logger: openOperatorLog({ format: 'json', level: 'silent', showsMessages: false, out: process.stderr })
      .logger,
  });
  return { folder, port: server.port, url: `tcp://127.0.0.1:${server.port}`, stop: () => server.close() };
}

/** A person with a view-model and no screen. */
export class Viewer {
  readonly name: string;
  readonly dir: string;
  readonly server: string;
  readonly #words: ViewWords;
  surroundings = new Surroundings();
  profile: Profile;
  view: View;

  private constructor(
    name: string,
    dir: string,
    server: string,
    words: ViewWords,
    profile: Profile,
    surroundings: Surroundings,
    view: View,
  ) {
    this.name = name;
    this.dir = dir;
    this.server = server;
    this.#words = words;
    this.profile = profile;
    this.surroundings = surroundings;
    this.view = view;
  }

  static async open(name: string, server: string, words: ViewWords = ENGLISH): Promise<Viewer> {
    const dir = await mkdtemp(join(tmpdir(), 'gochat-view-'));
    const profile = await openChat({ dir });
    const surroundings = new Surroundings();
    const view = await createView({ profile, platform: surroundings, words, server });
    return new Viewer(name, dir, server, words, profile, surroundings, view);
  }

  /** Closes the program and starts it again. */
  async restart(): Promise<void> {
    await this.stop();
    this.profile = await openChat({ dir: this.dir });
    this.surroundings = new Surroundings();
    this.view = await createView({
      profile: this.profile,
      platform: this.surroundings,
      words: this.#words,
      server: this.server,
    });
  }

  async stop(): Promise<void> {
    await this.view.close();
    this.surroundings.close();
    await this.profile.close();
  }

  async leaveForGood(): Promise<void> {
    await this.stop();
    await rm(this.dir, { recursive: true, force: true });
  }

  get screen(): Snapshot {
    return this.view.getSnapshot();
  }

  get room(): RoomScreen {
    const { room } = this.screen;
    if (room === undefined) throw new Error(`${this.name} has no room open`);
    return room;
  }

  get rows(): readonly Row[] {
    return this.room.timeline.rows;
  }

  /** Waits until the screen shows it. @returns what was found. */
  async sees<T>(what: string, look: (screen: Snapshot) => T | undefined | false): Promise<T> {
    const end = Date.now() + WAIT_MS;
    for (;;) {
      const found = look(this.screen);
      if (found !== undefined && found !== false) return found;
      if (Date.now() > end) throw new Error(`${this.name} waited in vain to see ${what}: ${this.summary()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, 200);
        const stop = this.view.subscribe(done);
        function done() {
          stop();
          clearTimeout(timer);
          resolve();
        }
      });
    }
  }

  /** A summary of the screen, for error messages. */
  summary(): string {
    const { flash, dialog, connection, room } = this.screen;
    const rows = room?.timeline.rows.map((row) => row.spoken);
    return JSON.stringify({ flash, dialog, connection, rows });
  }

  /** Waits for a message of this text. */
  reads(text: string): Promise<MessageRow> {
    return this.sees(`“${text}”`, () => this.message(text));
  }

  /** Waits until an own message of this text is in the log. Before that it can't be changed. */
  hasSent(text: string): Promise<MessageRow> {
    return this.sees(`“${text}” sent`, () => {
      const row = this.message(text);
      return row?.delivery === 'waiting' ? undefined : row;
    });
  }

  message(text: string): MessageRow | undefined {
    return this.rows.findLast((row): row is MessageRow => row.kind === 'message' && row.source === text);
  }

  dialog<K extends Dialog['kind']>(kind: K): Promise<Extract<Dialog, { kind: K }>> {
    return this.sees(`a ${kind}`, ({ dialog }) =>
      dialog?.kind === kind ? (dialog as Extract<Dialog, { kind: K }>) : undefined,
    );
  }

  says(text: string): void {
    this.view.actions.type(text, text.length);
    this.view.actions.send();
  }

  /** Makes a room. @returns an invite link to it. */
  async creates(room: string): Promise<string> {
    const { actions } = this.view;
    actions.run('create');
    await this.dialog('form');
    actions.submit({ name: room, as: this.name, server: this.server });
    const invite = await this.sees('an invite link', ({ dialog }) =>
      dialog?.kind === 'invite' && dialog.link !== '' ? dialog : undefined,
    );
    actions.close();
    return invite.link;
  }

  async joins(link: string): Promise<void> {
    const { actions } = this.view;
    actions.openLink(link);
    await this.sees(
      'whom the link invites to what',
      ({ dialog }) => dialog?.kind === 'form' && dialog.fields.some(({ name }) => name === 'as'),
    );
    actions.submit({ as: this.name });
    await this.sees(
      'the room',
      ({ room, dialog, connection }) =>
        room !== undefined && dialog === undefined && connection.state === 'live',
    );
  }
}

/** A server with a room of these people, the first of whom made it. */
export async function gather(names: readonly string[], room = 'kitchen', words: ViewWords = ENGLISH) {
  const server = await startServer();
  const [first, ...others] = await Promise.all(names.map((name) => Viewer.open(name, server.url, words)));
  if (first === undefined) throw new Error('a room needs somebody');
  const link = await first.creates(room);
  for (const other of others) await other.joins(link);
  const people = [first, ...others];
  for (const person of people)
    await person.sees('everybody', ({ room: open }) => open?.members.length === people.length);
  const end = async () => {
    for (const person of people) await person.leaveForGood();
    await server.stop();
    await rm(server.folder, { recursive: true, force: true });
  };
  return { server, people, link, end };
}
