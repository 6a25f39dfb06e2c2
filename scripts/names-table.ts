/**
 * Writes the table of valid names, crypto/src/names-table.ts, from the Unicode data of this Node.js. The table is part of the policy:
 * another table splits rooms, so it changes only together with the policy's version. Run it with: npx tsx scripts/names-table.ts
 */
import { writeFileSync } from 'node:fs';
import { makeNamesTable } from '../crypto/test/make-names-table.ts';

const path = new URL('../crypto/src/names-table.ts', import.meta.url);
const text = `// Made by scripts/names-table.ts. It never changes within one version of the policy.

/** The version of Unicode from which the table was made. */
export const UNICODE_VERSION = '${process.versions.unicode}';

/** Runs of kinds of code points from U+0000 on: a letter that names.ts explains, and the run's length in base 36, 1 if left out. */
export const NAMES_TABLE =
  '${makeNamesTable()}';
`;
writeFileSync(path, text);
