import { ChatError } from '@gochat/client/chat-error';
import { cleanFileName } from '@gochat/client/file-name';
import type { TextItem } from '@gochat/client/history';
import type { FileAct } from '../chat/actions.ts';
import type { Chat } from '../chat/chat.ts';
import type { MenuDialog, PictureDialog } from '../dialogs/dialog.ts';
import type { DialogHandle } from '../dialogs/dialog-host.ts';
import { form, menuItem } from '../dialogs/forms.ts';
import type { RoomViewModel } from '../room/room-view-model.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import type { FileRow, MessageRow } from '../timeline/row.ts';
import type { FileJudge } from './file-judge.ts';
import { type FileContent, kindOf } from './file-kind.ts';

type Parts = Pick<Chat, 'profile' | 'platform' | 'words' | 'flashes' | 'navigation' | 'dialogs' | 'commands'>;

/** The largest picture that is shown, in bytes: larger ones are only saved. */
const PICTURE_BYTES = 32 * 1024 * 1024;
/** A picture without a preview is fetched unasked up to this size. */
const UNASKED_BYTES = 128 * 1024;

/** The largest recording or video that is played from memory, in bytes: larger ones are only saved. */
const RECORDING_BYTES = 64 * 1024 * 1024;

/** A file of a message in the open room. */
interface Found {
  readonly room: RoomViewModel;
  readonly row: string;
  readonly item: TextItem;
  readonly file: FileContent;
  readonly index: number;
  /** Its cleaned name. */
  readonly name: string;
}

/** What a person does with the files of messages. */
export class FileActs {
  readonly #parts: Parts;
  /** Pictures that are being fetched, by file and size. */
  readonly #fetching = new Map<string, Promise<Uint8Array | undefined>>();
  #shown:
    | {
        readonly room: RoomViewModel;
        row: string;
        index: number;
        readonly handle: DialogHandle<PictureDialog>;
      }
    | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  act(row: string, index: number, act: FileAct): void {
    const found = this.#find(row, index);
    if (found === undefined) return;
    switch (act) {
      case 'save':
        this.#parts.flashes.attempt(() => this.#save([found]));
        break;
      case 'show':
        this.#show(found);
        break;
      case 'open':
        this.#parts.flashes.attempt(() => this.#open(found));
        break;
      case 'play':
        this.#parts.flashes.attempt(() => this.#give(found, 'play'));
        break;
      case 'fetch':
        this.#fetch(found);
        break;
      case 'cancel':
        this.#cancel(found);
        break;
      default:
        act satisfies never;
    }
  }

  /** Runs `/save` or `/open`. @param number of the file, from 1; empty: for one of several, it asks. @returns why it can't */
  run(row: string, act: 'save' | 'open', number: string): string | undefined {
    const all = this.#all(row);
    const words = this.#parts.words.text;
    const wanted = number === '' ? (all.length === 1 ? all[0] : undefined) : all[Number(number) - 1];
    if (wanted !== undefined) this.act(row, wanted.index, act);
    else if (number !== '') return words.files.noFileNumber(sanitizeLine(number), all.length);
    else this.#askWhich(all, act);
    return undefined;
  }

  /** See `Actions.picture`. */
  async picture(row: string, index: number, which: 'preview' | 'whole'): Promise<Uint8Array | undefined> {
    const found = this.#find(row, index);
    if (found === undefined || kindOf(found.file) !== 'picture') return undefined;
    const { file, room, item } = found;
    const preview = which === 'preview' && file.preview !== undefined;
    if (which === 'preview') {
      if (!room.files.mayFetch(file, item.own)) return undefined;
      if (!preview && file.bytes > UNASKED_BYTES) return undefined;
    }
    if (file.bytes > PICTURE_BYTES && !preview) return undefined;
    const bytes = await this.#once(`${file.id} ${preview}`, () => this.#whole(found, preview));
    if (bytes === undefined || (await loadJudge()).shownPicture(bytes) !== undefined) return bytes;
    room.files.isOther(file.id);
    return undefined;
  }

  /** See `Actions.recording`. */
  async recording(row: string, index: number): Promise<Uint8Array | undefined> {
    const found = this.#find(row, index);
    if (found === undefined || !['audio', 'voice', 'video'].includes(kindOf(found.file))) return undefined;
    if (found.file.bytes > RECORDING_BYTES) {
      this.#parts.flashes.bad(this.#parts.words.text.files.notPlayed(found.name));
      return undefined;
    }
    const bytes = await this.#once(found.file.id, () => this.#whole(found, false));
    if (bytes === undefined || /^(?:audio|video)\//.test((await loadJudge()).sniff(bytes) ?? ''))
      return bytes;
    found.room.files.isOther(found.file.id);
    return undefined;
  }

  /** Shows the picture in front as it is now. */
  refresh(): void {
    const shown = this.#shown;
    if (shown === undefined) return;
    if (!shown.handle.isOpen) {
      this.#shown = undefined;
      return;
    }
    const content = this.#lightbox(shown.room, shown.row, shown.index);
    if (content === undefined) shown.handle.close();
    else shown.handle.update(content);
  }

  #find(row: string, index: number): Found | undefined {
    return this.#all(row)[index];
  }

  #all(row: string): readonly Found[] {
    const { room } = this.#parts.navigation;
    const item = room?.message(row);
    if (room === undefined || item?.files === undefined) return [];
    return item.files.map((file, index) => ({
      room,
      row,
      item,
      file,
      index,
      name: cleanFileName(file.name),
    }));
  }

  #once(key: string, fetch: () => Promise<Uint8Array | undefined>): Promise<Uint8Array | undefined> {
    const running = this.#fetching.get(key) ?? fetch().finally(() => this.#fetching.delete(key));
    this.#fetching.set(key, running);
    return running;
  }

  /** The bytes of a file or its preview; undefined when they can't be fetched: the row says why. */
  async #whole(found: Found, preview: boolean): Promise<Uint8Array | undefined> {
    try {
      const bytes = new Uint8Array(preview ? (found.file.preview?.bytes ?? 0) : found.file.bytes);
      let at = 0;
      for await (const piece of this.#bytes(found, preview)) {
        bytes.set(piece, at);
        at += piece.length;
      }
      return bytes.subarray(0, at);
    } catch {
      return undefined;
    }
  }

  /** The bytes of a file as they come, until the person cancels it. */
  async *#bytes(
    { room, item, file, index }: Found,
    preview = false,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { signal } = room.files.begin(preview ? `${file.id} preview` : file.id);
    const { id, seq } = item;
    yield* this.#parts.profile.files.open(room.info.id, { id, seq }, index, { preview, signal });
  }

  async #save(all: readonly Found[]): Promise<void> {
    const { platform, flashes, words } = this.#parts;
    const saved: string[] = [];
    for (const found of all) {
      const where = await this.#unlessCancelled(
        platform.files.save(found.name, found.file.type, this.#bytes(found)),
      );
      if (where !== undefined) saved.push(where);
    }
    const text = words.text.files;
    const [only] = saved;
    if (saved.length === 1 && only !== undefined) flashes.good(text.saved(only));
    else if (saved.length > 0) flashes.good(text.savedAll(saved));
  }

  async #unlessCancelled<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') return undefined;
      throw error;
    }
  }

  async #open(found: Found): Promise<void> {
    const { isHarmless, asNamed, NotAsNamed } = await loadJudge();
    if (!isHarmless(found.name, found.file)) {
      this.#askToOpen(found);
      return;
    }
    try {
      await this.#give(found, 'open', asNamed(found.name, this.#bytes(found)));
    } catch (error) {
      if (!(error instanceof NotAsNamed)) throw error;
      this.#askToOpen(found);
    }
  }

  #askToOpen(found: Found): void {
    const { dialogs, flashes, words } = this.#parts;
    const text = words.text.dialogs.openFile;
    dialogs.show({
      dialog: form(text.title(found.name), [text.text(sanitizeLine(found.item.from))], [], text.submit, true),
      submit: (_values, handle) => {
        handle.close();
        flashes.attempt(() => this.#give(found, 'open'));
      },
    });
  }

  /** Gives a file to what opens or plays it. */
  async #give(found: Found, how: 'open' | 'play', bytes = this.#bytes(found)): Promise<void> {
    const { platform, flashes, words } = this.#parts;
    const { notOpened, notPlayed } = words.text.files;
    const done = await this.#unlessCancelled(platform.files[how](found.name, found.file.type, bytes));
    if (done === false) flashes.bad((how === 'open' ? notOpened : notPlayed)(found.name));
  }

  #fetch(found: Found): void {
    const { file, room } = found;
    room.files.ask(file.id);
    this.#parts.flashes.attempt(async () => {
      await this.#unlessCancelled(drained(this.#bytes(found, file.preview !== undefined)));
    });
  }

  #cancel({ room, row, file }: Found): void {
    if (room.waitingFor(row) === undefined) room.files.cancel(file.id);
    else this.#parts.commands.run('cancel', '', row);
  }

  #askWhich(all: readonly Found[], act: 'save' | 'open'): void {
    const { dialogs, flashes, words } = this.#parts;
    const text = words.text.dialogs.pickFile;
    const items = all.map(({ name, index, file }) =>
      menuItem(String(index), `${name}, ${words.text.files.size(file.bytes)}`),
    );
    dialogs.show<MenuDialog>({
      dialog: {
        kind: 'menu',
        title: text[act],
        text: [],
        code: [],
        items: act === 'save' ? [menuItem('all', text.all), ...items] : items,
      },
      pick: (picked, handle) => {
        handle.close();
        if (picked === 'all') flashes.attempt(() => this.#save(all));
        else if (all[Number(picked)] !== undefined) this.act(all[0]?.row ?? '', Number(picked), act);
      },
    });
  }

  #show({ room, row, index, name }: Found): void {
    const { dialogs, flashes, words } = this.#parts;
    const content = this.#lightbox(room, row, index);
    if (content === undefined) {
      flashes.bad(words.text.files.notPicture(name));
      return;
    }
    const handle = dialogs.show<PictureDialog>({
      dialog: { kind: 'picture', ...content },
      pick: (picked) => this.#pick(picked),
    });
    this.#shown = { room, row, index, handle };
  }

  #pick(picked: string): void {
    const shown = this.#shown;
    if (shown === undefined) return;
    if (picked === 'save' || picked === 'open') {
      this.act(shown.row, shown.index, picked);
      return;
    }
    const pictures = picturesIn(shown.room);
    const at = placeOf(pictures, shown.row, shown.index);
    const next = pictures[at + (picked === 'next' ? 1 : -1)];
    if (at === -1 || next === undefined) return;
    Object.assign(shown, { row: next.row.key, index: next.file.index });
    this.refresh();
  }

  #lightbox(
    room: RoomViewModel,
    row: string,
    index: number,
  ): Omit<PictureDialog, 'kind' | 'tick'> | undefined {
    const pictures = picturesIn(room);
    const at = placeOf(pictures, row, index);
    const found = pictures[at];
    if (found === undefined) return undefined;
    const { picture } = this.#parts.words.text.dialogs;
    return {
      title: found.file.name,
      row,
      file: found.file,
      text: picture.of(found.row.author.name, found.row.date),
      position: picture.position(at + 1, pictures.length),
      hasPrevious: at > 0,
      hasNext: at < pictures.length - 1,
    };
  }
}

interface Picture {
  readonly row: MessageRow;
  readonly file: FileRow;
}

/** The pictures of the lines that are loaded, oldest first. */
function picturesIn(room: RoomViewModel): readonly Picture[] {
  return room
    .timeline()
    .rows.flatMap((row) =>
      row.kind !== 'message'
        ? []
        : row.files.flatMap((file): Picture[] => (file.kind === 'picture' ? [{ row, file }] : [])),
    );
}

function placeOf(pictures: readonly Picture[], row: string, index: number): number {
  return pictures.findIndex((one) => one.row.key === row && one.file.index === index);
}

async function drained(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of bytes);
}

/** @throws ChatError `internal` when it can't be loaded */
async function loadJudge(): Promise<FileJudge> {
  const code = await import('./file-judge.ts').catch((cause: unknown) => {
    throw new ChatError({ reason: 'code-not-loaded' }, { cause });
  });
  return code.fileJudge;
}
