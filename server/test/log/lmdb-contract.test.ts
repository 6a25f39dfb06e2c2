import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEnvironment, openTree } from '../../src/log/lmdb/environment.ts';
import { openLmdb } from '../../src/log/lmdb/open.ts';
import { runAppender } from './appender-process.ts';
import { type AckedAppend, contract } from './contract.ts';

const TREES = ['meta', 'rooms', 'heads', 'entries', 'posts', 'state', 'expiry'];

/** Every record of the file whose key or value has these bytes in it. */
async function recordsWith(bytes: Buffer, folder: string): Promise<number> {
  const environment = openEnvironment(join(folder, 'log.mdb'));
  let count = 0;
  for (const name of TREES)
    for (const { key, value } of openTree(environment, name).getRange())
      if (Buffer.concat([key, value]).includes(bytes)) count++;
  await environment.close();
  return count;
}

contract({
  name: 'LMDB',
  async open() {
    const folder = mkdtempSync(join(tmpdir(), 'gochat-log-'));
    let now = Date.now();
    const open = () => openLmdb({ folder, now: () => now });
    let engine = await open();
    return {
      get handles(): [typeof engine] {
        return [engine];
      },
      elapse: async (ms) => {
        now += ms;
      },
      sweep: async () => {
        await engine.sweep();
      },
      async remains(room) {
        await engine.close();
        const count = await recordsWith(Buffer.from(room, 'base64url'), folder);
        engine = await open();
        return count;
      },
      async killedWriters() {
        await engine.close();
        const acked: AckedAppend[] = [];
        for (const enough of [1, 400, 3_000]) {
          const lines = await runAppender([folder, 50, 1_000_000], {
            onLine: (count, child) => {
              if (count === enough) child.kill('SIGKILL');
            },
          });
          acked.push(...lines);
        }
        engine = await open();
        return acked;
      },
      async close() {
        await engine.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
  cannot: {
    failOver: 'it is a part of the process; kill -9 is what can befall it',
  },
});
