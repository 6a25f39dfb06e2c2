import { ChatError } from '@gochat/client/chat-error';
import type { Commands } from '../commands/command.ts';
import type { DialogCode } from '../dialogs/dialog-code.ts';
import type { FileActs } from '../files/file-acts.ts';
import type { Chat } from './chat.ts';

interface Loaded {
  readonly code: DialogCode;
  readonly commands: Commands;
  readonly files: FileActs;
}

/** Commands, dialogs and what rooms are made with, which are loaded apart: a profile without rooms is drawn before it has them. */
export class LazyDialogs {
  readonly #chat: Chat;
  readonly #loadScreen: () => Promise<unknown>;
  #loaded: Loaded | undefined;
  #loading: Promise<Loaded> | undefined;

  /** @param loadScreen loads what the screen draws dialogs with */
  constructor(chat: Chat, loadScreen: () => Promise<unknown>) {
    this.#chat = chat;
    this.#loadScreen = loadScreen;
  }

  get isLoaded(): boolean {
    return this.#loaded !== undefined;
  }

  /** For what needs a room: each is opened by it. */
  get code(): DialogCode {
    if (this.#loaded === undefined) throw new Error('used before it is loaded');
    return this.#loaded.code;
  }

  /** What fails is tried again at the next call. @throws ChatError `internal` */
  load(): Promise<Loaded> {
    this.#loading ??= this.#load().catch((cause: unknown) => {
      this.#loading = undefined;
      throw new ChatError({ reason: 'code-not-loaded' }, { cause });
    });
    return this.#loading;
  }

  async #load(): Promise<Loaded> {
    const [{ dialogCode: code }, words] = await Promise.all([
      import('../dialogs/dialog-code.ts'),
      this.#chat.words.text.commands(),
      this.#loadScreen(),
    ]);
    const files = new code.FileActs(this.#chat);
    this.#loaded = { code, commands: new code.CommandTable(this.#chat, files, words), files };
    return this.#loaded;
  }

  /** Does something with the dialogs: at once if they are loaded, and otherwise after that. Shows why they can't be loaded. */
  use(act: (code: DialogCode, loaded: Loaded) => void): void {
    if (this.#loaded !== undefined) act(this.#loaded.code, this.#loaded);
    else this.#chat.flashes.attempt(() => this.load().then((loaded) => act(loaded.code, loaded)));
  }

  readonly commands: Commands = this.#commands();

  /** None before they are loaded; to run one loads them. */
  #commands(): Commands {
    const loaded = () => this.#loaded?.commands;
    return {
      get all() {
        return loaded()?.all ?? [];
      },
      named: (word) => loaded()?.named(word),
      isAvailable: (name, row) => loaded()?.isAvailable(name, row) ?? false,
      refusal: (name, args, row) => loaded()?.refusal(name, args, row),
      run: (name, args, row, failed) =>
        this.use((_code, { commands }) => commands.run(name, args, row, failed)),
    };
  }
}
