import type { DirectRequest } from '@gochat/client/methods';
import { sanitizeText } from '@gochat/view/sanitize';
import type { TerminalText } from '@gochat/view/terminal-words';
import { nameOf } from './format.ts';

const ID_CHARS = 8;

/** Requests to write to this person, one in a row: id, name, room, first words. */
export function requestRows(requests: readonly DirectRequest[]): readonly (readonly string[])[] {
  return requests.map(({ id, name, roomName, text }) => [
    id.slice(0, ID_CHARS),
    name,
    roomName,
    sanitizeText(text).replaceAll('\n', ' '),
  ]);
}

/** Which requests were shown. */
export class AskedBefore {
  readonly #text: TerminalText;
  readonly #ids = new Set<string>();

  constructor(text: TerminalText) {
    this.#text = text;
  }

  /** @returns a line for each request that was not shown yet */
  news(requests: readonly DirectRequest[]): readonly string[] {
    const fresh = requests.filter(({ id }) => !this.#ids.has(id));
    for (const { id } of fresh) this.#ids.add(id);
    return fresh.map(({ name, roomName }) => this.#text.lines.direct.asks(nameOf(name), nameOf(roomName)));
  }
}
