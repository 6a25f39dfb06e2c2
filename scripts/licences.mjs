// Collects the licence texts of bundled libraries, which their licences require with every copy.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MODULES = '/node_modules/';
/** The licences of packages that come without their text. */
const OURS = fileURLToPath(new URL('licences', import.meta.url));

/** @returns the name and licence of every library that one of these source paths belongs to. @throws Error when a library has no licence file */
export function licencesOf(paths) {
  const folders = new Map();
  for (const path of paths.map((one) => one.replaceAll('\\', '/'))) {
    const at = path.lastIndexOf(MODULES) + MODULES.length;
    if (at < MODULES.length) continue;
    const [name] = /^(@[^/]+\/)?[^/]+/.exec(path.slice(at)) ?? [];
    if (name !== undefined) folders.set(name, path.slice(0, at) + name);
  }
  const texts = [...folders].sort().map(([name, folder]) => {
    const theirs = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    const file = theirs === undefined ? join(OURS, `${name}.txt`) : join(folder, theirs);
    if (!existsSync(file)) throw new Error(`${name} has no licence file, so it can't be bundled`);
    return `${name}\n\n${readFileSync(file, 'utf8').trim()}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}
