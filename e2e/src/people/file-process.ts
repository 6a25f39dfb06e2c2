import { createHash } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { GoChat, type HistoryItem } from '@gochat/client/internal/api/sdk';

/**
 * A process that sends or fetches one file, and may be killed at any point; the next one goes on. It reports to its parent how far it is.
 * Arguments: the profile's folder, the room, `send` with a path, or `fetch`. With the answer to `fetch` is the SHA-256 of what it got.
 */
const [dir = '', name = '', how = '', path = ''] = process.argv.slice(2);
const CAPTION = 'the file';

export type Progress =
  | { readonly stage: 'seal' | 'upload' | 'fetch'; readonly done: number; readonly of: number }
  /** The server has answered a request on a chunk that the key of its pass is retired. */
  | { readonly stage: 'retired' }
  | { readonly stage: 'over'; readonly sha256: string };

function report(progress: Progress): void {
  process.send?.(progress);
}

// A member is refused for nothing else.
subscribe('http.client.response.finish', (message) => {
  const { response } = message as { readonly response: IncomingMessage };
  if (response.statusCode === 403) report({ stage: 'retired' });
});

const chat = await GoChat.open(dir);
const room = await chat.room(name);
const isIt = (item: HistoryItem) => item.kind === 'text' && item.text === CAPTION;

async function send(): Promise<void> {
  const { files } = chat.profile;
  chat.profile.on((event) => {
    if (event.kind !== 'waiting') return;
    for (const { done, of } of event.waiting[0]?.files ?? []) report({ stage: 'upload', done, of });
  });
  const waiting = await chat.profile.call('waiting', { room: room.id });
  const before = await chat.profile.call('history', { room: room.id, limit: 100 });
  if (waiting.length === 0 && !before.some(isIt)) {
    const { sourceAt } = await import('@gochat/client/internal/files/path-source');
    const progress = (done: number, of: number) => report({ stage: 'seal', done, of });
    const { content } = await files.prepare(room.id, await sourceAt(path), { progress, isSending: true });
    const id = createHash('sha256').update(content.id).digest('base64url').slice(0, 22);
    await chat.profile.call('queue', {
      room: room.id,
      id: `${id.slice(0, 21)}A`,
      content: { kind: 'text', text: CAPTION, files: [content] },
    });
  }
  const ids = (await chat.profile.call('waiting', { room: room.id })).map(({ id }) => id);
  await chat.profile.call('sent', { room: room.id, ids, waitMs: 2 ** 31 - 1 });
  report({ stage: 'over', sha256: '' });
}

async function fetch(): Promise<void> {
  for await (const item of room.items('0')) {
    if (!isIt(item)) continue;
    const hash = createHash('sha256');
    const progress = (done: number, of: number) => report({ stage: 'fetch', done, of });
    for (;;) {
      try {
        for await (const part of room.file(item, 0, { progress })) hash.update(part);
        break;
      } catch (error) {
        // The server was killed.
        if (!(error instanceof Error && 'code' in error && error.code === 'offline')) throw error;
        return fetch();
      }
    }
    report({ stage: 'over', sha256: hash.digest('hex') });
    return;
  }
}

await (how === 'send' ? send() : fetch());
await chat.close();
process.disconnect?.();
