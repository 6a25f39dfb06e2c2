import { type PassFor, signFilePass } from '@gochat/crypto/file';
import type { FileId } from '@gochat/protocol/fields';
import { formatFilePass } from '@gochat/protocol/file-pass';
import { ChatError, type ErrorData } from '../api/chat-error.ts';
import type { ServerConnection } from '../net/server-connection.ts';
import type { RoomSession } from '../room/room-session.ts';
import { startTimer } from '../schedule/timer.ts';
import type { FilePlace } from './file-place.ts';
import type { FileAnswer, FileRequest } from './transfer.ts';

/** A pass that expires sooner is not used any more: a chunk may take some time. */
const EXPIRES_MS = 5 * 60_000;
const PASSES_KEPT = 16;
/** How long a refused device waits for the handshake that has retired its key. */
const RETIRED_MS = 10_000;
/** A wait that the server asks for, and that a request bears, and how often. */
const SOON_MS = 2_000;
const TRIES = 5;

interface Signed {
  readonly header: string;
  readonly key: string;
  readonly until: number;
}

/** A request on a file of a room, without its pass. */
export type DoorRequest = Omit<FileRequest, 'authorization'>;

/** The files of one room on its server: signs the passes with this device's present access key. */
export class FileDoor {
  readonly #session: RoomSession;
  readonly #server: ServerConnection;
  readonly #place: FilePlace;
  readonly #passes = new Map<string, Signed>();

  constructor(session: RoomSession, server: ServerConnection, place: FilePlace) {
    this.#session = session;
    this.#server = server;
    this.#place = place;
  }

  /**
   * When a retirement has ended the key, the request is made again with the next one.
   * @throws AddressError, DialError; ChatError when there is no connection, or this device may not
   */
  async ask(wanted: PassFor, request: DoorRequest): Promise<FileAnswer> {
    const transfer = await this.#place.transfer();
    for (let tries = 1; ; tries += 1) {
      const { key } = this.#session.room;
      const authorization = this.#pass(wanted);
      const { server } = this.#session.meta;
      const answer = await transfer.ask(server, this.#server.circuit, { ...request, authorization });
      if (answer.status === 403) {
        this.#passes.delete(nameOf(wanted));
        if (!(await this.#hasOtherKey(key))) return answer;
      } else if (isBusy(answer) && tries < TRIES) {
        await new Promise((resolve) => startTimer(answer.retryAfterMs, () => resolve(undefined)));
      } else return answer;
    }
  }

  /**
   * Uploads a chunk, or finds it there.
   * @param file with its size, and the hash of the secret that deletes it. @throws as {@link ask}; FileRefused
   */
  async put(
    file: { readonly id: FileId; readonly bytes: number; readonly discard?: string },
    chunk: number,
    body: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    const { id, bytes, discard } = file;
    const answer = await this.ask(
      { verb: 'put', id, bytes, ...(discard !== undefined && { discard }) },
      { method: 'PUT', path: `/files/${id}/${chunk}`, body },
    );
    if (answer.status !== 200 && answer.status !== 201) throw refusalOf(answer);
  }

  #pass(wanted: PassFor): string {
    const { connection, problem, address } = this.#server;
    if (connection === undefined)
      throw problem ?? new ChatError({ reason: 'server-unreachable', server: address });
    const { room } = this.#session;
    const now = connection.serverNow();
    const name = nameOf(wanted);
    const known = this.#passes.get(name);
    if (known?.key === room.key && known.until - now > EXPIRES_MS) return known.header;
    const pass = signFilePass(room, wanted, { origin: connection.dialled.origin, now });
    if (pass === undefined) throw new ChatError({ reason: 'admin-key-missing' });
    const header = formatFilePass(pass);
    this.#passes.delete(name);
    this.#passes.set(name, { header, key: room.key, until: pass.until });
    const [oldest] = this.#passes.keys();
    if (this.#passes.size > PASSES_KEPT && oldest !== undefined) this.#passes.delete(oldest);
    return header;
  }

  async #hasOtherKey(key: string): Promise<boolean> {
    const session = this.#session;
    const isOther = () => session.room.key !== key && session.room.status === 'active';
    await session.condition.until(() => isOther() || session.ended !== undefined || undefined, RETIRED_MS);
    return isOther();
  }
}

function nameOf({ verb, id }: PassFor): string {
  return `${verb} ${id}`;
}

/** Whether the server can do it in a moment. */
function isBusy({ status, retryAfterMs }: FileAnswer): boolean {
  return (status === 429 || status === 503) && retryAfterMs > 0 && retryAfterMs <= SOON_MS;
}

/** The server does not do what it was asked. */
export class FileRefused extends ChatError {
  /** How long it asks to wait. */
  readonly retryAfterMs: number;
  constructor(data: ErrorData, retryAfterMs: number) {
    super(data);
    this.retryAfterMs = retryAfterMs;
  }
}

/** @param until how long the server said that it keeps the file */
export function refusalOf(answer: FileAnswer, until?: number): FileRefused {
  return new FileRefused(reasonOf(answer, until), answer.retryAfterMs);
}

function reasonOf({ status, body }: FileAnswer, until: number | undefined): ErrorData {
  const text = saidBy(body);
  const said = text === undefined ? {} : { said: text };
  if (status === 404) return { reason: 'file-gone', ...(until !== undefined && { until }) };
  if (status === 507) return { reason: 'files-full' };
  if (status === 429) return { reason: 'server-busy', error: 'rate-limited', ...said };
  if (status === 403) return { reason: 'server-refused', error: 'refused', ...said };
  return { reason: 'file-refused', status, ...said };
}

function saidBy(body: Uint8Array): string | undefined {
  try {
    const answer: unknown = JSON.parse(new TextDecoder().decode(body));
    if (typeof answer !== 'object' || answer === null || !('message' in answer)) return undefined;
    return typeof answer.message === 'string' ? answer.message : undefined;
  } catch {
    return undefined;
  }
}
