// Builds dist/web, the files that the server sends to browsers. All but the page and its worker are named by a hash of their content.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle as bundleCss } from 'lightningcss';
import { build } from 'rolldown';
import { licencesOf } from '../scripts/licences.mjs';
import { browserBundle } from './bundle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'web', 'src');
const target = join(root, 'dist', 'web');

/** The first versions whose Web Crypto has X25519, which GoChat's MLS cipher suite needs. */
const BROWSERS = { chrome: 133 << 16, firefox: 130 << 16, safari: (17 << 16) | (2 << 8) };

/** Files of dist/web by their path in it. */
const files = new Map();
/** The published path of each source that the page or the manifest may refer to. */
const published = new Map();

function publish(name, content) {
  const bytes = Buffer.from(content);
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 10);
  const path = `assets/${basename(name, extname(name))}-${hash}${extname(name)}`;
  files.set(path, bytes);
  published.set(name, `/${path}`);
  return path;
}

/** Replaces the names of sources by their published paths, wherever `pattern` finds one. */
function rewrite(text, pattern) {
  return text.replace(pattern, (whole, before, name, after) => {
    if (/^(https?:|data:|#|\/)/.test(name)) return whole;
    const path = published.get(name);
    if (path === undefined) throw new Error(`${name} is referred to, but is not in web/src`);
    return `${before}${path}${after}`;
  });
}

async function buildScripts() {
  const { output } = await build(browserBundle({ main: join(source, 'main.ts') }));
  for (const part of output)
    files.set(part.fileName, Buffer.from(part.type === 'chunk' ? part.code : part.source));
  writeFileSync(
    join(dirname(target), 'licences-of-the-page.txt'),
    licencesOf(output.flatMap(({ moduleIds = [] }) => moduleIds)),
  );
  const entry = output.find((part) => part.type === 'chunk' && part.name === 'main');
  published.set('main.ts', `/${entry.fileName}`);
  return entry.imports;
}

function buildStyles() {
  for (const name of readdirSync(source).filter((file) => file.endsWith('.css'))) {
    const { code } = bundleCss({ filename: join(source, name), minify: true, targets: BROWSERS });
    publish(name, code);
  }
}

function buildAssets() {
  const names = readdirSync(join(source, 'assets'));
  for (const name of names.filter((file) => !file.endsWith('.webmanifest'))) {
    publish(`assets/${name}`, readFileSync(join(source, 'assets', name)));
  }
  for (const name of names.filter((file) => file.endsWith('.webmanifest'))) {
    const text = readFileSync(join(source, 'assets', name), 'utf8');
    const manifest = rewrite(text, /("src": ?")([^"]+)(")/g);
    publish(`assets/${name}`, JSON.stringify(JSON.parse(manifest)));
  }
}

function buildPage(imports) {
  const text = readFileSync(join(source, 'index.html'), 'utf8');
  const preloads = imports.map((path) => `<link rel="modulepreload" href="/${path}">`).join('');
  const page = rewrite(text, /(\s(?:href|src)=")([^"]+)(")/g).replace('</head>', `${preloads}</head>`);
  files.set('index.html', Buffer.from(page));
}

/** The worker lists all files of this build, so it changes when any of them does. */
async function buildWorker() {
  const paths = [...files.keys()].sort();
  const sum = createHash('sha256');
  for (const path of paths) sum.update(path).update('\0').update(files.get(path));
  const options = browserBundle({ 'service-worker': join(source, 'service-worker.ts') });
  const define = {
    PRECACHE: JSON.stringify(paths.map((path) => (path === 'index.html' ? '/' : `/${path}`))),
    BUILD: JSON.stringify(sum.digest('base64url').slice(0, 16)),
  };
  const { output } = await build({
    ...options,
    transform: { ...options.transform, define },
    output: { ...options.output, format: 'iife', entryFileNames: '[name].js' },
  });
  files.set('service-worker.js', Buffer.from(output[0].code));
}

const imports = await buildScripts();
buildStyles();
buildAssets();
buildPage(imports);
await buildWorker();

// Assets are written first and old ones removed last: a server that starts meanwhile finds a complete page, old or new.
const stale = (folder) => {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
};
const before = stale(target);
const isFirst = (path) => Number(path.startsWith('assets/'));
const inOrder = [...files].sort(([a], [b]) => isFirst(b) - isFirst(a));
for (const [path, bytes] of inOrder) {
  mkdirSync(dirname(join(target, path)), { recursive: true });
  writeFileSync(join(target, path), bytes);
}
for (const path of before) {
  if (path !== 'assets' && !files.has(path)) rmSync(join(target, path), { recursive: true, force: true });
}
