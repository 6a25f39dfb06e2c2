import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { AVOIDED, avoidedIn } from '../src/repository/plain-words.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** Documents: each file, and every `.md` file of each folder. */
const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'docs', 'deploy'];

/** Sources: every file of TypeScript or JavaScript in each folder. */
const SOURCES = [
  'bench/src',
  'bench/test',
  'client/src',
  'client/test',
  'crypto/src',
  'crypto/test',
  'e2e/src',
  'e2e/test',
  'examples',
  'protocol/src',
  'protocol/test',
  'scripts',
  'server/src',
  'server/test',
  'terminal/bin',
  'terminal/src',
  'terminal/test',
  'view/src',
  'view/test',
  'web/src',
  'web/test',
];
const SOURCE_ENDINGS = ['.ts', '.tsx', '.js', '.mjs'];

/** The list itself, and this test of it. */
const LISTS = ['e2e/src/repository/plain-words.ts', 'e2e/test/plain-words.test.ts'];

/** The phrases that one file may contain, with the reason. A phrase is in lower case, as the test reports it. */
const EXCEPTIONS: readonly {
  readonly file: string;
  readonly phrases: readonly string[];
  readonly reason: string;
}[] = [
  {
    file: 'client/src/room/stored-history.ts',
    phrases: ['trouble'],
    reason: 'the name of a kind in histories that an earlier version stored',
  },
  {
    file: 'client/test/stored-history.test.ts',
    phrases: ['trouble'],
    reason: 'the name of a kind in histories that an earlier version stored',
  },
];

/** The glossary's own list of words to avoid is left out; it is the last section. */
function withoutList(file: string, text: string): string {
  if (file !== 'docs/glossary.md') return text;
  const [kept = '', list] = text.split('## Words not to use\n');
  expect(list).not.toMatch(/^## /m);
  return kept;
}

function filesOf(places: readonly string[], ending: string): string[] {
  return places.flatMap((place) => {
    if (place.endsWith(ending)) return [place];
    return readdirSync(join(repository, place), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith(ending))
      .map((name) => join(place, name))
      .sort();
  });
}

/** @returns what to change, as `file:line phrase -> instead` */
function avoidedInFiles(files: readonly string[]): string[] {
  return files.flatMap((file) => {
    const allowed = EXCEPTIONS.filter((exception) => exception.file === file).flatMap(
      ({ phrases }) => phrases,
    );
    return avoidedIn(withoutList(file, readFileSync(join(repository, file), 'utf8')))
      .filter(({ phrase }) => !allowed.includes(phrase))
      .map(({ line, phrase, instead }) => `${file}:${line} ${phrase} -> ${instead}`);
  });
}

test('the documents avoid the words that readers stumble over', () => {
  const files = filesOf(DOCUMENTS, '.md');
  expect(files).toContain('docs/protocol.md');
  expect(files).toContain('docs/decisions/002-lmdb-with-one-writer.md');
  expect(avoidedInFiles(files)).toEqual([]);
});

test('so do sources and tests, in names too', () => {
  const files = SOURCE_ENDINGS.flatMap((ending) => filesOf(SOURCES, ending));
  expect(files).toEqual(expect.arrayContaining(LISTS));
  expect(avoidedInFiles(files.filter((file) => !LISTS.includes(file)))).toEqual([]);
});

test('every exception is needed', () => {
  const unneeded = EXCEPTIONS.flatMap(({ file, phrases }) => {
    const found = avoidedIn(readFileSync(join(repository, file), 'utf8')).map(({ phrase }) => phrase);
    return phrases.filter((phrase) => !found.includes(phrase)).map((phrase) => `${file} ${phrase}`);
  });
  expect(unneeded).toEqual([]);
});

test('a planted phrase is found, in any case and across the end of a line', () => {
  const text =
    'A first line.\nThe message is sealed Anew,\nand a handshake\nbehind it is valid. Restore it.\n';
  expect(avoidedIn(text)).toEqual([
    { line: 2, phrase: 'anew', instead: 'again' },
    { line: 3, phrase: 'handshake behind', instead: 'later than, after' },
  ]);
});

test('parts of other words, and "behind" of a proxy or a lagging replica, are no findings', () => {
  expect(avoidedIn('An understanding of standards; behind a proxy; a replica is lagging behind.')).toEqual(
    [],
  );
});

test('the list has the words of the glossary that are to be avoided wherever they occur', () => {
  const glossary = readFileSync(join(repository, 'docs/glossary.md'), 'utf8');
  const list = glossary.slice(glossary.indexOf('## Words not to use'));
  for (const word of [
    'anew',
    'put back',
    'stands',
    'told',
    'spared',
    'by itself',
    'nobody but',
    'mend',
    'trouble',
  ]) {
    expect(list).toContain(word);
    expect([word, AVOIDED.some(({ pattern }) => word.search(pattern) === 0)]).toEqual([word, true]);
  }
});
