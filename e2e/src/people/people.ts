import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileSource, OpenFileOptions, PrepareOptions } from '@gochat/client/files';
import type { HistoryItem, TextItem, WarningFact } from '@gochat/client/history';
import type { ChatEvent } from '@gochat/client/methods';
import { type OpenOptions, openChat, type Profile } from '@gochat/client/open';
import type { Content, FileContent } from '@gochat/crypto/content';
import { FolderFiles } from '@gochat/server/internal/files/folder';
import { openLmdb } from '@gochat/server/internal/log/lmdb/open';
import type { Assets } from '@gochat/server/internal/net/assets';
import type { ServerLimits } from '@gochat/server/internal/operate/limits';
import { openOperatorLog } from '@gochat/server/internal/operate/operator-log';
import { serve } from '@gochat/server/internal/serve';
import { WAIT_MS } from '../waits.ts';

export async function temporary(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'gochat-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export function silentLogger() {
  return openOperatorLog({ format: 'json', level: 'silent', showsMessages: false, out: process.stderr })
    .logger;
}

export interface TestServer {
  readonly port: number;
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a server on LMDB in this process. Stopped and started again with the same folder and port, it is the same server. @param files whether it stores any. @param assets the page, if it serves one */
export async function startServer(
  data: string,
  port = 0,
  { files = true, ...limits }: Partial<ServerLimits> & { readonly files?: boolean } = {},
  assets?: Assets,
): Promise<TestServer> {
  const server = await serve({
    engine: await openLmdb({ folder: data }),
    ...(files && { files: await FolderFiles.open({ folder: join(data, 'files') }) }),
    host: '127.0.0.1',
    port,
    limits,
    names: [{ host: '127.0.0.1' }],
    ...(assets && { assets }),
    logger: silentLogger(),
  });
  return { port: server.port, url: `tcp://127.0.0.1:${server.port}`, stop: () => server.close() };
}

/** A file that is in memory. @param parts into which its stream is cut */
export function fileOf(name: string, bytes: Uint8Array, type?: string, parts = 3): FileSource {
  const size = Math.max(1, Math.ceil(bytes.length / parts));
  return {
    name,
    bytes: bytes.length,
    ...(type !== undefined && { type }),
    async *stream() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    },
  };
}

/** A person with a profile. */
export class Someone {
  readonly name: string;
  readonly dir: string;
  readonly profile: Profile;
  readonly #events: ChatEvent[] = [];
  readonly #watchers = new Set<() => void>();

  private constructor(name: string, dir: string, profile: Profile) {
    this.name = name;
    this.dir = dir;
    this.profile = profile;
    profile.on((event) => {
      this.#events.push(event);
      for (const watcher of [...this.#watchers]) watcher();
    });
  }

  static async open(name: string, dir: string, options: Partial<OpenOptions> = {}): Promise<Someone> {
    return new Someone(name, dir, await openChat({ dir, ...options }));
  }

  /** Creates a room and an invite link. */
  async hosts(server: string, name = 'kitchen', uses?: number): Promise<{ room: string; link: string }> {
    const { id } = await this.profile.call('create', { name, as: this.name, server, waitMs: WAIT_MS });
    return { room: id, link: await this.invites(id, uses) };
  }

  async invites(room: string, uses?: number): Promise<string> {
    return (await this.profile.call('invite', { room, expiresMs: undefined, uses, waitMs: WAIT_MS })).link;
  }

  async joins(link: string): Promise<string> {
    return (await this.profile.call('join', { link, as: this.name, waitMs: WAIT_MS })).id;
  }

  /** Queues a message; {@link delivered} waits for it. */
  async says(room: string, text: string): Promise<string> {
    const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url');
    await this.profile.call('queue', { room, id, content: { kind: 'text', text } });
    return id;
  }

  /** Sends something, and waits until the server has it. @returns its id */
  async posts(room: string, content: Content): Promise<string> {
    const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url');
    await this.profile.call('queue', { room, id, content });
    await this.delivered(room, [id]);
    return id;
  }

  /** Queues a message with files. @returns its id */
  async queuesFiles(
    room: string,
    sources: readonly FileSource[],
    text = '',
    options: PrepareOptions = {},
  ): Promise<string> {
    const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url');
    const files: FileContent[] = [];
    for (const source of sources)
      files.push((await this.profile.files.prepare(room, source, options)).content);
    await this.profile.call('queue', { room, id, content: { kind: 'text', text, files } });
    return id;
  }

  /** @returns the bytes of a file of a message, by the message's id */
  async opens(room: string, id: string, index = 0, options: OpenFileOptions = {}): Promise<Buffer> {
    const item = (await this.messages(room)).find((message) => message.id === id) ?? { seq: '0', id };
    const parts: Uint8Array[] = [];
    for await (const part of this.profile.files.open(room, item, index, options)) parts.push(part);
    return Buffer.concat(parts);
  }

  async delivered(room: string, ids: readonly string[], waitMs = WAIT_MS): Promise<void> {
    const { waiting } = await this.profile.call('sent', { room, ids, waitMs });
    if (waiting > 0) throw new Error(`${waiting} messages of ${this.name} are still waiting`);
  }

  async syncs(room: string): Promise<void> {
    const { live, problem } = await this.profile.call('sync', { room, waitMs: WAIT_MS });
    if (!live) throw new Error(`${this.name} is not live: ${JSON.stringify(problem?.data)}`);
  }

  async history(room: string): Promise<HistoryItem[]> {
    const items: HistoryItem[] = [];
    for (let after = '0'; ; ) {
      const page = await this.profile.call('history', { room, after, limit: 500 });
      items.push(...page);
      const last = page.at(-1);
      if (last === undefined || page.length < 500) return items;
      after = last.seq;
    }
  }

  /** @returns all messages of the room as `name: text`, in order */
  async read(room: string): Promise<string[]> {
    return (await this.messages(room)).map((i) => `${i.from}: ${i.text}`);
  }

  async messages(room: string): Promise<TextItem[]> {
    return (await this.history(room)).filter((item) => item.kind === 'text');
  }

  /** The warnings that the room's history shows. */
  async warnings(room: string): Promise<WarningFact[]> {
    return (await this.history(room)).flatMap((item) => (item.kind === 'warning' ? [factOf(item)] : []));
  }

  /** Waits until the history contains this text. */
  async hears(room: string, text: string): Promise<void> {
    await this.until(
      async () => (await this.messages(room)).some((i) => i.text === text),
      `${this.name} hears "${text}"`,
    );
  }

  /** Calls `probe` after every event until it returns true. @throws Error when it doesn't in time */
  async until(probe: () => Promise<boolean>, what: string, withinMs = WAIT_MS): Promise<void> {
    const end = Date.now() + withinMs;
    while (!(await probe())) {
      if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
      await new Promise<void>((resolve) => {
        const done = () => {
          this.#watchers.delete(done);
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(done, 250);
        this.#watchers.add(done);
      });
    }
  }

  close(): Promise<void> {
    return this.profile.close();
  }
}

/** A warning without its place in the history. */
function factOf(item: Extract<HistoryItem, { kind: 'warning' }>): WarningFact {
  const {
    seq: _seq,
    sub: _sub,
    at: _at,
    from: _from,
    identity: _identity,
    own: _own,
    kind: _kind,
    ...fact
  } = item;
  return fact;
}
