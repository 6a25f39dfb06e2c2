import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { chmod, mkdtemp, rm, symlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The name of the socket in the data folder. */
const CONTROL_SOCKET = 'control.sock';

/** Answers a request. What it throws is answered with 500 and the message of the error. */
export type Command = (response: ServerResponse) => Promise<void>;

/** Few clients are expected: commands of the operator. */
const MAX_CONNECTIONS = 4;

/** Linux allows 107 bytes, macOS 103. */
const MAX_PATH_BYTES = 100;

/**
 * Serves commands of the operator to processes on this machine: HTTP on a UNIX socket in the data folder, which only the server's
 * user and root can use. A command is a `POST` to its path. Answers are a line of JSON, for errors `{"error": "…"}`.
 */
export class ControlSocket {
  readonly #path: string;
  readonly #server: Server;
  readonly #commands: ReadonlyMap<string, Command>;
  readonly #running = new Set<Promise<void>>();

  private constructor(path: string, commands: ReadonlyMap<string, Command>) {
    this.#path = path;
    this.#commands = commands;
    this.#server = createServer(
      { maxHeaderSize: 8 * 1024, requestTimeout: 10_000 },
      (request, response) => void this.#take(request, response),
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /**
   * Replaces the socket of a server that was killed: this process must hold the lock of the folder.
   * @param commands by path, such as `/backup`
   * @throws the system's error
   */
  static async open(folder: string, commands: ReadonlyMap<string, Command>): Promise<ControlSocket> {
    const path = controlSocketOf(folder);
    await rm(path, { force: true });
    const socket = new ControlSocket(path, commands);
    await withShortPath(folder, (short) => socket.#listen(short));
    return socket;
  }

  /** Ends all connections at once. Resolves when the commands that were running have ended. */
  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    rmSync(this.#path, { force: true });
    await Promise.all(this.#running);
  }

  async #listen(path: string): Promise<void> {
    this.#server.listen(path);
    await once(this.#server, 'listening');
    // A connection that can't be accepted, because no descriptor is left, ends on the other side, too.
    this.#server.on('error', () => undefined);
    await chmod(path, 0o600);
  }

  async #take({ method, url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    const command = this.#commands.get(url);
    if (command === undefined) answer(response, 404, { error: `this server has no command ${url}` });
    else if (method !== 'POST') answer(response, 405, { error: 'use POST' }, { Allow: 'POST' });
    else {
      const run = command(response).catch((error: unknown) => fail(response, error));
      this.#running.add(run);
      await run;
      this.#running.delete(run);
    }
  }
}

export function controlSocketOf(folder: string): string {
  return join(folder, CONTROL_SOCKET);
}

/** Ends the response. */
export function answer(
  response: ServerResponse,
  status: number,
  body: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): void {
  answerLine(response, status, body, headers);
  response.end();
}

/** Writes a line, and leaves the response open. */
export function answerLine(
  response: ServerResponse,
  status: number,
  body: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close', ...headers });
  response.write(`${JSON.stringify(body)}\n`);
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else answer(response, 500, { error: error instanceof Error ? error.message : String(error) });
}

/** Calls `use` with a path to the socket that is short enough for a socket: if its own is too long, through a temporary link to the folder. */
export async function withShortPath<Result>(
  folder: string,
  use: (path: string) => Promise<Result>,
): Promise<Result> {
  const path = controlSocketOf(folder);
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return use(path);
  const temporary = await mkdtemp(join(tmpdir(), 'gochat-'));
  try {
    const link = join(temporary, 'data');
    await symlink(resolve(folder), link);
    return await use(controlSocketOf(link));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
