import type { FileRow } from '@gochat/view/row';
import { type Line, PLAIN, type Size, type Style, span } from '../draw/frame.ts';
import { type Graphics, NO_GRAPHICS } from './graphics.ts';
import { halfBlocks } from './half-blocks.ts';
import { iterm2Sequence } from './iterm2.ts';
import { deletion, type PictureId, placeholders, transmission } from './kitty.ts';
import { boxOf, type Pixels } from './pixels.ts';

/** A picture in its place: the lines of text that show it, or what is there until it has come. */
export interface PictureView {
  readonly lines: readonly Line[];
  /** The output that draws it over these lines, once, from the first cell. */
  readonly over: string | undefined;
}

/** Where drawing gets pictures from. */
export interface PictureSource {
  /** How many cells a picture takes in a text of this width; undefined where it isn't drawn. It is the same before and after the picture has come. */
  readonly boxInText: (file: FileRow, columns: number) => Size | undefined;
  /** The same for the only picture on a screen, which may take all of this size. */
  readonly boxAlone: (file: FileRow, size: Size) => Size | undefined;
  /** The first call for a picture requests it; once it has come, what shows it is drawn again. */
  readonly inText: (row: string, file: FileRow, box: Size) => readonly Line[];
  /** The same for the only picture on a screen. */
  readonly alone: (row: string, file: FileRow, box: Size) => PictureView;
}

export interface PictureParts {
  /** The bytes of a picture; undefined when it can't be had. */
  readonly bytesOf: (
    row: string,
    index: number,
    which: 'preview' | 'whole',
  ) => Promise<Uint8Array | undefined>;
  /** Decodes a picture, and makes it smaller if a side is longer than `maxSide`. @returns undefined for what is none */
  readonly decode: (bytes: Uint8Array, maxSide: number) => Promise<Pixels | undefined>;
  /** Decodes a picture, and writes it as a new JPEG or PNG file. */
  readonly rewrite: (bytes: Uint8Array, maxSide: number) => Promise<Uint8Array | undefined>;
  /** Decodes a picture, and writes it as sixels that fill a space. */
  readonly sixels: (
    bytes: Uint8Array,
    space: { readonly width: number; readonly height: number },
  ) => Promise<string | undefined>;
  /** What a ThumbHash shows. */
  readonly thumb: (hash: string) => Pixels | undefined;
  readonly write: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Rows with pictures have to be drawn again. */
  readonly changed: () => void;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Milliseconds of a clock that is never set. */
  readonly now: () => number;
}

/** The types of whole pictures that terminals decode. */
const DECODED = ['image/jpeg', 'image/png'];
/** How many drawn pictures are kept: more than fit on a screen. */
const MOST_KEPT = 64;
/** Every picture that the terminal has been given has an id of its own: one byte, without 0. */
const IDS = 255;
/** The high byte is a mark that every terminal knows as combining. */
const HIGH_IDS = 29;
/** The longest side of a decoded picture, in pixels: senders make previews of this size. */
const MAX_SIDE = 640;
/** A picture that can't be had is tried again after this time, then after twice as long, and so on. */
const FIRST_WAIT_MS = 5000;
const LONGEST_WAIT_MS = 300_000;
const MOST_FAILED = 1000;
/** How many pixels high a row of sixels is. */
const SIXEL_ROW = 6;
/** A side of a place that is drawn: kitty numbers no more cells. */
const MOST_CELLS = 297;

/** The values of the setting: how large pictures are at most between other lines. */
const SIZES = {
  off: { columns: 0, rows: 0 },
  small: { columns: 20, rows: 6 },
  medium: { columns: 40, rows: 12 },
  large: { columns: 80, rows: 24 },
} as const satisfies Readonly<Record<string, Size>>;

function sizeOf(name: string | undefined): Size {
  return name !== undefined && Object.hasOwn(SIZES, name) ? SIZES[name as keyof typeof SIZES] : SIZES.medium;
}

interface Kept {
  readonly view: PictureView;
  readonly id: PictureId | undefined;
}

interface Failure {
  /** In which the file was. */
  readonly state: FileRow['state'];
  /** When it is tried again at the earliest, and how long that is after this time. */
  readonly untilMs: number;
  readonly waitMs: number;
}

interface Decoded {
  readonly pixels: Pixels;
  readonly over?: string;
}

/** The pictures of the screen: fetched, decoded and drawn once for each size. */
export class Pictures implements PictureSource {
  readonly #parts: PictureParts;
  readonly #kept = new Map<string, Kept>();
  readonly #requested = new Set<string>();
  /** What could not be had, by the file's id. */
  readonly #failed = new Map<string, Failure>();
  readonly #thumbs = new WeakMap<FileRow, { readonly key: string; readonly lines: readonly Line[] }>();
  readonly #high: number;
  #low = 0;
  #graphics = NO_GRAPHICS;
  #size: Size = SIZES.medium;
  #epoch = 0;

  constructor(parts: PictureParts) {
    this.#parts = parts;
    // Another program in the same window numbers its pictures too.
    this.#high = 1 + Math.floor(parts.random() * HIGH_IDS);
  }

  /** Draws pictures in another way from now on. */
  use(graphics: Graphics): void {
    if (JSON.stringify(graphics) === JSON.stringify(this.#graphics)) return;
    const gone = this.release();
    if (gone !== '') this.#parts.write(gone);
    this.#graphics = graphics;
    this.#parts.changed();
  }

  /** Forgets all pictures. @returns the output that makes the terminal forget them too */
  release(): string {
    this.#epoch += 1;
    const gone = [...this.#kept.values()].map(({ id }) => this.#deletion(id)).join('');
    this.#kept.clear();
    this.#requested.clear();
    return gone;
  }

  /** Sets the most cells of a picture between other lines. */
  set size(name: string | undefined) {
    const size = sizeOf(name);
    if (size === this.#size) return;
    this.#size = size;
    this.#parts.changed();
  }

  boxInText(file: FileRow, columns: number): Size | undefined {
    const most = this.#size;
    return this.boxAlone(file, { columns: Math.min(columns, most.columns), rows: most.rows });
  }

  boxAlone(
    { kind, width, height, preview, thumb, type }: FileRow,
    { columns, rows }: Size,
  ): Size | undefined {
    const isDrawable = preview || thumb !== undefined || DECODED.includes(type);
    const isPlaced = kind === 'picture' && this.#graphics.inline !== 'none' && columns > 0 && rows > 0;
    const isDrawn = isPlaced && isDrawable;
    if (!isDrawn || width === undefined || height === undefined || width < 1 || height < 1) return undefined;
    return boxOf(width, height, { columns: Math.min(columns, MOST_CELLS), rows: Math.min(rows, MOST_CELLS) });
  }

  inText(row: string, file: FileRow, box: Size): readonly Line[] {
    // Whole pictures are only fetched when the user asks for one.
    if (file.asks || (!file.preview && file.state !== 'here')) return this.#placeholder(file, box);
    return this.#view(row, file, box, undefined).lines;
  }

  alone(row: string, file: FileRow, box: Size): PictureView {
    return this.#view(row, file, box, this.#graphics.over);
  }

  #view(row: string, file: FileRow, box: Size, over: Graphics['over']): PictureView {
    const key = `${file.id} ${box.columns} ${box.rows} ${over?.kind ?? ''}`;
    const known = this.#kept.get(key);
    if (known !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return known.view;
    }
    if (!this.#requested.has(key) && this.#mayRequest(file)) {
      this.#requested.add(key);
      void this.#request(key, row, file, box, over);
    }
    return { lines: this.#placeholder(file, box), over: undefined };
  }

  async #request(key: string, row: string, file: FileRow, box: Size, over: Graphics['over']): Promise<void> {
    const epoch = this.#epoch;
    const decoded = await this.#decoded(row, file, box, over).catch(() => undefined);
    // All may have been forgotten meanwhile, to be drawn in another way.
    if (epoch !== this.#epoch) return;
    this.#requested.delete(key);
    if (decoded === undefined) {
      this.#fail(file);
      return;
    }
    this.#failed.delete(file.id);
    this.#keep(key, this.#drawn(decoded, box));
    this.#parts.changed();
  }

  /** The row says why a fetch has failed, and is another one then: without a pause, drawing it would fetch again. */
  #mayRequest({ id, state }: FileRow): boolean {
    if (state === 'failed' || state === 'gone') return false;
    const failure = this.#failed.get(id);
    if (failure === undefined || this.#parts.now() >= failure.untilMs) return true;
    return state === 'here' && failure.state !== 'here';
  }

  #fail({ id, state }: FileRow): void {
    const waitMs = Math.min(LONGEST_WAIT_MS, 2 * (this.#failed.get(id)?.waitMs ?? FIRST_WAIT_MS / 2));
    if (this.#failed.size >= MOST_FAILED) this.#failed.clear();
    this.#failed.set(id, { state, waitMs, untilMs: this.#parts.now() + waitMs });
  }

  async #decoded(
    row: string,
    file: FileRow,
    box: Size,
    over: Graphics['over'],
  ): Promise<Decoded | undefined> {
    const { bytesOf, decode } = this.#parts;
    const bytes = await bytesOf(row, file.index, file.preview && !file.asks ? 'preview' : 'whole');
    const pixels = bytes && (await decode(bytes, MAX_SIDE));
    if (bytes === undefined || pixels === undefined || over === undefined) return pixels && { pixels };
    const sequence = await this.#over(bytes, box, over);
    return sequence === undefined ? { pixels } : { pixels, over: sequence };
  }

  async #over(
    bytes: Uint8Array,
    box: Size,
    { kind, cell }: NonNullable<Graphics['over']>,
  ): Promise<string | undefined> {
    if (kind === 'iterm2') {
      const written = await this.#parts.rewrite(bytes, MAX_SIDE);
      return written && iterm2Sequence(written, box);
    }
    const height = box.rows * cell.height;
    return this.#parts.sixels(bytes, {
      width: box.columns * cell.width,
      // Whole rows of sixels: a part of one could reach into the next cell.
      height: Math.max(SIXEL_ROW, height - (height % SIXEL_ROW)),
    });
  }

  #drawn({ pixels, over }: Decoded, box: Size): Kept {
    if (over !== undefined) return { id: undefined, view: { lines: blank(box, PLAIN), over } };
    if (this.#graphics.inline !== 'kitty')
      return { id: undefined, view: { lines: halfBlocks(pixels, box), over } };
    const id = this.#nextId();
    this.#parts.write(transmission(id, pixels, box, this.#parts.env));
    return { id, view: { lines: placeholders(id, box), over } };
  }

  /** The next id that no kept picture has: fewer are kept than there are ids. */
  #nextId(): PictureId {
    const used = new Set([...this.#kept.values()].map(({ id }) => id?.low));
    do this.#low = (this.#low % IDS) + 1;
    while (used.has(this.#low));
    return { high: this.#high, low: this.#low };
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.set(key, kept);
    for (const [old, { id }] of this.#kept) {
      if (this.#kept.size <= MOST_KEPT) return;
      this.#kept.delete(old);
      const gone = this.#deletion(id);
      if (gone !== '') this.#parts.write(gone);
    }
  }

  #deletion(id: PictureId | undefined): string {
    return id === undefined ? '' : deletion(id, this.#parts.env);
  }

  /** What is in the place of a picture that hasn't come: its blur, or a blank of the same size. */
  #placeholder(file: FileRow, box: Size): readonly Line[] {
    const key = `${box.columns} ${box.rows}`;
    const known = this.#thumbs.get(file);
    if (known?.key === key) return known.lines;
    const pixels = file.thumb === undefined ? undefined : this.#parts.thumb(file.thumb);
    const lines = pixels === undefined ? blank(box, { bg: 'box' }) : halfBlocks(pixels, box);
    this.#thumbs.set(file, { key, lines });
    return lines;
  }
}

function blank({ columns, rows }: Size, style: Style): readonly Line[] {
  return Array.from({ length: rows }, () => [span(' '.repeat(columns), style)]);
}
