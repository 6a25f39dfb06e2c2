/** A disc in the member's colour with the first letters of the name. */
export function Avatar({ name, colour }: { readonly name: string; readonly colour: number }) {
  return (
    <span class={`avatar colour-${colour}`} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

const letters = new Intl.Segmenter();

function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== '');
  const first = (word: string | undefined) =>
    word === undefined ? '' : ([...letters.segment(word)][0]?.segment ?? '');
  const last = words.length > 1 ? words.at(-1) : undefined;
  return `${first(words[0])}${first(last)}`.toLocaleUpperCase();
}
