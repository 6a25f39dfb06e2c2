import { lineWidth } from '@gochat/terminal/internal/screen/draw/frame';
import { DIALOG_KINDS } from '@gochat/view/dialog';
import { describe, expect, test } from 'vitest';
import { ANA, asking, BEN, DIALOGS, longRoom, message, SAMPLES, snapshot } from '../src/screens/samples.ts';
import { drawn, emulated, painted } from '../src/terminal/drawn.ts';

const SIZES = [
  { columns: 80, rows: 24 },
  { columns: 59, rows: 20 },
  { columns: 120, rows: 40 },
  { columns: 40, rows: 10 },
  { columns: 20, rows: 5 },
  { columns: 1, rows: 1 },
] as const;
const [USUAL, NARROW, WIDE, TINY] = SIZES;

const EVERYTHING = [
  ...Object.entries(SAMPLES),
  ...DIALOG_KINDS.map((kind) => [kind, asking(DIALOGS[kind])] as const),
] as const;

describe.each(EVERYTHING)('%s', (_name, sample) => {
  test.each(SIZES)('fills $columns by $rows exactly', (size) => {
    const { drawing } = drawn(sample, size);
    expect(drawing.frame.lines.map(lineWidth)).toEqual(Array.from({ length: size.rows }, () => size.columns));
    const { cursor } = drawing.frame;
    expect(cursor === undefined || (cursor.row < size.rows && cursor.column < size.columns)).toBe(true);
  });

  test('an emulator shows what the frame says, and does not scroll', async () => {
    const frame = drawn(sample, USUAL);
    const screen = await emulated(`\u001b[?7l${painted(frame)}`, USUAL);
    expect(screen.scrolled).toBe(0);
    // Terminals disagree about the width of some characters; these affect only their own row.
    const plain = (line: string) => /^[ -~─│╭╮╰╯✓…•●◉○·“”’⊘]*$/.test(line);
    const read = frame.lines.map((line) => line.trimEnd());
    screen.lines.forEach((line, i) => {
      if (plain(read[i] ?? '')) expect(line).toBe(read[i]);
    });
  });
});

describe('what was written', () => {
  const { lines } = drawn(SAMPLES.written, { columns: 100, rows: 60 });
  const text = lines.map((line) => line.slice(39, 80).trim()).join('\n');

  test('a table has its columns below each other, and a long cell takes several lines', () => {
    expect(text).toContain('name            │  cost │      note');
    expect(text).toContain('bread           │     2 │       a|b');
    expect(text).toContain('cheese of a     │ 12.50 │');
  });

  test('tabs of code reach the next column of four', () => {
    expect(text).toContain('│     cc -o x x.c');
    expect(text).toContain('│ ab  c');
  });

  test('a list keeps its numbers and what follows them', () => {
    expect(text).toContain('1984. That was a year\n7) seventh\n8) eighth');
  });

  test('an address is shown once: as written, or in ASCII where its host looks like another', () => {
    expect(text).toContain('https://müller.example/über');
    expect(text).toContain('https://xn--80ak6aa92e.example/');
    expect(text).not.toContain('<https://xn--');
  });
});

describe('80 by 24', () => {
  test('shows rooms, the end of the timeline and the field', () => {
    const { lines } = drawn(SAMPLES.talking, USUAL);
    expect(lines[0]).toMatch(/^ kitchen {2}what we eat, and when +encrypted epoch 7 $/);
    expect(lines[1]).toMatch(/^ 1 kitchen +1 │/);
    expect(lines[2]).toMatch(/^ 2 a gar… @2 12 │/);
    expect(lines[3]).toMatch(/^ 3 noise {2}140 ⊘ │/);
    expect(lines.slice(-7)).toEqual([
      expect.stringMatching(/│── New messages ─+$/),
      expect.stringMatching(/│ 14:08 +ben │ a message that is not on this device/),
      expect.stringMatching(/│ +who brings the wine\? +$/),
      expect.stringMatching(/│ 14:09 +ana I do ✓ +$/),
      expect.stringMatching(/│ +red or white\? ◷ +$/),
      expect.stringMatching(/^ ● .*2\(2@,12\) $/),
      expect.stringMatching(/^> Write a message +$/),
    ]);
  });

  test('a warning is marked and says what to do', () => {
    const { text } = drawn(SAMPLES.talking, USUAL);
    expect(text).toMatch(/14:06 +! A message of ben could not be read/);
    expect(text).toContain('Ask ben to send it again.');
  });

  test('members are shown on request', () => {
    expect(drawn(SAMPLES.talking, USUAL).text).not.toContain('4 members');
    expect(drawn(SAMPLES.talking, USUAL, { members: true }).text).toMatch(/4 members/);
  });
});

describe('other sizes', () => {
  test('under 60 columns there are no panes; the status line still names unread rooms', () => {
    const { lines, text } = drawn(SAMPLES.talking, NARROW, { members: true });
    expect(text).not.toContain('noise');
    expect(text).not.toContain('4 members');
    expect(lines.at(-2)).toMatch(/2\(2@,12\) $/);
  });

  test('a wide screen shows the members: present, admin, verified, ignored', () => {
    const { text } = drawn(SAMPLES.talking, WIDE);
    expect(text).toMatch(/● ana +★ ✓/);
    expect(text).toMatch(/● ben +✓/);
    expect(text).toMatch(/ dora +⊘/);
    expect(text).toMatch(/2:a garden …\(2@,12\)/);
  });

  test('a wide screen shows every kind of row', () => {
    const { text } = drawn(SAMPLES.talking, { columns: 120, rows: 60 });
    for (const words of [
      'Your history of this room starts here',
      '── Yesterday ──',
      '* ben and cleo joined by invite',
      'ben shall we cook tonight?',
      '│ ben: shall we cook tonight?',
      'yes! at seven ✓✓',
      '[🎉 2] [👍🏽 1]',
      '* cleo the third of that name waves',
      'cleo deleted this message',
      '- 3 messages from dora (ignored)',
      '── Today ──',
      'cleo the … Shopping',
      '@ana see the recipes <https://example.org/',
      '• cheese',
      '  2. gouda',
      '│ hunger is the best cook',
      '│   // says hello',
      '(edited 14:05)',
      'The server’s time is 12 minutes later',
      '── New messages ──',
    ])
      expect(text.replaceAll('\u00a0', ' ')).toContain(words);
  });

  test('40 by 10 shows the room, the status, the field, and the messages that fit', () => {
    const { lines } = drawn(SAMPLES.talking, TINY);
    expect(lines[0]).toMatch(/^ kitchen .* encrypted/);
    expect(lines.at(-3)).toMatch(/red or white\?/);
    expect(lines.at(-1)).toMatch(/^> /);
  });
});

test('rows that continue a message have no name and no time', () => {
  const { lines } = drawn(SAMPLES.talking, { columns: 120, rows: 60 });
  const at = lines.findIndex((line) => line.includes('I have the time'));
  expect(lines[at]).toMatch(/^.{24}│ {18}I have the time/);
});

test('without a room the screen shows how to begin', () => {
  const { text } = drawn(SAMPLES.empty, USUAL);
  expect(text).toContain('You are not in any room yet.');
  expect(text).toMatch(/c +create a room/);
  expect(text).toMatch(/j +join with an invite link/);
  expect(text).toMatch(/Ctrl\+G +search rooms and commands/);
});

test('offline: the screen shows why, and what is queued', () => {
  const { lines, text } = drawn(SAMPLES.offline, USUAL);
  expect(lines[1]).toContain('Offline: the server could not be reached.');
  expect(text).toMatch(/○ offline 2 ◷/);
});

test('the status line shows the result of a command', () => {
  expect(drawn(SAMPLES.flash, USUAL).lines.at(-2)).toContain('There is no member “eve” in this room');
  expect(drawn(SAMPLES.typing, USUAL).lines.at(-2)).toContain('ben and cleo are typing…');
});

test('the top line shows the state of encryption', () => {
  expect(drawn(SAMPLES.unconfirmed, USUAL).lines[0]).toContain('unconfirmed!');
  expect(drawn(SAMPLES.stranger, USUAL).lines[0]).toContain('unknown device!');
  expect(drawn(SAMPLES.stranger, USUAL).lines[1]).toContain('A device that you have not linked');
  expect(drawn(SAMPLES.verified, USUAL).lines[0]).toContain('✓ verified');
});

test('a reply, an edit, and a closed room', () => {
  expect(drawn(SAMPLES.replying, USUAL).lines.at(-2)).toMatch(/│ ben {2}shall we cook tonight\?/);
  expect(drawn(SAMPLES.replying, USUAL).lines.at(-1)).toMatch(/^> yes/);
  expect(drawn(SAMPLES.editing, USUAL).lines.at(-1)).toMatch(/^edit> I do!/);
  expect(drawn(SAMPLES.closed, USUAL).lines.at(-1)).toContain('You were removed from this room.');
});

test('completions are shown above the word', () => {
  const { lines } = drawn(SAMPLES.completing, USUAL);
  expect(lines.at(-3)).toMatch(/^ {16}|ben +dev-ben0/);
  expect(lines.at(-4)).toContain('bea');
});

test('a search shows its position among the matches', () => {
  const { lines } = drawn(SAMPLES.searching, USUAL, { mode: 'search' });
  expect(lines.at(-1)).toMatch(/^search: .*1 of 2/);
});

test('the field grows to at most eight rows', () => {
  const editor = { text: 'line\n'.repeat(20), cursor: 100, killed: '', past: [], last: 'other' } as const;
  const { lines } = drawn(SAMPLES.talking, USUAL, { editor });
  expect(lines.filter((line) => /^(?:> |[↑↓] | {2})line/.test(line)).length).toBe(7);
});

describe('scrolled up', () => {
  const rows = longRoom(500);
  const top = { key: '100.0', line: 0 };

  test('the position is kept when messages arrive, and their number is shown', () => {
    const before = drawn(snapshot(rows), USUAL, { top });
    const after = drawn(snapshot([...rows, message('new.0', BEN, 'new')]), USUAL, { top });
    expect(before.lines[1]).toContain('message 100');
    expect(after.lines.slice(1, -2)).toEqual(before.lines.slice(1, -2));
    expect(before.text).toMatch(/-MORE\(\d+\)-/);
    const below = (text: string) => Number(/-MORE\((\d+)\)-/.exec(text)?.[1]);
    expect(below(after.text)).toBe(below(before.text) + 1);
  });

  test('the position is kept when older messages are loaded', () => {
    const older = longRoom(50).map((row) => ({ ...row, key: `older ${row.key}` }));
    const before = drawn(snapshot(rows), USUAL, { top });
    const after = drawn(snapshot([...older, ...rows]), USUAL, { top });
    expect(after.lines).toEqual(before.lines);
  });
});

describe('dialogs', () => {
  test('a form has its fields, its error, and two buttons', () => {
    const { text } = drawn(asking(DIALOGS.form), USUAL);
    expect(text).toContain('─ Create a room ─');
    expect(text).toContain('▌ Room name');
    expect(text).toContain('◉ mentions');
    expect(text).toContain('[x] Send read receipts');
    expect(text).toContain('Enter a name.');
    expect(text).toMatch(/\[ Create \] +\[ Cancel \]/);
  });

  test('an invite shows the whole link, next to its QR code at 80 by 24', () => {
    const { text, lines } = drawn(asking(DIALOGS.invite), USUAL);
    const link = lines.map((line) => /█ {2}(\S+) *│$/.exec(line)?.[1] ?? '').join('');
    expect(link).toContain(DIALOGS.invite.link);
    expect(text.match(/[█▀▄]{20}/g)?.length).toBeGreaterThan(2);
  });

  test('a QR code that does not fit is replaced by the size that it needs', () => {
    const { text } = drawn(asking(DIALOGS.invite), NARROW);
    expect(text).not.toMatch(/[█▀▄]{4}/);
    expect(text).toMatch(/The QR code needs a window of at least \d+ × \d+/);
    const joined = text.replaceAll(/[\n│ ]/g, '');
    expect(joined).toContain(DIALOGS.invite.link);
  });

  test('a secret is drawn as dots until it is revealed', () => {
    const { fields } = DIALOGS.form;
    const index = fields.findIndex(({ type }) => type === 'secret');
    const text = fields[index]?.value ?? '';
    const editor = { text, cursor: text.length, killed: '', past: [], last: 'other' } as const;
    const at = { tick: 1, values: {}, scroll: 0, untouched: false, editor };
    const shown = (where: number, revealed: boolean) =>
      drawn(asking(DIALOGS.form), WIDE, { dialog: { ...at, index: where, revealed } }).text;
    for (const where of [index, fields.length]) {
      expect(shown(where, false)).not.toContain(text);
      expect(shown(where, false)).toContain('•'.repeat(text.length));
      expect(shown(where, true)).toContain(text);
    }
    expect(shown(index, false)).toContain('Alt+V shows it');
  });

  test('help can be scrolled', () => {
    const first = drawn(asking(DIALOGS.help), USUAL);
    expect(first.text).toMatch(/Ctrl\+G +\/palette/);
    expect(first.text).toContain('↓');
    const scroll = first.drawing.dialog?.mostScroll ?? 0;
    const dialog = {
      tick: 8,
      index: 0,
      values: {},
      scroll,
      untouched: true,
      revealed: false,
      editor: { text: '', cursor: 0, killed: '', past: [], last: 'other' },
    } as const;
    expect(drawn(asking(DIALOGS.help), USUAL, { dialog }).text).toContain('/command-39');
  });

  test('a member’s safety number is shown in groups', () => {
    const { text } = drawn(asking(DIALOGS.member), USUAL);
    expect(text).toContain('12345  67890  24680  13579');
  });
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/;
const BIDI = /[\u202a-\u202e\u2066-\u2069]/;
const OURS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
  /\u001b\[(?:\?(?:2026|25)[hl]|[\d;]*[HGmJ])|\u001b\]8;(?:id=\w+)?;(?:https?:[!-~]*)?\u001b\\/g;

describe('hostile text of other members', () => {
  const nasty = drawn(SAMPLES.hostile, { columns: 80, rows: 2000 });

  test('puts no control characters into the frame or the output', () => {
    for (const line of nasty.lines) {
      expect(line).not.toMatch(CONTROLS);
      expect(line).not.toMatch(BIDI);
    }
    const bytes = painted(nasty);
    expect(bytes.replace(OURS, '')).not.toMatch(CONTROLS);
  });

  test('does not change the title or other rows', async () => {
    const size = { columns: 80, rows: 24 };
    const screen = await emulated(painted(drawn(SAMPLES.hostile, size)), size);
    expect(screen.title).toBe('');
    expect(screen.lines.at(-3)).toMatch(/14:03 +ben the last one, and harmless$/);
    expect(screen.lines.at(-1)).toMatch(/^> Write a message$/);
  });

  test('a message of a megabyte is cut, with a note', () => {
    expect(nasty.text).toMatch(/the rest is not shown/);
  });

  test('right-to-left text stays in its column', () => {
    const { lines } = drawn(SAMPLES.rightToLeft, USUAL);
    const at = lines.findIndex((line) => line.includes('مرحبا'));
    expect(lines[at]?.slice(0, 16)).toBe(' '.repeat(16));
    expect(lines[at]).toMatch(/^ {16}│ 14:03 +بن مرحبا/);
  });
});

test('ASCII has a substitute for every symbol', () => {
  const all = [SAMPLES.talking, SAMPLES.offline, asking(DIALOGS.form), asking(DIALOGS.member)];
  for (const sample of all) {
    const { text } = drawn(sample, { columns: 120, rows: 60 }, { members: true }, true);
    const ours = text.replaceAll(/\p{Emoji}\p{EMod}?|[\u00a0“”’…]/gu, '');
    expect(ours).toMatch(/^[\n -~]*$/);
  }
});

test('the cost of drawing grows with the screen, not with the messages of the room', () => {
  const rows = longRoom();
  const cost = (count: number) => {
    const samples = Array.from({ length: 100 }, (_, i) =>
      snapshot([...rows.slice(-count), message(`more.${i}`, ANA, `more ${i}`)]),
    );
    const begun = process.cpuUsage();
    for (const sample of samples) drawn(sample, USUAL);
    return process.cpuUsage(begun).user;
  };
  cost(100);
  expect(cost(10_000) / cost(100)).toBeLessThan(20);
});
