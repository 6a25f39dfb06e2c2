import { fileURLToPath } from 'node:url';
import { Child } from './child.ts';
import { inNewHome } from './home.ts';

const PROGRAM = fileURLToPath(new URL('./lmdb-writers.ts', import.meta.url));

/**
 * What the store alone does on the server's core, without connections, checks or anything of ours.
 * @returns how many messages a second so many writers made durable, in so many rooms
 */
export async function measureLmdb(writers: number, rooms: number): Promise<number> {
  return inNewHome(async (home) => {
    const command = [process.execPath, '--import', 'tsx', PROGRAM, home, String(writers), String(rooms)];
    const child = new Child(command, { cwd: fileURLToPath(new URL('..', import.meta.url)) });
    const { perSecond } = JSON.parse(await child.ends()) as { perSecond: number };
    return perSecond;
  });
}
