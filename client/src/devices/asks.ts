/** The shortest time between two requests of one device for everything that are answered, by the server's clock. */
const APART_MS = 10 * 60_000;

/**
 * Which requests for everything are answered. An answer is all that a self room keeps, from each device that knows more: a device that
 * asked again and again, such as a limited one that somebody else uses, would have the others post without end. An honest one asks
 * once, and again when entries have expired that it never read.
 */
export class Asks {
  /** By self room and device, of which a room has eight: when it was answered last. */
  readonly #answered = new Map<string, number>();

  /** @param at the time of the request's entry. @returns whether to answer it, which counts as done */
  takes(room: string, device: string, at: number): boolean {
    const key = `${room} ${device}`;
    const last = this.#answered.get(key);
    if (last !== undefined && at < last + APART_MS) return false;
    this.#answered.set(key, at);
    return true;
  }
}
