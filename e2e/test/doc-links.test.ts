import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const ROOT_DOCUMENTS = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'];

const FENCE = /^ {0,3}(`{3,}|~{3,})[^\n]*\n[\s\S]*?^ {0,3}\1[`~]*[ \t]*$/gm;
const CODE_SPAN = /(`+)(?:(?!\n\n)[\s\S])*?[^`]\1(?!`)/g;
const LINK = /\[[^\]]*\]\(\s*<?([^\s)>]+)>?(?:\s+"[^"]*")?\s*\)/g;
/** Taken out before links are matched, so that a link around a picture is found too. */
const PICTURE = /!\[[^\]]*\]\(\s*<?([^\s)>]+)>?(?:\s+"[^"]*")?\s*\)/g;
const HTML_LINK = /<(?:img|a)\s[^>]*?(?:src|href)="([^"]+)"/g;
const HAS_SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** @returns the documents of a repository, relative to it */
function documentsOf(root: string): string[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  return [
    ...ROOT_DOCUMENTS.filter((file) => existsSync(join(root, file))),
    ...docs.filter((file) => file.endsWith('.md')).map((file) => join('docs', file)),
  ].sort();
}

/** @returns the anchors of a document's headings, by GitHub's rules: a repeated heading gets `-1`, `-2` and so on */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of markdown
    .replace(FENCE, '')
    .matchAll(/^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*$/gm)) {
    const slug = slugOf(heading);
    let anchor = slug;
    for (let i = 1; anchors.has(anchor); i += 1) anchor = `${slug}-${i}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Lower case; letters, digits, marks, `_` and `-` stay, each space becomes `-`, all else goes. Markup counts as its text. */
function slugOf(heading: string): string {
  return heading
    .replace(LINK, (link) => link.slice(link.indexOf('[') + 1, link.lastIndexOf('](')))
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}

function linksOf(markdown: string): string[] {
  const prose = markdown.replace(FENCE, '').replace(CODE_SPAN, '`code`');
  const pictures = [...prose.matchAll(PICTURE)].map(([, target = '']) => target);
  const links = [...prose.replace(PICTURE, '').matchAll(LINK)].map(([, target = '']) => target);
  const html = [...prose.matchAll(HTML_LINK)].map(([, target = '']) => target);
  return [...pictures, ...links, ...html].filter((target) => !HAS_SCHEME.test(target));
}

/** @returns `document: link` for each relative link whose file or anchor doesn't exist */
function brokenLinks(root: string): string[] {
  const read = (file: string) => readFileSync(join(root, file), 'utf8');
  return documentsOf(root).flatMap((document) =>
    linksOf(read(document)).flatMap((link) => {
      const [path = '', anchor] = decodeURIComponent(link).split('#');
      const file = path === '' ? document : relative(root, resolve(root, dirname(document), path));
      const resolves =
        existsSync(join(root, file)) &&
        (anchor === undefined || (file.endsWith('.md') && anchorsOf(read(file)).has(anchor)));
      return resolves ? [] : [`${document}: ${link}`];
    }),
  );
}

test('every relative link in the documents resolves', () => {
  expect(documentsOf(repository).length).toBeGreaterThan(ROOT_DOCUMENTS.length);
  expect(brokenLinks(repository)).toEqual([]);
});

/** @returns the broken links of a repository that holds these files */
function brokenIn(files: Readonly<Record<string, string>>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'gochat-links-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [file, text] of Object.entries({ 'docs/empty.md': '', ...files })) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return brokenLinks(root);
}

test.each([
  ['a missing file', '[a](docs/missing.md)', 'docs/missing.md'],
  ['a missing anchor', '[a](docs/page.md#missing)', 'docs/page.md#missing'],
  ['a missing anchor of the same document', '[a](#missing)', '#missing'],
  ['a missing picture', '![a](docs/missing.png)', 'docs/missing.png'],
  ['a missing picture in HTML', '<img src="docs/missing.png" alt="a">', 'docs/missing.png'],
  ['a link around a picture', '[![a](docs/page.md)](docs/missing.md)', 'docs/missing.md'],
  ['an anchor of a file that is not Markdown', '[a](LICENSE#missing)', 'LICENSE#missing'],
])('%s is found', (_what, markdown, link) => {
  const files = { 'README.md': markdown, 'docs/page.md': '# Page\n', LICENSE: 'MIT' };
  expect(brokenIn(files)).toEqual([`README.md: ${link}`]);
});

test('a broken link in a folder below docs is found', () => {
  const files = { 'docs/decisions/001.md': '[up](../page.md) [wrong](page.md)', 'docs/page.md': '# Page\n' };
  expect(brokenIn(files)).toEqual(['docs/decisions/001.md: page.md']);
});

test('anchors follow the rules of GitHub', () => {
  const headings = [
    '# What is `--log`?',
    '## signal (up)',
    '## Posting: base and stale',
    '### Größe & Länge_of it',
    '## The [page](page.md)',
    '## Twice',
    '## Twice',
    '```sh',
    '# no heading',
    '```',
  ];
  expect([...anchorsOf(headings.join('\n'))]).toEqual([
    'what-is---log',
    'signal-up',
    'posting-base-and-stale',
    'größe--länge_of-it',
    'the-page',
    'twice',
    'twice-1',
  ]);
});

test('links in code and links to other sites are not followed', () => {
  expect(
    brokenIn({ 'README.md': '`[a](missing)`\n\n```md\n[a](missing)\n```\n\n[a](https://example.org/x#y)' }),
  ).toEqual([]);
});
