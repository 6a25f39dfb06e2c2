/** Types of files that are known by their names only: texts have no magic bytes. */
const TYPES: Readonly<Record<string, string>> = {
  txt: 'text/plain',
  log: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  json: 'application/json',
  patch: 'text/x-diff',
  diff: 'text/x-diff',
};

/** @returns a media type; empty for other names */
export function typeByName(name: string): string {
  const extension = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(TYPES, extension) ? (TYPES[extension] ?? '') : '';
}
