import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Environment, openEnvironment, openTree } from '@gochat/server/internal/log/lmdb/environment';

/**
 * LMDB and nothing else: so many writers, each of which makes the three records of a message (the room's, the entry, the id of the
 * post) and makes the next ones once these are on disk. What is asked for while a transaction runs goes into the next. Prints how many messages a second.
 */
const [folder = '', writers = '', roomCount = ''] = process.argv.slice(2);
const ENTRY_BYTES = 307;
const ROOM_BYTES = 24;
const POST_KEY_BYTES = 38;
const POST_BYTES = 8;
const WARM_MS = 1_000;
const MEASURED_MS = 4_000;

const root: Environment = openEnvironment(join(folder, 'alone.mdb'));
const [rooms, entries, posts] = [openTree(root, 'rooms'), openTree(root, 'entries'), openTree(root, 'posts')];
const ids = Array.from({ length: Number(roomCount) }, () => randomBytes(16));
const record = {
  room: randomBytes(ROOM_BYTES),
  entry: randomBytes(ENTRY_BYTES),
  post: randomBytes(POST_BYTES),
};
let waiting: (() => void)[] = [];
let position = 0;
let written = 0;
let running = false;

function put(room: Buffer): void {
  position += 1;
  const rising = Buffer.alloc(8);
  rising.writeUIntBE(position, 2, 6);
  void rooms.put(room, record.room);
  void entries.put(Buffer.concat([room, rising]), record.entry);
  void posts.put(Buffer.concat([rising, randomBytes(POST_KEY_BYTES - 8)]), record.post);
}

async function commit(): Promise<void> {
  running = true;
  while (waiting.length > 0) {
    let batch: (() => void)[] = [];
    await root.childTransaction(() => {
      batch = waiting;
      waiting = [];
      for (let i = 0; i < batch.length; i++) put(ids[(position + i) % ids.length] ?? randomBytes(16));
    });
    for (const done of batch) done();
  }
  running = false;
}

function write(): Promise<void> {
  return new Promise((done) => {
    waiting.push(done);
    if (!running) void commit();
  });
}

const begun = performance.now();

async function writeOnAndOn(): Promise<void> {
  for (let now = begun; now < begun + WARM_MS + MEASURED_MS; now = performance.now()) {
    await write();
    if (now >= begun + WARM_MS) written += 1;
  }
}

await Promise.all(Array.from({ length: Number(writers) }, writeOnAndOn));
await root.close();
process.stdout.write(`${JSON.stringify({ perSecond: written / (MEASURED_MS / 1000) })}\n`);
