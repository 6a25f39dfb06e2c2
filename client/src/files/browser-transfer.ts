import { pageAddress } from '../net/connect-browser.ts';
import { DialError } from '../net/dial-error.ts';
import {
  ANSWER_BYTES,
  type FileAnswer,
  type FileRequest,
  retryAfterMs,
  type Transfer,
  WITHIN_MS,
} from './transfer.ts';

/** Requests of a page to the server that it was loaded from. */
export class BrowserTransfer implements Transfer {
  readonly #page: string;
  readonly #closing = new AbortController();

  /** @param page the page's own origin */
  constructor(page: string) {
    this.#page = page;
  }

  async ask(address: string, _circuit: undefined, request: FileRequest): Promise<FileAnswer> {
    pageAddress(address, this.#page);
    const { method, path, authorization, body } = request;
    try {
      const response = await fetch(new URL(path, this.#page), {
        method,
        headers: { authorization, ...(body && { 'content-type': 'application/octet-stream' }) },
        ...(body && { body }),
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
        referrerPolicy: 'no-referrer',
        signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(WITHIN_MS)]),
      });
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (bytes.length > ANSWER_BYTES) throw new DialError({ kind: 'malformed' });
      return {
        status: response.status,
        body: bytes,
        retryAfterMs: retryAfterMs(response.headers.get('retry-after')),
      };
    } catch (cause) {
      // Browsers don't say more.
      throw cause instanceof DialError ? cause : new DialError({ kind: 'browser' }, { cause });
    }
  }

  close(): void {
    this.#closing.abort();
  }
}
