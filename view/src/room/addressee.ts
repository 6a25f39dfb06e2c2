import type { MemberInfo } from '@gochat/client/methods';

/** @returns the member whose name or id a text begins with, and what follows that. Names may have spaces: the longest counts */
export function addressee(
  members: readonly MemberInfo[],
  wanted: string,
): { readonly member: MemberInfo | undefined; readonly text: string } {
  const words = wanted.trim();
  const begins = (name: string) => `${words} `.toLowerCase().startsWith(`${name} `.toLowerCase());
  const [first] = members
    .flatMap((member) =>
      [member.name, member.id]
        .filter(begins)
        .map((name) => ({ member, text: words.slice(name.length).trim() })),
    )
    .sort((a, b) => a.text.length - b.text.length);
  return first ?? { member: undefined, text: '' };
}
