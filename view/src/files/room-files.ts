import type { TextItem } from '@gochat/client/history';
import type { ChatEvent, Problem, Waiting } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/profile-connection';
import { sanitizeLine } from '../text/sanitize.ts';
import type { FileRow, FileState } from '../timeline/row.ts';
import type { ViewWords } from '../words/english.ts';
import type { FileContent } from './file-kind.ts';
import { type FileFacts, fileRowsOf } from './file-rows.ts';

type FileEvent = Extract<ChatEvent, { kind: 'file' }>;

/** What is known of the bytes of a file or preview. */
interface Known {
  readonly state: FileState;
  readonly done: number;
  readonly of: number;
  readonly problem?: Problem | undefined;
}

export interface RoomFilesParts {
  readonly files: Profile['files'];
  /** Its whole id. */
  readonly room: string;
  readonly words: ViewWords;
  readonly changed: () => void;
  /** Whether pictures are fetched unasked now. */
  readonly isUnasked: () => boolean;
}

/** A file or preview. */
type Stored = Pick<FileContent, 'id' | 'hash' | 'bytes'>;

const THERE: Known = { state: 'there', done: 0, of: 0 };

/** The files of one room's messages, and where their bytes are. */
export class RoomFiles {
  readonly #parts: RoomFilesParts;
  /** By the id of a file or preview. */
  readonly #known = new Map<string, Known>();
  /** Whose bytes are not what their type says. */
  readonly #others = new Set<string>();
  /** Pictures that the person has asked for. */
  readonly #asked = new Set<string>();
  /** What the person has begun to fetch. */
  readonly #running = new Map<string, AbortController>();
  readonly #rows = new WeakMap<
    TextItem,
    { readonly of: readonly unknown[]; readonly rows: readonly FileRow[] }
  >();
  /** Files and previews of which is not known yet whether they are on this device. */
  #wanted: Stored[] = [];

  constructor(parts: RoomFilesParts) {
    this.#parts = parts;
  }

  take({ id, state, done, of, problem }: FileEvent): void {
    this.#known.set(id, { state, done, of, problem });
  }

  /** A file's bytes are not what its type says: it is only saved from now on. */
  isOther(id: string): void {
    this.#others.add(id);
    this.#parts.changed();
  }

  /** @returns what {@link cancel} aborts */
  begin(id: string): AbortController {
    this.#running.get(id)?.abort();
    const running = new AbortController();
    this.#running.set(id, running);
    return running;
  }

  /** Ends the fetching of a file. */
  cancel(id: string): void {
    this.#running.get(id)?.abort();
    this.#running.delete(id);
  }

  /** The person has asked for a picture. */
  ask(id: string): void {
    this.#asked.add(id);
    this.#parts.changed();
  }

  /** Whether a picture may be fetched without a question. */
  mayFetch(file: FileContent, own: boolean): boolean {
    return own || this.#asked.has(file.id) || this.#isHere(file) || this.#parts.isUnasked();
  }

  #isHere({ id, preview }: FileContent): boolean {
    return [id, preview?.id].some((one) => one !== undefined && this.#known.get(one)?.state === 'here');
  }

  /** The rows of a message's files: the same ones, while nothing of them changes. @param waiting while it waits to be sent */
  rowsOf(item: TextItem, waiting: Waiting | undefined): readonly FileRow[] {
    const { files = [] } = item;
    const { words } = this.#parts;
    const facts = files.map((file, index) => this.#facts(file, item, waiting, index));
    const of = [
      words,
      ...facts.flatMap((one) => Object.values(one)),
      ...files.map((file) => this.#preview(file)),
    ];
    const cached = this.#rows.get(item);
    if (cached?.of.length === of.length && cached.of.every((value, i) => Object.is(value, of[i])))
      return cached.rows;
    const byFile = new Map(files.map((file, index) => [file, facts[index] as FileFacts]));
    const rows = fileRowsOf(item, (file) => byFile.get(file) as FileFacts, words);
    this.#rows.set(item, { of, rows });
    return rows;
  }

  /** A screen draws the row again when it comes. */
  #preview({ preview }: FileContent): FileState | undefined {
    return preview && this.#of(preview).state;
  }

  #of({ id, hash, bytes }: Stored): Known {
    const known = this.#known.get(id);
    if (known === undefined) this.#wonder({ id, hash, bytes });
    return known ?? THERE;
  }

  #facts(file: FileContent, item: TextItem, waiting: Waiting | undefined, index: number): FileFacts {
    const asks = !this.mayFetch(file, item.own);
    const isOther = this.#others.has(file.id);
    const sending = waiting === undefined || waiting.again === true ? undefined : waiting;
    if (sending !== undefined) return { ...this.#sending(sending, index), isOther, asks: false };
    const own = this.#of(file);
    const preview = file.preview === undefined ? THERE : this.#of(file.preview);
    const isLost = own.state === 'there' && (preview.state === 'gone' || preview.state === 'failed');
    const { state, done, of, problem } = isLost ? preview : own;
    return {
      state,
      done,
      of,
      reason: problem === undefined ? '' : this.#reason(problem, item),
      isOther,
      asks,
    };
  }

  #sending({ state, files, problem }: Waiting, index: number): Omit<FileFacts, 'isOther' | 'asks'> {
    const { words } = this.#parts;
    const { done, of } = files?.[index] ?? { done: 0, of: 0 };
    if (state !== 'waiting') return { state: 'failed', done, of, reason: words.text.files.state.notSent };
    const reason = problem === undefined ? '' : words.text.error(problem.data);
    if (of > 0 && done >= of) return { state: 'there', done, of, reason };
    return { state: done === 0 ? 'waiting' : 'sending', done, of, reason };
  }

  #reason({ data }: Problem, item: TextItem): string {
    const { state } = this.#parts.words.text.files;
    if (data.reason === 'file-gone') return state.gone(data.until);
    if (data.reason === 'file-damaged') return state.damaged(sanitizeLine(item.from));
    return this.#parts.words.text.error(data);
  }

  /** Asks once, for all of one turn, which of them are on this device. */
  #wonder(file: Stored): void {
    this.#known.set(file.id, THERE);
    this.#wanted.push(file);
    if (this.#wanted.length > 1) return;
    queueMicrotask(() => {
      const files = this.#wanted;
      this.#wanted = [];
      this.#parts.files.here(this.#parts.room, files).then(
        (here) => {
          for (const id of here)
            if (this.#known.get(id) === THERE) this.#known.set(id, { state: 'here', done: 0, of: 0 });
          if (here.length > 0) this.#parts.changed();
        },
        // They are fetched when they are needed.
        () => undefined,
      );
    });
  }
}
