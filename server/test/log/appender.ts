/** Runs as a separate process, to be killed or traced. It creates a room, appends to it, follows it, and prints each ack and each delivery. */
import { writeSync } from 'node:fs';
import { openJetStream } from '../../src/log/jetstream/open.ts';
import { openLmdb } from '../../src/log/lmdb/open.ts';
import type { MessageAppend } from '../../src/log/log.ts';
import { makeRoom, newId, say, text } from './room.ts';

/** A folder, or the servers of a cluster. */
const [where = '', writers = '1', appends = '1', streams = '1'] = process.argv.slice(2);
const SCHEME = 'nats://';
const { log, close } = where.startsWith(SCHEME)
  ? await openJetStream({
      servers: where.slice(SCHEME.length).split(','),
      replicas: 3,
      streams: Number(streams),
    })
  : await openLmdb({ folder: where });
const room = newId();
const base = await makeRoom(log, room);
log.follow(room, base, (batch) => {
  print(batch.map(({ body }) => `delivered ${text(body)}`).join('\n'));
  return true;
});

async function write(writer: number): Promise<void> {
  for (let i = 0; i < Number(appends); i++) {
    const message = { id: newId(), base, body: Buffer.from(`body ${writer}.${i} ${'.'.repeat(300)}`) };
    // As a client does when the outcome is unknown: once more with the same id.
    if (!(await append(message))) await append(message);
  }
}

async function append(message: MessageAppend): Promise<boolean> {
  try {
    const outcome = await log.append(room, message);
    print(JSON.stringify({ room, id: message.id, body: text(message.body), ...outcome }));
    return true;
  } catch (error) {
    print(JSON.stringify({ refused: error instanceof Error ? error.name : 'unknown' }));
    return false;
  }
}

/** Writes the whole line synchronously. A full pipe accepts only a part, or nothing. */
function print(line: string): void {
  let rest = Buffer.from(`${line}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(writer)));
await say(log, room, base, 'done').catch(() => 0);
await close();
