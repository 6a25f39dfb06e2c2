/** Run as a process of its own, to be killed or traced: makes a room, appends to it and follows it, and tells each of both. */
import { writeSync } from 'node:fs';
import { openLmdb } from '../../src/log/lmdb.ts';
import { makeRoom, newId, say, text } from './room.ts';

const [folder = '', writers = '1', appends = '1'] = process.argv.slice(2);
const { log, close } = await openLmdb({ folder });
const room = newId();
const base = await makeRoom(log, room);
log.follow(room, base, (batch) => {
  writeSync(1, batch.map(({ body }) => `delivered ${text(body)}\n`).join(''));
  return true;
});

async function write(writer: number): Promise<void> {
  for (let i = 0; i < Number(appends); i++) {
    const body = `body ${writer}.${i} ${'.'.repeat(300)}`;
    const id = newId();
    try {
      const outcome = await log.append(room, { id, base, body: Buffer.from(body) });
      writeSync(1, `${JSON.stringify({ room, id, body, ...outcome })}\n`);
    } catch (error) {
      writeSync(1, `${JSON.stringify({ refused: error instanceof Error ? error.name : 'unknown' })}\n`);
    }
  }
}

await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(writer)));
await say(log, room, base, 'done').catch(() => 0);
await close();
