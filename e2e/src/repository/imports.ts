import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseSync, Visitor } from 'rolldown/utils';

/** One place in a source that names another module; `specifier` is `null` where it is computed at run time. */
export interface Import {
  readonly file: string;
  readonly line: number;
  readonly specifier: string | null;
  /** Only types come from there, so nothing is left of it at run time. */
  readonly typesOnly: boolean;
}

/** Every import, re-export, dynamic import, `require` and type import of the TypeScript and JavaScript under `folder`. */
export function readImports(root: string, folder: string): Import[] {
  return sourcesOf(join(root, folder)).flatMap((path) =>
    parseImports(relative(root, path), readFileSync(path, 'utf8')),
  );
}

export function sourcesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[cm]?[jt]sx?$/.test(name) && !name.split('/').includes('node_modules'))
    .map((name) => join(folder, name))
    .sort();
}

function parseImports(file: string, text: string): Import[] {
  const { program, errors } = parseSync(file, text);
  if (errors[0]) throw new Error(`${file} doesn't parse: ${errors[0].message}`);
  const found: Import[] = [];
  const note = (source: Source | null | undefined, typesOnly = false) => {
    if (!source) return;
    const line = text.slice(0, source.start).split('\n').length;
    found.push({ file, line, specifier: typeof source.value === 'string' ? source.value : null, typesOnly });
  };
  new Visitor({
    ImportDeclaration: (node) => note(node.source, node.importKind === 'type'),
    ExportNamedDeclaration: (node) => note(node.source, node.exportKind === 'type'),
    ExportAllDeclaration: (node) => note(node.source, node.exportKind === 'type'),
    ImportExpression: (node) => note(node.source),
    TSImportType: (node) => note(node.source, true),
    TSExternalModuleReference: (node) => note(node.expression),
    CallExpression: (node) => {
      if (isResolver(text.slice(node.callee.start, node.callee.end))) note(node.arguments[0]);
    },
  }).visit(program);
  return found.sort((a, b) => a.line - b.line);
}

interface Source {
  readonly type: string;
  readonly start: number;
  readonly value?: unknown;
}

const isResolver = (callee: string) =>
  ['require', 'require.resolve', 'module.require', 'import.meta.resolve'].includes(callee) ||
  /^createRequire\(.*\)(\.resolve)?$/.test(callee);
