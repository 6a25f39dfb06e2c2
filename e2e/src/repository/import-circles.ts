import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { readManifest } from './import-table.ts';
import { readImports } from './imports.ts';

/**
 * The import circles among the sources of all workspaces at `root`; an import of types counts like any other.
 * @returns one line per circle, with its files in alphabetical order; empty when there is none
 */
export function importCircles(root: string): string[] {
  return stronglyConnected(importGraph(root))
    .filter((files) => files.length > 1)
    .map((files) => files.sort().join(' <-> '))
    .sort();
}

function importGraph(root: string): ReadonlyMap<string, readonly string[]> {
  const graph = new Map<string, string[]>();
  for (const folder of readManifest(root).workspaces ?? []) {
    if (!existsSync(join(root, folder, 'src'))) continue;
    for (const { file, specifier } of readImports(root, join(folder, 'src'))) {
      const target = specifier === null ? undefined : resolve(root, file, specifier);
      if (target !== undefined) graph.set(file, [...(graph.get(file) ?? []), target]);
    }
  }
  return graph;
}

/** @returns the imported file, relative to `root`; undefined when it is outside this repository */
function resolve(root: string, file: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(file), specifier);
  const [, folder, name] = /^@gochat\/([^/]+)\/(.+)$/.exec(specifier) ?? [];
  if (folder === undefined || name === undefined) return undefined;
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
    readonly exports?: Readonly<Record<string, string>>;
  };
  const listed = manifest.exports?.[`./${name}`];
  if (listed !== undefined) return posix.join(folder, listed);
  return name.startsWith('internal/') ? `${folder}/src/${name.slice('internal/'.length)}.ts` : undefined;
}

/** Tarjan's algorithm (1972). @returns the strongly connected components, singletons included */
function stronglyConnected(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>();
  const stack: string[] = [];
  const components: string[][] = [];
  const visit = (node: string): number => {
    const order = index.size;
    let lowest = order;
    index.set(node, order);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) lowest = Math.min(lowest, visit(next));
      else if (stack.includes(next)) lowest = Math.min(lowest, index.get(next) ?? order);
    }
    if (lowest === order) components.push(stack.splice(stack.indexOf(node)));
    return lowest;
  };
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return components;
}
