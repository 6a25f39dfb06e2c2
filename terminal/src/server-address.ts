import type { Io } from './io.ts';

/** The address from `--server` or `GOCHAT_SERVER`, or that of the server that `npm start` runs. */
export function serverAddress(io: Io, given: string | undefined): string {
  return given ?? (io.env.GOCHAT_SERVER || 'tcp://127.0.0.1:4040');
}
