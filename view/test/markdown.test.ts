import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inlinesOf, parseMarkdown } from '../src/text/markdown.ts';
import { callableOf } from '../src/text/mentions.ts';
import type { Block, Inline } from '../src/text/rich.ts';

const text = (t: string): Inline => ({ kind: 'text', text: t });
const paragraph = (...inside: Inline[]): Block => ({ kind: 'paragraph', inside });
const parse = (source: string) => parseMarkdown(source);

test.each<[string, string, Block[]]>([
  ['plain words', 'hello', [paragraph(text('hello'))]],
  ['bold', '**so**', [paragraph({ kind: 'strong', inside: [text('so')] })]],
  ['italics', '*so*', [paragraph({ kind: 'emphasis', inside: [text('so')] })]],
  ['struck out', '~~so~~', [paragraph({ kind: 'strike', inside: [text('so')] })]],
  ['code', '`a < b`', [paragraph({ kind: 'code', text: 'a < b' })]],
  ['fenced code', '```ts\nconst a = 1;\n```', [{ kind: 'code', language: 'ts', text: 'const a = 1;' }]],
  ['an open fence', '```\nabc', [{ kind: 'code', language: '', text: 'abc' }]],
  ['a quote', '> so', [{ kind: 'quote', inside: [paragraph(text('so'))] }]],
  [
    'a list',
    '- one\n- two',
    [{ kind: 'list', start: undefined, items: [[paragraph(text('one'))], [paragraph(text('two'))]] }],
  ],
  ['a counted list', '3. one', [{ kind: 'list', start: 3, items: [[paragraph(text('one'))]] }]],
  [
    'a task',
    '- [x] done',
    [{ kind: 'list', start: undefined, items: [[paragraph(text('☑ '), text('done'))]] }],
  ],
  ['two lines', 'one\ntwo', [paragraph(text('one'), { kind: 'break' }, text('two'))]],
  [
    'an address',
    'see https://example.org/a',
    [
      paragraph(text('see '), {
        kind: 'link',
        href: 'https://example.org/a',
        inside: [text('https://example.org/a')],
      }),
    ],
  ],
  [
    'a named link',
    '[here](https://example.org/)',
    [paragraph({ kind: 'link', href: 'https://example.org/', inside: [text('here')] })],
  ],
])('%s', (_what, source, blocks) => {
  expect(parse(source)).toEqual(blocks);
});

describe('nothing dangerous results from', () => {
  test.each([
    ['a script', '<script>alert(1)</script>'],
    ['an image that runs', '<img src=x onerror=alert(1)>'],
    ['a javascript link', '[x](javascript:alert(1))'],
    ['a javascript link in disguise', '[x](JaVaScRiPt:alert(1))'],
    ['a data link', '[x](data:text/html,<script>alert(1)</script>)'],
    ['a file link', '[x](file:///etc/passwd)'],
    ['a relative link', '[x](//evil.example/)'],
    ['a picture', '![x](https://evil.example/track.png)'],
    ['a definition', '[x]\n\n[x]: javascript:alert(1)'],
    ['an autolink', '<javascript:alert(1)>'],
    ['a table', '|a|b|\n|-|-|\n|<b>|2|'],
  ])('%s', (_what, source) => {
    for (const link of links(parse(source))) expect(link.href).toMatch(/^(https?|mailto):/);
    expect(words(parse(source))).not.toBe('');
  });
});

test('a link whose text is another address shows the address that it opens', () => {
  expect(words(parse('[https://bank.example](https://evil.example/)'))).toBe('https://evil.example/');
  expect(words(parse('[bank.example/login](https://evil.example/)'))).toBe('https://evil.example/');
  expect(words(parse('[my bank](https://evil.example/)'))).toBe('my bank');
  for (const drawn of [
    ...[
      '(bank.example)',
      '“bank.example”',
      'bank.example.',
      'bank.example!',
      '→ bank.example',
      '//bank.example',
    ],
    ...['visit www.bank.example', 'log in at bank.example now', 'at bank.example/login, please'],
    ...[
      'bank\u2024example',
      'bank\uff0eexample',
      'bank\u3002example',
      'bank.example\u2215login',
      'https\uff1a//bank.example',
    ],
    ...[
      'bank.example\u200d',
      'bank.exam\u200cple',
      'bank.example\u2800',
      'bank.example&#x200d;',
      '**bank**.example',
      '`bank.example`',
    ],
  ])
    expect([drawn, words(parse(`[${drawn}](https://evil.example/)`))]).toEqual([
      drawn,
      'https://evil.example/',
    ]);
  for (const honest of [
    '(evil.example)',
    'log in at evil.example now',
    'see chapter 3.14',
    'v1.2 of it',
    'e.g. this',
  ])
    expect([honest, words(parse(`[${honest}](https://evil.example/)`))]).toEqual([honest, honest]);
  expect(words(parse('[example.org](https://www.example.org/)'))).toBe('example.org');
});

test('a mention takes the longest name that matches, and none is found within a word', () => {
  const callable = callableOf([
    { name: 'ana', identity: 'A', self: true },
    { name: 'ana maria', identity: 'B', self: false },
  ]);
  const inside = (source: string) =>
    parseMarkdown(source, { callable }).flatMap((b) => (b.kind === 'paragraph' ? b.inside : []));
  expect(inside('hi @ana!')).toEqual([text('hi '), { kind: 'mention', text: '@ana', self: true }, text('!')]);
  expect(inside('@ana maria, come')).toEqual([
    { kind: 'mention', text: '@ana maria', self: false },
    text(', come'),
  ]);
  expect(inside('mail@ana')).toEqual([text('mail@ana')]);
  expect(inside('@anastasia')).toEqual([text('@anastasia')]);
});

const SHORT = 15_000;
const LONG = 4 * SHORT;
/** Between linear growth (4) and quadratic growth (16), for four times the text. */
const MOST_GROWTH = 8;
/** Less is lost in the noise of the measurement. */
const LEAST_MS = 4;

/** The processor's time for one text: the least of three runs, in milliseconds. */
function costOf(source: string): number {
  const runs = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage();
    parse(source);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...runs);
}

/** Lines of growing length, each made by `line`, with `length` characters in all. */
function growing(line: (i: number) => string, between: string): (length: number) => string {
  return (length) =>
    Array.from({ length: Math.ceil(Math.sqrt(2 * length)) }, (_, i) => line(i))
      .join(between)
      .slice(0, length);
}

const repeated = (piece: string) => (length: number) => piece.repeat(length / piece.length);

test.each<[string, (length: number) => string]>([
  ['quotes in quotes', repeated('>')],
  ['lists in lists', growing((i) => `${' '.repeat(i)}- x`, '\n')],
  ['stars', repeated('*')],
  ['stars and letters', repeated('*a ')],
  ['underscores', repeated('_a_')],
  ['open brackets', repeated('[')],
  ['brackets in brackets', repeated('[a](')],
  ['backticks', repeated('`')],
  ['uneven backticks', growing((i) => '`'.repeat(i), ' ')],
  ['backslashes', repeated('\\')],
  ['one long line', repeated('a')],
  ['addresses', repeated('http://')],
  ['mail addresses', repeated('a@')],
  ['entities', repeated('&amp;')],
  ['tildes', repeated('~~a~')],
  ['angle brackets', repeated('<a ')],
])('the time to parse %s grows about as the text does', (_what, textOf) => {
  const short = costOf(textOf(SHORT));
  expect(costOf(textOf(LONG))).toBeLessThan(MOST_GROWTH * Math.max(short, LEAST_MS));
});

test('any text parses into safe parts only, without an exception', () => {
  const piece = fc.constantFrom(
    '*',
    '_',
    '`',
    '```',
    '~~',
    '[',
    '](',
    ')',
    '<',
    '>',
    '\n',
    '- ',
    '1. ',
    '# ',
    'http://a.b',
    'javascript:',
    '|',
    '\u001b',
    '\u202e',
    '@ana',
    ' ',
  );
  const source = fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 40 });
  fc.assert(
    fc.property(source, (parts) => {
      const blocks = parse(parts.join(''));
      for (const { href } of links(blocks)) expect(href).toMatch(/^(https?|mailto):/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may come through
      expect(JSON.stringify(blocks)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    }),
    { numRuns: 500 },
  );
});

function links(blocks: readonly Block[]) {
  return [...inlinesOf(blocks)].flatMap((inline) => (inline.kind === 'link' ? [inline] : []));
}

function words(blocks: readonly Block[]): string {
  return [...inlinesOf(blocks)].map((inline) => ('text' in inline ? inline.text : '')).join('');
}
