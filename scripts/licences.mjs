// The texts that licences ask to be kept with copies: a bundle holds copies of what is bundled.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const MODULES = '/node_modules/';

/** @returns the name and the licence of every library that one of these sources, by their paths, is of */
export function licencesOf(paths) {
  const folders = new Map();
  for (const path of paths.map((one) => one.replaceAll('\\', '/'))) {
    const at = path.lastIndexOf(MODULES) + MODULES.length;
    if (at < MODULES.length) continue;
    const [name] = /^(@[^/]+\/)?[^/]+/.exec(path.slice(at)) ?? [];
    if (name !== undefined) folders.set(name, path.slice(0, at) + name);
  }
  const texts = [...folders].sort().map(([name, folder]) => {
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    if (file === undefined) throw new Error(`${name} has no text of its licence: it can't be bundled`);
    return `${name}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}
