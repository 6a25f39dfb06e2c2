import type { Chain, Evidence } from './epoch.ts';

/** docs/protocol.md, “Messages” and “Evidence”. */

/** The JSON of a message. */
export interface Content {
  readonly id: string;
  readonly n: number;
  readonly t: number;
  readonly c?: Evidence;
  readonly p?: Evidence;
  readonly content: {
    readonly kind: string;
    readonly text?: string;
    readonly of?: { readonly id: string };
    readonly to?: { readonly id: string; readonly seq: string };
    readonly emoji?: string;
  };
}

export interface Heard extends Content {
  readonly seq: string;
  readonly from: string;
}

/**
 * What a receiver has to show about a message, besides the message.
 * @param last the greatest `n` that is known of the sender's device
 * @param chain up to and with the entry of the message
 * @param before the chain of the epoch before, if the receiver was in it
 */
export function doubts(
  { n, c, p }: Content,
  last: number | undefined,
  chain: Chain,
  before: Chain | null,
): string[] {
  const found: string[] = [];
  if (last !== undefined && n > last + 1) found.push(`${n - last - 1} messages before it are missing`);
  if (c && c[0] >= chain.length) found.push('the sender was shown entries that this client was not');
  else if (c && !chain.agrees(c)) found.push('the sender was shown another log');
  if (p && before && !(p[0] === before.length && before.agrees(p))) {
    found.push('the sender was shown another end of the epoch before');
  }
  return found;
}
