import type { RoomId } from '@gochat/protocol/fields';
import pino, { type Logger } from 'pino';
import type { Entry } from '../log/log.ts';
import type { BroadcastObserver } from '../room/broadcast-observer.ts';
import type { LogLevel } from './serve-options.ts';

export interface Output {
  write(text: string): unknown;
  /** Reports later how many texts could not be written, once others can. */
  reportMissing?(report: (count: number) => void): void;
}

/** What is kept of a log that can't be written at the moment. */
const MOST_PENDING_BYTES = 1024 * 1024;
const FLUSH_MS = 1000;

/**
 * Writes to an open file without waiting: a full disk, a reader that is gone or a stopped terminal must not hold up or end the server.
 * What can't be written is tried again with the next line, up to 1 MiB of it.
 */
export class LogOutput implements Output {
  readonly #to: ReturnType<typeof pino.destination>;
  #missing = 0;

  /** @param fd a file descriptor */
  constructor(fd: number) {
    this.#to = pino.destination({ fd, sync: false, maxLength: MOST_PENDING_BYTES });
    // At the exit it would try to write to a full disk for ever.
    Object.assign(this.#to, { flushSync: () => undefined });
    this.#to.on('error', () => undefined);
    this.#to.on('drop', () => {
      this.#missing += 1;
    });
  }

  write(text: string): void {
    this.#to.write(text);
  }

  reportMissing(report: (count: number) => void): void {
    this.#to.on('write', () => {
      const count = this.#missing;
      this.#missing = 0;
      if (count > 0) report(count);
    });
  }

  /** Waits until all is written, at most a second. */
  async flush(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FLUSH_MS);
    });
    const flushed = new Promise<void>((resolve) => this.#to.flush(() => resolve()));
    await Promise.race([flushed, late]);
    clearTimeout(timer);
  }
}

export interface OperatorLogOptions {
  readonly format: 'pretty' | 'json';
  readonly level: LogLevel;
  readonly showsMessages: boolean;
  readonly out: Output;
  /** The number of this node, if one machine runs several: a field of each line, other than those of messages in the format `pretty`. */
  readonly node?: number;
}

export interface OperatorLog {
  readonly logger: Logger;
  /** Logs each message; undefined when it should not. */
  readonly observer: BroadcastObserver | undefined;
}

const CIPHERTEXT_CHARS = 40;
/** A pretty line has up to 100 columns. */
const PRETTY_CIPHERTEXT_CHARS = 24;
const PRETTY_ROOM_CHARS = 8;

/** Opens the log of what the server does. Its observer logs each message as the server sees it, with the ciphertext shortened. */
export function openOperatorLog({
  format,
  level,
  showsMessages,
  out,
  node,
}: OperatorLogOptions): OperatorLog {
  const logger = pino(
    {
      level,
      base: node === undefined ? null : { node },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    format === 'json'
      ? { write: (line: string) => out.write(line) }
      : { write: (line: string) => out.write(prettyLine(line)) },
  );
  out.reportMissing?.((lines) =>
    logger.warn({ lines }, 'lines are missing here, which could not be written'),
  );
  const observers = { json: new JsonMessageLog(logger), pretty: new PrettyMessageLog(out) };
  const logsMessages = showsMessages && logger.isLevelEnabled('info');
  return { logger, observer: logsMessages ? observers[format] : undefined };
}

class JsonMessageLog implements BroadcastObserver {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  broadcast(room: RoomId, { kind, pos, body }: Entry, connections: number): void {
    this.#logger.info(
      {
        room,
        seq: String(pos),
        kind,
        bytes: body.length,
        ciphertext: shortened(body, CIPHERTEXT_CHARS),
        connections,
      },
      reach(connections),
    );
  }
}

class PrettyMessageLog implements BroadcastObserver {
  readonly #out: Output;

  constructor(out: Output) {
    this.#out = out;
  }

  broadcast(room: RoomId, { kind, pos, at, body }: Entry, connections: number): void {
    this.#out.write(
      `${clock(new Date(at))} ${kind.padEnd(9)} ${room.slice(0, PRETTY_ROOM_CHARS)} ${pos}  ${shortened(body, PRETTY_CIPHERTEXT_CHARS)}  ${body.length} bytes, ${reach(connections)}\n`,
    );
  }
}

function reach(connections: number): string {
  return `broadcast to ${connections} ${connections === 1 ? 'connection' : 'connections'}`;
}

function shortened(body: Uint8Array, chars: number): string {
  const text = Buffer.from(body.subarray(0, chars)).toString('base64url');
  return text.length > chars ? `${text.slice(0, chars)}…` : text;
}

function clock(at: Date): string {
  return at.toTimeString().slice(0, 8);
}

/** Formats one of pino's lines for people. Values are printed as JSON, which escapes control characters. */
function prettyLine(line: string): string {
  const { level, time, msg, err, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  const cause = typeof err === 'object' && err !== null && 'stack' in err ? `\n${String(err.stack)}` : '';
  const mark = level === 'info' ? '' : `${String(level)}: `;
  return `${clock(new Date(String(time)))} ${mark}${String(msg)}${rest.join('')}${cause}\n`;
}
