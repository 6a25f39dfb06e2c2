import { LIMITS } from '@gochat/protocol/limits';

/** A request on a file. Each may be repeated. */
export interface FileRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  /** From `/files/` on. */
  readonly path: string;
  /** The pass: the value of the header `Authorization`. */
  readonly authorization: string;
  readonly body?: Uint8Array<ArrayBuffer>;
}

export interface FileAnswer {
  readonly status: number;
  readonly body: Uint8Array<ArrayBuffer>;
  /** What the server asks to wait, in milliseconds; 0 if nothing. */
  readonly retryAfterMs: number;
}

/** Requests on files over HTTP, on the same way to the servers as the profile's connections. It follows no redirects. */
export interface Transfer {
  /**
   * @param address of the server
   * @param circuit what isolates it from other requests in the network, if anything does
   * @throws AddressError, DialError; ChatError `other-server`
   */
  ask(address: string, circuit: string | undefined, request: FileRequest): Promise<FileAnswer>;
  /** Ends what is under way. */
  close(): void;
}

/** How long nothing may come or go. */
export const SILENT_MS = 30_000;
/** A request takes no longer: a chunk takes less at the slowest rate that servers bear. */
export const WITHIN_MS = 2 * 60_000;
/** No answer is larger. */
export const ANSWER_BYTES = LIMITS.chunkBytes;

/** @param header the value of `Retry-After`, of which servers of GoChat send seconds */
export function retryAfterMs(header: string | null | undefined): number {
  return header != null && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : 0;
}
