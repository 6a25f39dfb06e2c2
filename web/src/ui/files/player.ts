import { ROOM_LEFT } from '../room-left.ts';

/** Speeds of playing, in the order in which a button goes through them. */
const SPEEDS: readonly number[] = [1, 1.5, 2];

export interface Playing {
  readonly id: string;
  /** `loading`: its bytes are being fetched. */
  readonly state: 'loading' | 'playing' | 'paused' | 'failed';
  /** From 0 to 1. */
  readonly at: number;
  readonly seconds: number;
}

/**
 * Plays one recording at a time, whether or not its row is still in the document: rows that are scrolled away leave it. It ends with
 * the room.
 */
class Player {
  readonly #audio = new Audio();
  readonly #listeners = new Set<() => void>();
  #playing: Playing | undefined;
  #speed = 1;

  constructor() {
    for (const event of ['timeupdate', 'durationchange', 'play', 'pause', 'ended', 'seeked'])
      this.#audio.addEventListener(event, () => this.#changed());
    this.#audio.addEventListener('error', () => this.#fail());
    addEventListener(ROOM_LEFT, () => this.stop());
  }

  get playing(): Playing | undefined {
    return this.#playing;
  }

  get speed(): number {
    return this.#speed;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Plays a recording, pauses it, or goes on with it. @param from where to begin, from 0 to 1 */
  async toggle(id: string, load: () => Promise<Blob | undefined>, from: number): Promise<void> {
    if (this.#playing?.id === id && this.#playing.state !== 'failed') {
      if (this.#playing.state === 'playing') this.#audio.pause();
      else if (this.#playing.state === 'paused') await this.#play();
      return;
    }
    this.stop();
    this.#tell({ id, state: 'loading', at: from, seconds: 0 });
    const blob = await load();
    if (this.#playing?.id !== id) return;
    if (blob === undefined) return this.#fail();
    this.#audio.src = URL.createObjectURL(blob);
    await this.#learnLength();
    if (this.#playing?.id !== id) return;
    this.#audio.currentTime = from * this.#seconds();
    await this.#play();
  }

  /** @param at from 0 to 1 */
  seek(id: string, at: number): void {
    if (this.#playing?.id === id) this.#audio.currentTime = at * this.#seconds();
  }

  /** The next speed, and after the last one the first. */
  faster(): void {
    this.#speed = SPEEDS[SPEEDS.indexOf(this.#speed) + 1] ?? 1;
    this.#audio.playbackRate = this.#speed;
    this.#tell(this.#playing);
  }

  pause(): void {
    this.#audio.pause();
  }

  stop(): void {
    this.#audio.pause();
    const { src } = this.#audio;
    this.#tell(undefined);
    if (src === '') return;
    this.#audio.removeAttribute('src');
    this.#audio.load();
    URL.revokeObjectURL(src);
  }

  async #play(): Promise<void> {
    for (const other of document.querySelectorAll('video')) other.pause();
    this.#audio.playbackRate = this.#speed;
    await this.#audio.play().catch(() => this.#fail());
  }

  /** Browsers write no length into what they record, and learn it only by going to the end. */
  async #learnLength(): Promise<void> {
    const audio = this.#audio;
    await next(audio, 'loadedmetadata');
    if (audio.duration !== Number.POSITIVE_INFINITY) return;
    audio.currentTime = Number.MAX_SAFE_INTEGER;
    await next(audio, 'durationchange');
    audio.currentTime = 0;
  }

  #seconds(): number {
    return Number.isFinite(this.#audio.duration) ? this.#audio.duration : 0;
  }

  #changed(): void {
    const before = this.#playing;
    if (before === undefined || before.state === 'failed') return;
    const { currentTime, ended, paused } = this.#audio;
    if (before.state === 'loading' && paused) return;
    const seconds = this.#seconds();
    const at = ended || seconds === 0 ? 0 : currentTime / seconds;
    this.#tell({ id: before.id, state: paused ? 'paused' : 'playing', at, seconds });
  }

  #fail(): void {
    if (this.#playing !== undefined) this.#tell({ ...this.#playing, state: 'failed', at: 0 });
  }

  #tell(playing: Playing | undefined): void {
    this.#playing = playing;
    for (const listener of this.#listeners) listener();
  }
}

/** The page's player. */
export const player = new Player();

export function pauseSound(): void {
  player.pause();
}

/** The next event of that name; an error and another source end the wait, too. */
function next(audio: HTMLAudioElement, event: string): Promise<void> {
  return new Promise((resolve) => {
    const names = [event, 'error', 'emptied'];
    const done = () => {
      for (const name of names) audio.removeEventListener(name, done);
      resolve();
    };
    for (const name of names) audio.addEventListener(name, done);
  });
}
