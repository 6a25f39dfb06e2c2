/** The server doesn't do what the protocol says. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

/** @throws Failure with this text, unless the condition is true */
export function must(condition: boolean, text: string): asserts condition {
  if (!condition) throw new Failure(text);
}

/** @throws Failure unless both are the same in JSON */
export function mustEqual(found: unknown, expected: unknown, what: string): void {
  const [is, should] = [JSON.stringify(found), JSON.stringify(expected)];
  must(is === should, `${what} is ${is}, not ${should}`);
}
