import type { Entry } from '@gochat/protocol/down';
import { framesOf, type RoomInput } from './room-input.ts';

/** How many entries are stored by one write. */
const BATCH = 256;

export interface InputQueueParts {
  /** Processes one input. It must not reject. */
  readonly process: (input: RoomInput) => Promise<void>;
  /** Runs when every input that may be processed is. It must not reject. */
  readonly advance: () => Promise<void>;
  /** Whether the server's frames have to wait, though not the other inputs. */
  readonly holdsFrames: () => boolean;
}

/** Inputs that are processed one after the other, in their order. */
export class InputQueue {
  readonly #parts: InputQueueParts;
  #inputs: RoomInput[] = [];
  #frames = 0;
  #running = false;
  #idle: Promise<void> = Promise.resolve();

  constructor(parts: InputQueueParts) {
    this.#parts = parts;
  }

  /** How many frames of the server are not processed. */
  get frames(): number {
    return this.#frames;
  }

  /** Resolves when every input that may be processed is. */
  get idle(): Promise<void> {
    return this.#idle;
  }

  put(input: RoomInput): void {
    this.#inputs.push(input);
    this.#frames += framesOf(input);
    if (!this.#running) this.#idle = this.#run();
  }

  /** Forgets the frames whose processing has not begun. */
  dropFrames(): void {
    for (const input of this.#inputs) this.#frames -= framesOf(input);
    this.#inputs = this.#inputs.filter((input) => framesOf(input) === 0);
  }

  async #run(): Promise<void> {
    this.#running = true;
    // Frames that arrive together are processed together.
    await undefined;
    for (let inputs = this.#ready(); inputs.length > 0; inputs = this.#ready()) {
      for (const input of joinEntries(inputs)) {
        await this.#parts.process(input);
        this.#frames -= framesOf(input);
      }
      await this.#parts.advance();
    }
    this.#running = false;
  }

  #ready(): RoomInput[] {
    const holds = this.#parts.holdsFrames();
    const waits = (input: RoomInput) => holds && framesOf(input) > 0;
    const ready = this.#inputs.filter((input) => !waits(input));
    this.#inputs = this.#inputs.filter(waits);
    return ready;
  }
}

/** Joins entries that follow each other into one input. */
function joinEntries(inputs: readonly RoomInput[]): RoomInput[] {
  const joined: RoomInput[] = [];
  let open: { readonly kind: 'entries'; readonly over: unknown; readonly entries: Entry[] } | undefined;
  for (const input of inputs) {
    if (input.kind !== 'entries') {
      open = undefined;
      joined.push(input);
    } else if (open !== undefined && open.over === input.over && open.entries.length < BATCH) {
      open.entries.push(...input.entries);
    } else {
      open = { ...input, entries: [...input.entries] };
      joined.push({ ...input, entries: open.entries });
    }
  }
  return joined;
}
