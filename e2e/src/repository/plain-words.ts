/** A word or phrase that readers stumble over, and what to write instead. */
export interface Avoided {
  readonly pattern: RegExp;
  readonly instead: string;
}

/** A place of a text that contains an avoided phrase. */
export interface Finding {
  readonly line: number;
  readonly phrase: string;
  readonly instead: string;
}

/** The glossary lists most of these for people, under "Words not to use". */
export const AVOIDED: readonly Avoided[] = [
  avoid('anew', 'again'),
  avoid('put(s|ting)? back', 'restore'),
  avoid('stands?', 'is, holds'),
  avoid('told|tells', 'notified, shown, reported; shows, reports'),
  avoid('spared', 'exempt'),
  avoid('by itself', 'automatically'),
  avoid('nobody but', 'only'),
  avoid('nobody (tells|said|says)', 'not reported, unknown'),
  avoid('mend(s|ed|ing)?', 'fix'),
  avoid('who reads too slowly', 'a slow reader'),
  avoid('troubles?', 'warning'),
  avoid('shipped with', 'default'),
  avoid('the house', 'repository layout'),
  avoid('a right of its own', 'needs a capability'),
  avoid('the means to', 'allows'),
  avoid('a name of yours', 'a DNS name'),
  avoid('for who runs', 'for operators'),
  avoid('as telling', 'reveals as much metadata'),
  avoid('(handshakes?|entr(y|ies)|messages?|commits?|position) behind', 'later than, after'),
  avoid('(goes|go|went|land|lands|landed|lies|comes) (on )?behind', 'continues after, is later than'),
  avoid('go(es)? by the name', 'unknown host name'),
  avoid('trails?', 'is lagging'),
  avoid('keeps rooms,? which', 'data (encrypted)'),
  avoid('end that one is|(ends|ended) that', 'revoke, remove'),
  avoid('t(ake|akes|ook|aken) (\\w+ )?(message )?back', 'delete'),
  avoid('as the system has them', 'system'),
  avoid('whatever becomes of', 'if … changes'),
  avoid("by everybody's clock", 'advance all clocks'),
  avoid('withdraw(s|n|ing)?', 'revoke'),
];

/** A pattern that matches whole words, also across a line break of a wrapped paragraph. */
function avoid(phrase: string, instead: string): Avoided {
  return { pattern: new RegExp(`\\b(?:${phrase.replaceAll(' ', '\\s+')})\\b`, 'gi'), instead };
}

/** @returns every avoided phrase of a text, by line. */
export function avoidedIn(text: string): Finding[] {
  return AVOIDED.flatMap(({ pattern, instead }) =>
    [...text.matchAll(pattern)].map((match) => ({
      line: text.slice(0, match.index).split('\n').length,
      phrase: match[0].replaceAll(/\s+/g, ' ').trim().toLowerCase(),
      instead,
    })),
  ).sort((a, b) => a.line - b.line);
}
