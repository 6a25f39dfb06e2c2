import type { Role } from '@gochat/client/methods';

/** The symbols of the screen, in Unicode or in ASCII. */
export interface Symbols {
  readonly waiting: string;
  readonly refused: string;
  readonly sent: string;
  readonly read: string;
  readonly ellipsis: string;
  readonly bar: string;
  readonly bullet: string;
  /** Between facts in one line. */
  readonly dot: string;
  readonly focus: string;
  readonly live: string;
  readonly away: string;
  readonly muted: string;
  /** Beside the name of a member with this role. */
  readonly office: Partial<Readonly<Record<Role, string>>>;
  readonly verified: string;
  readonly here: string;
  readonly up: string;
  readonly down: string;
  readonly on: string;
  readonly off: string;
  readonly radioOn: string;
  readonly radioOff: string;
  /** From silent to loud. */
  readonly levels: readonly string[];
  readonly line: string;
  readonly side: string;
  /** Top left, top right, bottom left, bottom right. */
  readonly corners: readonly [string, string, string, string];
}

export const UNICODE: Symbols = {
  waiting: '◷',
  refused: '✗',
  sent: '✓',
  read: '✓✓',
  ellipsis: '…',
  bar: '│',
  bullet: '•',
  dot: '·',
  focus: '▌',
  live: '●',
  away: '○',
  muted: '⊘',
  office: { admin: '★', moderator: '☆', speaker: '+', observer: '–' },
  verified: '✓',
  here: '●',
  up: '↑',
  down: '↓',
  on: '[x]',
  off: '[ ]',
  radioOn: '◉',
  radioOff: '○',
  levels: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  line: '─',
  side: '│',
  corners: ['╭', '╮', '╰', '╯'],
};

export const ASCII: Symbols = {
  waiting: '~',
  refused: 'x',
  sent: '+',
  read: '++',
  ellipsis: '.',
  bar: '|',
  bullet: '*',
  dot: '-',
  focus: '>',
  live: '*',
  away: 'o',
  muted: 'm',
  office: { admin: '@', moderator: '%', speaker: '+', observer: '-' },
  verified: '+',
  here: '*',
  up: '^',
  down: 'v',
  on: '[x]',
  off: '[ ]',
  radioOn: '(*)',
  radioOff: '( )',
  levels: ['.', ':', '|'],
  line: '-',
  side: '|',
  corners: ['+', '+', '+', '+'],
};
