/**
 * Groups what a source has ready: whoever takes a group slowly finds the next one larger.
 * @param most of a group; the source waits when so many are ready
 * @throws what the source throws, after the group of what came before
 */
export async function* inGroups<T>(
  source: AsyncIterable<T>,
  most: number,
): AsyncGenerator<readonly T[], void, undefined> {
  let ready: T[] = [];
  let end: 'open' | 'done' | { readonly error: unknown } = 'open';
  let isOver = false;
  // Whoever takes, and who reads, wait for each other.
  let [arrived, taken] = [(): void => undefined, (): void => undefined];
  const read = async () => {
    for await (const one of source) {
      if (isOver) return;
      ready.push(one);
      arrived();
      if (ready.length >= most) await new Promise<void>((resolve) => (taken = resolve));
    }
  };
  void read()
    .then(
      () => (end = 'done'),
      (error: unknown) => (end = { error }),
    )
    .then(() => arrived());
  try {
    for (;;) {
      if (ready.length === 0 && end === 'open') await new Promise<void>((resolve) => (arrived = resolve));
      const group = ready;
      ready = [];
      taken();
      if (group.length > 0) yield group;
      else if (end !== 'open') break;
    }
  } finally {
    isOver = true;
    taken();
  }
  if (typeof end === 'object') throw (end as { readonly error: unknown }).error;
}
