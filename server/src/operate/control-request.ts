import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { CannotOpen } from '../log/cannot-open.ts';
import { withShortPath } from './control-socket.ts';

/** How long a server may take until it accepts a request. The command itself may take any time. */
const ACCEPT_MS = 10_000;

/** The name of a file in the data folder. */
const FILE_NAME = /^[a-z0-9][a-z0-9.-]*$/;

/**
 * Asks the server that runs on a data folder for a snapshot of its rooms. The server deletes the snapshot once `take` has ended.
 * @param take called with the path of the snapshot
 * @returns whether a server answered
 * @throws CannotOpen when the server can't make it. Whatever `take` throws
 */
export async function requestSnapshot(
  folder: string,
  take: (file: string) => Promise<void>,
): Promise<boolean> {
  const answered = await withShortPath(folder, async (path) => {
    const response = await send(path, '/backup');
    return response && { response, line: await firstLine(response) };
  });
  if (answered === undefined) return false;
  const { response, line } = answered;
  try {
    await take(join(folder, fileOf(line)));
    return true;
  } finally {
    response.destroy();
  }
}

/**
 * Asks the server that runs on a data folder how busy its core is.
 * @returns from 0 to 1; undefined when no server answers, or one that doesn't know the question
 */
export async function requestLoad(folder: string): Promise<number | undefined> {
  const line = await withShortPath(folder, async (path) => {
    const response = await send(path, '/load');
    return response && (await firstLine(response));
  });
  const { busy } = objectOf(line ?? '');
  return typeof busy === 'string' && busy !== '' && Number.isFinite(Number(busy)) ? Number(busy) : undefined;
}

/** @returns undefined when nobody accepts the request. @throws CannotOpen when a server accepted it, and ended without an answer */
function send(socketPath: string, path: string): Promise<IncomingMessage | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { Expect: '100-continue', 'Content-Length': 0 };
    const sent: ClientRequest = request({ socketPath, path, method: 'POST', agent: false, headers });
    const late = setTimeout(() => sent.destroy(), ACCEPT_MS);
    let accepted = false;
    sent.on('continue', () => {
      accepted = true;
      clearTimeout(late);
      sent.end();
    });
    sent.on('response', resolve);
    sent.on('close', () => {
      clearTimeout(late);
      if (accepted) reject(stopped());
      else resolve(undefined);
    });
    // `close` follows.
    sent.on('error', () => undefined);
    sent.flushHeaders();
  });
}

function firstLine(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      text += part;
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
    });
    response.on('error', () => undefined);
    response.on('close', () => reject(stopped()));
  });
}

/** @throws CannotOpen with the error of the server */
function fileOf(line: string): string {
  const { file, error } = objectOf(line);
  if (typeof file === 'string' && FILE_NAME.test(file)) return file;
  throw new CannotOpen(
    'unusable',
    typeof error === 'string' ? error : 'the server gave an unknown answer: use its version of gochat',
  );
}

function objectOf(line: string): {
  readonly file?: unknown;
  readonly busy?: unknown;
  readonly error?: unknown;
} {
  try {
    return Object(JSON.parse(line));
  } catch {
    return {};
  }
}

function stopped(): CannotOpen {
  return new CannotOpen('unusable', 'the server ended before it had answered: repeat the command');
}
