import { openBox } from '@gochat/crypto/box';
import type { BoxContent } from '@gochat/crypto/content';
import type { RoomEvent } from '@gochat/crypto/event';
import type { Room } from '@gochat/crypto/room';
import { encodeBytes } from '@gochat/protocol/encoding';
import { type RecordChange, toJson } from '../store/records.ts';
import { nameOf } from './event-history.ts';
import type { ReceivedBox } from './received.ts';

const MINUTE_MS = 60_000;
/** How many boxes of a person are tried in a minute: each costs eight key exchanges. */
const TRIED = 5;
/** Of how many persons the last boxes are remembered. */
const PERSONS = 1024;

/** Opens the boxes of a room that are for this device. */
export class BoxOpener {
  /** By identity: when the last ones came, by the server's time, oldest first. */
  readonly #tried = new Map<string, readonly number[]>();

  /**
   * @param room in the epoch in which the box was posted
   * @returns the record in which what it says waits to be judged; none if it is for somebody else, or one too many
   */
  async open(
    room: Room,
    { seq, at, from }: Extract<RoomEvent, { kind: 'message' }>,
    box: BoxContent,
  ): Promise<RecordChange[]> {
    // A limited device has founded no room.
    if (from.own || from.limited || !this.#isTried(from.identity, at)) return [];
    const boxed = await openBox(room, from, box);
    if (boxed === undefined) return [];
    const received: ReceivedBox = {
      seq,
      at,
      identity: from.identity,
      name: nameOf(room, from),
      content: {
        kind: 'boxed',
        room: boxed.room,
        secret: encodeBytes(boxed.secret),
        text: boxed.text,
      },
    };
    return [{ place: { of: 'received', room: room.id, at: Number(seq) }, value: toJson(received) }];
  }

  #isTried(identity: string, at: number): boolean {
    const recent = (this.#tried.get(identity) ?? []).filter((time) => at - time < MINUTE_MS);
    if (recent.length >= TRIED) return false;
    this.#tried.delete(identity);
    this.#tried.set(identity, [...recent, at]);
    const [oldest] = this.#tried.keys();
    if (this.#tried.size > PERSONS && oldest !== undefined) this.#tried.delete(oldest);
    return true;
  }
}
