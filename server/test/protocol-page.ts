import { readFileSync } from 'node:fs';

const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');

/** The cells of the table under a heading of the protocol's page, with the head as its first row. */
export function tableUnder(heading: string): string[][] {
  const [, section] = page.split(`\n### ${heading}\n`);
  if (section === undefined) throw new Error(`the page has no heading ${heading}`);
  const lines = section
    .split(/\n#+ /)[0]
    ?.split('\n')
    .filter((line) => line.startsWith('|'));
  return (lines ?? [])
    .filter((line) => !/^\|[-|]+\|$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

/** The names in code style in a cell. */
export function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
}
