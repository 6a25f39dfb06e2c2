import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openEmojiBook } from '../src/text/emoji.ts';
import { isLarge, mentionsIn, parseMarkdown, wordsOf } from '../src/text/markdown.ts';
import { callableOf } from '../src/text/mentions.ts';
import { htmlOf } from './html-of.ts';

const ENGLAND = '\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}';
const SCOTLAND = '\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}';
const book = await openEmojiBook();

/** What is drawn of a text, by a member list without names. */
const drawn = (text: string) => htmlOf(parseMarkdown(text, { callable: new Map(), emoji: book.named }));

describe('what a writer expects is drawn of', () => {
  test.each<[string, string, string]>([
    [
      'an address with brackets in it',
      'see https://wiki.example.com/Rust_(film) tonight',
      '<p>see <a>https://wiki.example.com/Rust_(film)</a> tonight</p>',
    ],
    [
      'an address in brackets',
      '(docs at https://docs.example.com/a/b)',
      '<p>(docs at <a>https://docs.example.com/a/b</a>)</p>',
    ],
    [
      'an address before a Chinese stop',
      '参照 https://docs.example.com/guide。次は明日。',
      '<p>参照 <a>https://docs.example.com/guide</a>。次は明日。</p>',
    ],
    [
      'an address in Japanese brackets',
      '資料（https://docs.example.com/q）です',
      '<p>資料（<a>https://docs.example.com/q</a>）です</p>',
    ],
    [
      'an address within Japanese text',
      '資料はhttps://docs.example.com/aを見て',
      '<p>資料は<a>https://docs.example.com/a</a>を見て</p>',
    ],
    [
      'an address between Chinese commas',
      'https://a.example/x，https://a.example/y、好',
      '<p><a>https://a.example/x</a>，<a>https://a.example/y</a>、好</p>',
    ],
    [
      'a host that goes on in Japanese',
      'https://example.comを見て',
      '<p><a https://example.com/>https://example.com</a>を見て</p>',
    ],
    [
      'hosts that are not ASCII',
      'neue Seite: https://müller.example/über und https://例え.example/道',
      '<p>neue Seite: <a https://xn--mller-kva.example/%C3%BCber>https://müller.example/über</a> und <a https://xn--r8jz45g.example/%E9%81%93>https://例え.example/道</a></p>',
    ],
    [
      'a host whose first letter is not ASCII',
      'https://ñandú.example/a',
      '<p><a https://xn--and-6ma2c.example/a>https://ñandú.example/a</a></p>',
    ],
    ['single tildes', 'between ~3k~5k rows, takes ~2-~4 h', '<p>between ~3k~5k rows, takes ~2-~4 h</p>'],
    ['single tildes in Chinese', '大约~12和~50', '<p>大约~12和~50</p>'],
    ['flags of parts of a country', `${ENGLAND} vs ${SCOTLAND}`, `<p>${ENGLAND} vs ${SCOTLAND}</p>`],
    ['joined emoji', '👩‍💻 👍🏽 🇳🇴 ❤️ 🏳️‍🌈 1️⃣', '<p>👩‍💻 👍🏽 🇳🇴 ❤️ 🏳️‍🌈 1️⃣</p>'],
    ['code with a tab', '```make\nall:\n\tcc -o x x.c\n```', '<pre make>all:\n\tcc -o x x.c</pre>'],
    [
      'code with a tab in a list',
      '- ```make\n  all:\n  \tcc\n  ```',
      '<list *><li><pre make>all:\n\tcc</pre></li></list>',
    ],
    [
      'a fence within a longer fence',
      '````md\n```js\nlet a\n```\n````\nafter',
      '<pre md>```js\nlet a\n```</pre><p>after</p>',
    ],
    ['a backtick within code', 'use `` a`b `` here', '<p>use <code>a`b</code> here</p>'],
    ['an open fence', '```\nline one\nline two', '<pre >line one\nline two</pre>'],
    [
      'nested lists',
      '- a\n  - b\n    1. c\n    2. d\n- e',
      '<list *><li><p>a</p><list *><li><p>b</p><list 1.><li><p>c</p></li><li><p>d</p></li></list></li></list></li><li><p>e</p></li></list>',
    ],
    [
      'a year at the start, and a bracket after a number',
      '1984. That was a year\n\n7) seventh',
      '<list 1984.><li><p>That was a year</p></li></list><list 7)><li><p>seventh</p></li></list>',
    ],
    [
      'underscores within words',
      'set my_long_name and __init__ and 2*3*4',
      '<p>set my_long_name and <b>init</b> and 2<i>3</i>4</p>',
    ],
    [
      'paths of Windows',
      'C:\\Users\\kim\\_tmp\\*.log and \\\\srv\\share',
      '<p>C:\\Users\\kim\\_tmp\\*.log and \\\\srv\\share</p>',
    ],
    [
      'marks within an address',
      'https://files.example.com/a_b_c/_d_/e*f*g?x=1&amp=2&lt=3#frag_',
      '<p><a>https://files.example.com/a_b_c/_d_/e*f*g?x=1&amp=2&lt=3#frag</a>_</p>',
    ],
    [
      'addresses before the marks of a sentence',
      'go https://example.com/a..., then https://example.com/b! ok?',
      '<p>go <a>https://example.com/a</a>..., then <a>https://example.com/b</a>! ok?</p>',
    ],
    [
      'a quote that goes on without its sign',
      '> one\n> two\nthree',
      '<quote><p>one<br>two<br>three</p></quote>',
    ],
    [
      'angle brackets and entities',
      '<https://example.com/x y> and <b>bold</b> and a < b > c &amp; &lt;',
      '<p><<a>https://example.com/x</a> y> and <b>bold</b> and a < b > c & <</p>',
    ],
    [
      'text of both directions',
      'مرحبا (test) 123 https://example.com/a שלום abc',
      '<p>مرحبا (test) 123 <a>https://example.com/a</a> שלום abc</p>',
    ],
    ['a flood of marks', `Z${'\u0301'.repeat(60)}algo`, `<p>Z${'\u0301'.repeat(8)}algo</p>`],
    ['one long word', 'x'.repeat(3000), `<p>${'x'.repeat(3000)}</p>`],
    ['entities by name and number', '&copy; &#x41; &nbsp;| &#65;', '<p>© A \u00a0| A</p>'],
    ['rules', '---\n***\n===', '<hr><hr><p>===</p>'],
    [
      'mail addresses',
      "mail kim.o'hara+x@example.org, or k_l@example.org.",
      "<p>mail <a mailto:kim.o'hara+x@example.org>kim.o'hara+x@example.org</a>, or <a mailto:k_l@example.org>k_l@example.org</a>.</p>",
    ],
    [
      'a table',
      '| a | b |\n|---|---|\n| 1 | 2 |',
      '<table - -><tr><td>a</td><td>b</td></tr><tr><td>1</td><td>2</td></tr></table>',
    ],
    [
      'a table after a line, with alignment, markup and a bar as text',
      'so:\na | *b* | c\n:-- | :-: | --:\n1 | `x\\|y` |\n\nend',
      '<p>so:</p><table left center right><tr><td>a</td><td><i>b</i></td><td>c</td></tr><tr><td>1</td><td><code>x|y</code></td></tr></table><p>end</p>',
    ],
    [
      'bars that are no table',
      '|||\na | b\n- | - | -',
      '<p>|||<br>a | b</p><list *><li><p>| - | -</p></li></list>',
    ],
    ['number signs', '#channel #1 # heading', '<p>#channel #1 # heading</p>'],
    [
      'signs at the start of a line',
      '+1\n+ 1\n* hi\n- no',
      '<p>+1</p><list *><li><p>1</p></li></list><list *><li><p>hi</p></li></list><list *><li><p>no</p></li></list>',
    ],
    ['emphasis in Japanese', 'これは**強調。**です', '<p>これは<b>強調。</b>です</p>'],
    ['emphasis of Chinese in quotes', '他说**“你好”**吗', '<p>他说<b>“你好”</b>吗</p>'],
    ['variants of ideographs', '葛\u{e0100}城 辻\u{e0101}', '<p>葛\u{e0100}城 辻\u{e0101}</p>'],
    [
      'an indented drawing',
      '   indented art\n  /\\_/\\\n ( o.o )',
      '<p>   indented art<br>  /_/<br> ( o.o )</p>',
    ],
    [
      'local addresses, and one that is not opened',
      'http://[::1]:8080/x and http://localhost:3000/#/join and ftp://a.example/b',
      '<p><a>http://[::1]:8080/x</a> and <a>http://localhost:3000/#/join</a> and ftp://a.example/b</p>',
    ],
    ['two tildes', '~~gone~~ stays', '<p><s>gone</s> stays</p>'],
    [
      'stars after an address',
      'https://example.com/a*, *b*',
      '<p><a>https://example.com/a</a>*, <i>b</i></p>',
    ],
    [
      'an address in emphasis',
      '**https://example.com/a** _https://example.com/b_',
      '<p><b><a>https://example.com/a</a></b> <i><a>https://example.com/b</a></i></p>',
    ],
    [
      'square brackets',
      '[x] done, [note] and [a](b) and ![pic](https://example.com/p.png)',
      '<p>[x] done, [note] and [a](b) and <a https://example.com/p.png>pic</a></p>',
    ],
    [
      'addresses in quotes of all kinds',
      '"https://example.com/q" \'https://example.com/r\' <https://example.com/s>; „https://example.com/t“ «https://example.com/u» ‚https://example.com/v‘',
      '<p>"<a>https://example.com/q</a>" \'<a>https://example.com/r</a>\' <a>https://example.com/s</a>; „<a>https://example.com/t</a>“ «<a>https://example.com/u</a>» ‚<a>https://example.com/v</a>‘</p>',
    ],
    ['Thai and Hindi', 'ไทย\u200bภาษา क्\u200dष', '<p>ไทย\u200bภาษา क्\u200dष</p>'],
    [
      'a mail address before a Chinese comma',
      '写给kim@example.org，谢谢',
      '<p>写给<a mailto:kim@example.org>kim@example.org</a>，谢谢</p>',
    ],
    [
      'an address without a scheme',
      'see www.example.org.',
      '<p>see <a http://www.example.org/>www.example.org</a>.</p>',
    ],
  ])('%s', (_what, text, html) => {
    expect(drawn(text)).toBe(html);
  });
});

describe('an emoji is drawn for a name that is free-standing', () => {
  test.each([
    ['alone', ':tada:', '<p><emoji>🎉</emoji></p>'],
    ['in a sentence', 'so :tada:! (:+1:)', '<p>so <emoji>🎉</emoji>! (<emoji>👍</emoji>)</p>'],
    ['after another', ':tada::+1:', '<p><emoji>🎉</emoji><emoji>👍</emoji></p>'],
    ['in emphasis', '**:tada:**', '<p><b><emoji>🎉</emoji></b></p>'],
  ])('%s', (_where, text, html) => {
    expect(drawn(text)).toBe(html);
  });

  test.each([
    ['in an address of IPv6', '2001:db8:a:b::1'],
    ['in a word', 'foo:a:bar'],
    ['before a letter', ':a:bc'],
    ['after a word', 'foo:a: bar'],
    ['after a number', 'at 10:100: x'],
    ['in a time', 'at 12:100:15'],
    ['of no emoji', ':nonsense: and :constructor:'],
    ['for a smiley', ':-p and :10'],
  ])('but not %s', (_where, text) => {
    expect(drawn(text)).toBe(`<p>${text}</p>`);
  });

  test('but not in code and addresses', () => {
    expect(drawn('`:tada:` https://a.example/:tada:/x')).toBe(
      '<p><code>:tada:</code> <a>https://a.example/:tada:/x</a></p>',
    );
    expect(drawn('```\n:tada:\n```')).toBe('<pre >:tada:</pre>');
  });
});

describe('a member is mentioned', () => {
  const one = (...names: string[]) =>
    callableOf(names.map((name, i) => ({ name, identity: `device-${i}`, self: false })));
  const both = (text: string, ...names: string[]) => {
    const callable = one(...names);
    return [mentionsIn(text, callable).join(' '), htmlOf(parseMarkdown(text, { callable }))];
  };

  test.each([
    ['*star*', 'hi @*star*!', '<p>hi <at>@*star*</at>!</p>'],
    ['__init__', '@__init__ and **@__init__**', '<p><at>@__init__</at> and <b><at>@__init__</at></b></p>'],
    ['kim@home.example', 'ask @kim@home.example.', '<p>ask <at>@kim@home.example</at>.</p>'],
    ['`tick`', '@`tick` `code`', '<p><at>@`tick`</at> <code>code</code></p>'],
    ['علی‌رضا', 'سلام @علی‌رضا', '<p>سلام <at>@علی‌رضا</at></p>'],
    ['ශ්‍රී', '@ශ්‍රී, ok', '<p><at>@ශ්‍රී</at>, ok</p>'],
    ['Kim 👩‍💻', '@Kim 👩‍💻 look', '<p><at>@Kim 👩‍💻</at> look</p>'],
    ['李明', '@李明さん、今日は', '<p><at>@李明</at>さん、今日は</p>'],
    ['李明', '你好@李明你好', '<p>你好<at>@李明</at>你好</p>'],
    ['지민', '@지민이 왔다', '<p><at>@지민</at>이 왔다</p>'],
    ['José', '@Jose\u0301: hi', '<p><at>@José</at>: hi</p>'],
    ['[a](b)', '@[a](b)', '<p><at>@[a](b)</at></p>'],
    ['#1', '> @#1', '<quote><p><at>@#1</at></p></quote>'],
    ['Du Pont', '~~@Du Pont~~', '<p><s><at>@Du Pont</at></s></p>'],
  ])('who is called %s, by %s', (name, text, html) => {
    expect(both(text, name, 'zoe')).toEqual(['device-0', html]);
  });

  test.each([
    ['in code', 'run `npm i @kim`'],
    ['in a block of code', '```\n@kim\n```'],
    ['in a mail address', 'mail ann@kim or ann@kim.example'],
    ['in an address', 'https://social.example/@kim and www.social.example/@kim'],
    ['in the text of a link', '[@kim](https://social.example/)'],
    ['at the start of a longer word', '@kimono @kim_1 @kime\u0301'],
    ['after a word', 'x@kim'],
    ['behind a backslash', '\\@kim'],
  ])('but not %s', (_where, text) => {
    expect(both(text, 'kim')[0]).toBe('');
    expect(both(text, 'kim')[1]).not.toContain('<at>');
  });

  test('by a name that several have: all of them; by a label: that one', () => {
    const callable = callableOf([
      { name: 'Ana#x1y2', identity: 'A', self: true },
      { name: 'Ana#z3w4', identity: 'B', self: false },
      { name: 'Ben', identity: 'C', self: false },
      { name: 'Ben', identity: 'D', self: false },
    ]);
    expect(mentionsIn('@Ana', callable)).toEqual(['A', 'B']);
    expect(mentionsIn('@Ana#z3w4 hi', callable)).toEqual(['B']);
    expect(mentionsIn('@Ben', callable)).toEqual(['C', 'D']);
    expect(parseMarkdown('@Ana', { callable })).toEqual([
      { kind: 'paragraph', inside: [{ kind: 'mention', text: '@Ana', self: true }] },
    ]);
  });
});

describe('an address shows the host that it opens', () => {
  test.each([
    ['Cyrillic letters that look Latin', 'https://аррӏе.com/x', '<p><a>https://xn--80ak6aa92e.com/x</a></p>'],
    ['mixed scripts', 'https://pаypal.example/', '<p><a>https://xn--pypal-4ve.example/</a></p>'],
    ['a letter without its dot', 'https://bıng.example/', '<p><a>https://xn--bng-jua.example/</a></p>'],
    [
      'a Cyrillic name',
      'https://почта.example/',
      '<p><a https://xn--80a1acny.example/>https://почта.example/</a></p>',
    ],
    [
      'a name before the host',
      'https://bank.example@evil.example/',
      '<p>https://bank.example@evil.example/</p>',
    ],
    [
      'a link with markup around another address',
      '[**bank.example**](https://evil.example/)',
      '<p><a>https://evil.example/</a></p>',
    ],
    [
      'a link that names another address in its text',
      '[go to https://bank.example](https://evil.example/)',
      '<p><a>https://evil.example/</a></p>',
    ],
    [
      'a link that writes another address with an entity',
      '[bank&#46;example](https://evil.example/)',
      '<p><a>https://evil.example/</a></p>',
    ],
    [
      'a mail address that looks like another',
      'a@аррӏе.com',
      '<p><a>mailto:a@%D0%B0%D1%80%D1%80%D3%8F%D0%B5.com</a></p>',
    ],
    [
      'a link that looks like another address',
      '[аррӏе.com](https://аррӏе.com/)',
      '<p><a>https://xn--80ak6aa92e.com/</a></p>',
    ],
  ])('%s', (_what, text, html) => {
    expect(drawn(text)).toBe(html);
  });
});

test.each([
  ['🎉', true],
  ['👩‍💻 👍🏽', true],
  [`${SCOTLAND}🇳🇴❤️`, true],
  [':tada: :+1:', true],
  ['🎉🎉🎉🎉', false],
  ['🎉 yes', false],
  ['1', false],
  ['123', false],
  ['©', false],
  ['`🎉`', false],
  ['> 🎉', false],
  ['', false],
])('%s is drawn large: %s', (text, large) => {
  expect(isLarge(parseMarkdown(text, { callable: new Map(), emoji: book.named }))).toBe(large);
});

test('no letter of a text without markup is lost', () => {
  const letters = fc.string({ unit: fc.constantFrom(...'aé日が क्ष:@.,/(-)01\n x'), maxLength: 60 });
  fc.assert(
    fc.property(letters, (text) => {
      const signs = (written: string) => written.replace(/[\s\d.)(-]/gu, '');
      expect(signs(wordsOf(parseMarkdown(text)))).toBe(signs(text));
    }),
    { numRuns: 300 },
  );
});
