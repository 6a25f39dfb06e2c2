export interface Emoji {
  readonly emoji: string;
  readonly name: string;
}

/** All emoji, by name. */
export interface EmojiBook {
  /** The emoji that match, best first. An empty text matches all. @param limit the most that are returned. */
  find(text: string, limit: number): readonly Emoji[];
  /** The emoji of a name without colons. */
  named(name: string): string | undefined;
}

/** Loads the book, which has some hundred kilobytes. */
export async function openEmojiBook(): Promise<EmojiBook> {
  const { gemoji, nameToEmoji } = await import('gemoji');
  return {
    find: (text, limit) => {
      const wanted = text.trim().toLowerCase().replace(/^:|:$/g, '');
      const ranked = gemoji.flatMap((one) => {
        const rank = rankOf(wanted, one);
        return rank === undefined ? [] : [{ rank, emoji: one.emoji, name: one.names[0] ?? one.description }];
      });
      ranked.sort((a, b) => a.rank - b.rank);
      return ranked.slice(0, limit).map(({ emoji, name }) => ({ emoji, name }));
    },
    named: (name) => (Object.hasOwn(nameToEmoji, name) ? nameToEmoji[name] : undefined),
  };
}

function rankOf(
  wanted: string,
  one: { readonly names: readonly string[]; readonly tags: readonly string[]; readonly description: string },
): number | undefined {
  if (wanted === '' || one.names.includes(wanted)) return 0;
  if (one.names.some((name) => name.startsWith(wanted))) return 1;
  if (one.tags.some((tag) => tag.startsWith(wanted))) return 2;
  if (one.names.some((name) => name.includes(wanted)) || one.description.includes(wanted)) return 3;
  return undefined;
}

/** Loads the emoji book when it is first needed. */
export class EmojiLoader {
  readonly #loaded: () => void;
  #loading: Promise<EmojiBook> | undefined;
  #book: EmojiBook | undefined;

  /** @param loaded is called once, when names are known. */
  constructor(loaded: () => void) {
    this.#loaded = loaded;
  }

  /** Undefined until it is loaded. */
  get book(): EmojiBook | undefined {
    return this.#book;
  }

  /** The emoji of a name without colons; undefined until the book is loaded, which this starts. */
  readonly named = (name: string): string | undefined => {
    if (this.#book === undefined && this.#loading === undefined) this.load().catch(() => undefined);
    return this.#book?.named(name);
  };

  load(): Promise<EmojiBook> {
    this.#loading ??= openEmojiBook().then((book) => {
      this.#book = book;
      this.#loaded();
      return book;
    });
    return this.#loading;
  }
}
