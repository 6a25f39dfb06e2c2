import type { Formats } from './formats.ts';

/** Names in a sentence, of which no more than `most` are spelled out: "ana, ben, cleo and 2 others". */
export function namesIn(f: Formats): (names: readonly string[], most?: number) => string {
  return (names, most = 3) => {
    const more = names.length - most;
    if (more <= 1) return f.list(names);
    return f.list([...names.slice(0, most), f.plural(more, { one: '# other', other: '# others' })]);
  };
}
