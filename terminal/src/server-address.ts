import type { Io } from './io.ts';

/** The server that `--server` or `GOCHAT_SERVER` names, or the one that `npm start` runs. */
export function serverAddress(io: Io, given: string | undefined): string {
  return given ?? (io.env.GOCHAT_SERVER || 'tcp://127.0.0.1:4040');
}
