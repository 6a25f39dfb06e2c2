export interface Emoji {
  readonly emoji: string;
  readonly name: string;
}

/** All emoji, by name. */
export interface EmojiBook {
  /** The emoji that match, best first. An empty text matches all. @param limit the most that are returned. */
  find(text: string, limit: number): readonly Emoji[];
  /** Replaces names such as `:tada:` by their emoji, except in code. */
  spell(text: string): string;
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
    spell: (text) =>
      text.replace(
        /```[\s\S]*?(?:```|$)|`[^`\n]*`|:([a-z0-9_+-]{1,40}):/g,
        (whole, name: string | undefined) =>
          name !== undefined && Object.hasOwn(nameToEmoji, name) ? (nameToEmoji[name] ?? whole) : whole,
      ),
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
  #loading: Promise<EmojiBook> | undefined;
  #book: EmojiBook | undefined;

  /** Undefined until it is loaded. */
  get book(): EmojiBook | undefined {
    return this.#book;
  }

  load(): Promise<EmojiBook> {
    this.#loading ??= openEmojiBook().then((book) => {
      this.#book = book;
      return book;
    });
    return this.#loading;
  }
}
