import { tests as examples } from 'commonmark-spec';
import { expect, test } from 'vitest';
import { parseMarkdown } from '../src/text/markdown.ts';
import type { Block, Inline } from '../src/text/rich.ts';

/** Sections about what messages leave out. HTML stays text. */
const LEFT_OUT = [
  'HTML blocks',
  'Images',
  'Indented code blocks',
  'Link reference definitions',
  'Raw HTML',
  'Setext headings',
];

/** The examples of the other sections that are drawn in another way, each with the reason. */
const DIFFERENT: Readonly<Record<string, readonly number[]>> = {
  'indented lines are text: people indent and mean no code': [
    1, 2, 3, 5, 6, 7, 8, 18, 36, 48, 69, 134, 225, 231, 236, 252, 253, 254, 257, 264, 270, 271, 272, 273, 274,
    278, 286, 287, 288, 289, 290, 313,
  ],
  'HTML stays text': [14, 21, 31, 308, 309, 344, 475, 476, 477, 491, 492, 494, 517, 520, 524, 642, 643],
  'references and their definitions stay text': [
    23, 33, 317, 527, 528, 529, 530, 531, 532, 533, 534, 535, 536, 537, 538, 539, 540, 541, 542, 543, 544,
    545, 546, 547, 548, 549, 550, 551, 552, 553, 554, 555, 556, 557, 558, 559, 560, 561, 562, 563, 564, 565,
    566, 567, 568, 569, 570, 571,
  ],
  'a line under a text is a rule, as people draw it, and no heading': [59, 141, 300],
  'links lead to whole addresses of http, https and mailto only': [
    484, 485, 486, 487, 495, 496, 498, 499, 500, 501, 502, 503, 504, 522, 596, 597, 598, 599, 601,
  ],
  'addresses are links without brackets, as on GitHub': [
    488, 507, 508, 511, 513, 518, 519, 602, 608, 611, 612,
  ],
  'an address is opened as browsers write it': [20, 346, 526, 594, 603],
  'only the common names of characters are known, and none in the name of a language': [24, 25, 26, 32, 34],
  'a line end or a tab by its number is a blank': [39, 40],
};

test('messages are drawn as CommonMark says, apart from the examples that are listed', () => {
  const different = examples
    .filter(({ section }) => !LEFT_OUT.includes(section))
    .filter(({ markdown, html }) => drawn(markdown) !== normal(absolute(html)))
    .map(({ number }) => number);
  expect(examples).toHaveLength(652);
  expect(different).toEqual(
    Object.values(DIFFERENT)
      .flat()
      .sort((a, b) => a - b),
  );
});

function drawn(markdown: string): string {
  return normal(blocksHtml(parseMarkdown(absolute(markdown).replace(/\n$/, ''))));
}

/** Examples with relative addresses, which messages have no use for, as the same examples with whole ones. */
function absolute(text: string): string {
  return text
    .replaceAll('→', '\t')
    .replace(/(?<![\w.:/])\/(?=ur[il]|my|path|bar|f&|föö|foo|f%)/g, 'https://e.example/');
}

/** The specification's HTML without what messages don't distinguish: titles of links, loose lists, lines that break softly. */
function normal(html: string): string {
  return html
    .replaceAll(/ title="[^"]*"/g, '')
    .replaceAll('<br />\n', '<br>')
    .replaceAll(/(<\/?(?:p|h\d|ul|ol(?: start="\d+")?|li|blockquote|hr \/)>)\n/g, '$1')
    .replaceAll(/\n(<\/?(?:p|h\d|ul|ol(?: start="\d+")?|li|blockquote|hr \/|pre)>)/g, '$1')
    .replaceAll('</pre>\n', '</pre>')
    .replaceAll(/<pre>[\s\S]*?<\/pre>|\n/g, (part) => (part === '\n' ? '<br>' : part))
    .replaceAll(/<pre>[\s\S]*?<\/pre>|(<p>|<br>|<li>) +| +(?=<br>|<\/p>)/g, (part, begin) =>
      part.startsWith('<pre>') ? part : (begin ?? ''),
    )
    .replaceAll('<p>', '')
    .replaceAll('</p>', '¶')
    .replaceAll(/¶(?=<\/li>|<ul|<ol|<blockquote|<\/blockquote|<pre|<h|$)/g, '');
}

function blocksHtml(blocks: readonly Block[]): string {
  return blocks.map(blockHtml).join('');
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return `<p>${lineHtml(block.inside)}</p>`;
    case 'heading':
      return `<h${block.level}>${lineHtml(block.inside)}</h${block.level}>`;
    case 'code': {
      const language = block.language === '' ? '' : ` class="language-${escaped(block.language)}"`;
      return `<pre><code${language}>${escaped(block.text)}${block.text === '' ? '' : '\n'}</code></pre>`;
    }
    case 'quote':
      return `<blockquote>${blocksHtml(block.inside)}</blockquote>`;
    case 'list': {
      const tag = block.start === undefined ? 'ul' : 'ol';
      const start = block.start === undefined || block.start === 1 ? '' : ` start="${block.start}"`;
      const items = block.items.map((item) => `<li>${blocksHtml(item)}</li>`);
      return `<${tag}${start}>${items.join('')}</${tag}>`;
    }
    case 'table':
      return '<table>';
    case 'rule':
      return '<hr />';
    default:
      return block satisfies never;
  }
}

function lineHtml(inlines: readonly Inline[]): string {
  return inlines
    .map((one): string => {
      switch (one.kind) {
        case 'break':
          return '<br>';
        case 'link':
          return `<a href="${escaped(one.href)}">${lineHtml(one.inside)}</a>`;
        case 'code':
          return `<code>${escaped(one.text)}</code>`;
        case 'strong':
          return `<strong>${lineHtml(one.inside)}</strong>`;
        case 'emphasis':
          return `<em>${lineHtml(one.inside)}</em>`;
        case 'strike':
          return `<del>${lineHtml(one.inside)}</del>`;
        default:
          return escaped(one.text);
      }
    })
    .join('');
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
