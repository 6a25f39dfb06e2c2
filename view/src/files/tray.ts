import { errorDataOf } from '@gochat/client/chat-error';
import { cleanFileName } from '@gochat/client/file-name';
import type { FileLimits } from '@gochat/client/files';
import { FILES_PER_MESSAGE } from '@gochat/client/message-size';
import type { Profile } from '@gochat/client/profile-connection';
import type { AttachedFile } from '../chat/actions.ts';
import type { PlatformFiles } from '../chat/platform-files.ts';
import type { TrayItem } from '../chat/snapshot.ts';
import { toBase64 } from '../text/base64.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import type { ViewWords } from '../words/english.ts';
import { type FileContent, kindOf } from './file-kind.ts';

/** The longest description of a file, in characters. */
const ALT_CHARS = 1000;

export interface TrayParts {
  /** The room's id. */
  readonly room: string;
  readonly files: Profile['files'];
  readonly makePreview: PlatformFiles['makePreview'];
  readonly words: ViewWords;
  readonly changed: () => void;
}

/** A file in the tray. */
interface Entry {
  readonly key: string;
  readonly file: AttachedFile;
  /** Sent as it is, with what it says of its making. */
  readonly keepMetadata: boolean;
  alt: string;
  state: TrayItem['state'];
  progress: number | undefined;
  note: string;
  error: string;
  content: FileContent | undefined;
  readonly cancel: AbortController;
}

/** The files that will be sent with the next message of one room. They are prepared one after another, as soon as they are here. */
export class Tray {
  readonly #parts: TrayParts;
  #entries: readonly Entry[] = [];
  #items: readonly TrayItem[] | undefined;
  #count = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: TrayParts) {
    this.#parts = parts;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Whether all of it can be sent now. */
  get isReady(): boolean {
    return this.#entries.every(({ state }) => state === 'ready');
  }

  /** The name of one that can't be sent. */
  get failed(): string | undefined {
    const entry = this.#entries.find(({ state }) => state === 'failed');
    return entry && cleanFileName(entry.file.name);
  }

  /** Whether something of it has to be known before it is sent. */
  get hasNotes(): boolean {
    return this.#entries.some(({ note }) => note !== '');
  }

  items(): readonly TrayItem[] {
    this.#items ??= this.#entries.map((entry) => this.#item(entry));
    return this.#items;
  }

  file(key: string): AttachedFile | undefined {
    return this.#entries.find((entry) => entry.key === key)?.file;
  }

  /**
   * Takes files, unless the room's server takes none of them.
   * @returns why some are not taken, a sentence each
   */
  async add(files: readonly AttachedFile[], keepMetadata = false): Promise<readonly string[]> {
    const text = this.#parts.words.text.files.tray;
    const names = (some: readonly AttachedFile[]) => some.map(({ name }) => cleanFileName(name));
    const limits = await this.limits(Math.max(0, ...files.map(({ bytes }) => bytes)));
    if (limits === null) return [text.none(names(files))];
    const most = limits?.bytes ?? Number.POSITIVE_INFINITY;
    const large = files.filter(({ bytes }) => bytes > most);
    const fitting = files.filter(({ bytes }) => bytes <= most);
    const taken = fitting.slice(0, FILES_PER_MESSAGE - this.#entries.length);
    const entries = taken.map((file) => this.#entry(file, keepMetadata));
    this.#entries = [...this.#entries, ...entries];
    this.#touch();
    for (const entry of entries) this.#prepare(entry);
    return [
      ...(large.length > 0 ? [text.tooLarge(names(large), most)] : []),
      ...(taken.length < fitting.length ? [text.most(FILES_PER_MESSAGE)] : []),
    ];
  }

  /** What the room's server takes; null if it stores no files, undefined while that is not known. @param bytes of a file that it should take */
  limits(bytes: number): Promise<FileLimits | null | undefined> {
    return this.#parts.files.limits(this.#parts.room, bytes).catch(() => undefined);
  }

  /** @returns why the description is refused, or empty */
  describe(key: string, alt: string): string {
    if ([...alt.trim()].length > ALT_CHARS) return this.#parts.words.text.files.tray.altTooLong(ALT_CHARS);
    this.#change(key, (entry) => {
      entry.alt = alt;
    });
    return '';
  }

  remove(key: string): void {
    const entry = this.#entries.find((one) => one.key === key);
    if (entry === undefined) return;
    this.#entries = this.#entries.filter((one) => one !== entry);
    this.#drop(entry);
    this.#touch();
  }

  retry(key: string): void {
    this.#change(key, (entry) => {
      if (entry.state !== 'failed') return;
      Object.assign(entry, { state: 'preparing', error: '', progress: 0 });
      this.#prepare(entry);
    });
  }

  /** Empties the tray. @returns its contents, for a message, and what puts them back when it isn't queued */
  take(): { readonly contents: readonly FileContent[]; readonly restore: () => void } {
    const entries = this.#entries;
    const contents = entries.flatMap(({ content, alt }) => {
      if (content === undefined) return [];
      const { alt: _, ...rest } = content;
      return [{ ...rest, ...(alt.trim() !== '' && { alt: alt.trim() }) }];
    });
    this.#entries = [];
    this.#touch();
    const restore = () => {
      this.#entries = [...entries, ...this.#entries].slice(0, FILES_PER_MESSAGE);
      this.#touch();
    };
    return { contents, restore };
  }

  /** Drops what is not sent. */
  close(): void {
    for (const entry of this.#entries) this.#drop(entry);
    this.#entries = [];
  }

  #entry(file: AttachedFile, keepMetadata: boolean): Entry {
    this.#count += 1;
    return {
      key: String(this.#count),
      file,
      keepMetadata,
      alt: '',
      state: 'preparing',
      progress: 0,
      note: '',
      error: '',
      content: undefined,
      cancel: new AbortController(),
    };
  }

  #prepare(entry: Entry): void {
    this.#turn = this.#turn.then(() => this.#prepareNow(entry));
  }

  async #prepareNow(entry: Entry): Promise<void> {
    if (entry.cancel.signal.aborted) return;
    const { room, files, makePreview, words } = this.#parts;
    const { voice } = entry.file;
    try {
      const { content, kept } = await files.prepare(room, entry.file, {
        keepMetadata: entry.keepMetadata,
        makePreview,
        signal: entry.cancel.signal,
        ...(voice && { voice: { ms: voice.ms, wave: toBase64(voice.wave) } }),
        progress: (done, of) => {
          entry.progress = of === 0 ? 1 : done / of;
          this.#touch();
        },
      });
      if (entry.cancel.signal.aborted) await files.discard(room, [content]);
      const note = kept.includes('metadata') && !entry.keepMetadata ? words.text.files.tray.metadata : '';
      Object.assign(entry, { content, note, state: 'ready', progress: undefined });
    } catch (error) {
      if (entry.cancel.signal.aborted) return;
      const why = words.text.error(errorDataOf(error));
      Object.assign(entry, { state: 'failed', progress: undefined, error: why });
    }
    this.#touch();
  }

  #drop({ cancel, content }: Entry): void {
    cancel.abort();
    const { files, room } = this.#parts;
    // What can't be dropped now is dropped after a day.
    if (content !== undefined) files.discard(room, [content]).catch(() => undefined);
  }

  #change(key: string, change: (entry: Entry) => void): void {
    const entry = this.#entries.find((one) => one.key === key);
    if (entry === undefined) return;
    change(entry);
    this.#touch();
  }

  #item(entry: Entry): TrayItem {
    const { file, content, key, alt, state, progress, note, error } = entry;
    const text = this.#parts.words.text.files;
    const name = cleanFileName(content?.name ?? file.name);
    const size = text.size(content?.bytes ?? file.bytes);
    const kind = kindOf(content ?? { type: file.type, ...(file.voice && { ms: file.voice.ms, wave: '' }) });
    const how = { preparing: text.tray.preparing, ready: note, failed: text.tray.failed(error) }[state];
    const length = file.voice === undefined ? '' : text.length(file.voice.ms);
    const spoken = text.spoken({
      kind,
      name,
      size,
      length,
      alt: alt === '' ? '' : sanitizeLine(alt),
      text: how,
    });
    return { key, name, size, kind, alt, state, progress, note, error, spoken };
  }

  #touch(): void {
    this.#items = undefined;
    this.#parts.changed();
  }
}
