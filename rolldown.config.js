import { defineConfig } from 'rolldown';
import { licencesOf } from './scripts/licences.mjs';

const BUNDLED =
  /^(@gochat|@noble|@scure)\/|^(@hpke\/(core|common)|commander|get-east-asian-width|hash-wasm|ts-mls|valibot|ws)(\/|$)/;

const licences = {
  name: 'licences',
  generateBundle(_options, bundle) {
    const paths = Object.values(bundle).flatMap(({ moduleIds = [] }) => moduleIds);
    this.emitFile({ type: 'asset', fileName: 'licences.txt', source: licencesOf(paths) });
  },
};

export default defineConfig({
  input: {
    gochat: 'terminal/src/main.ts',
    // Started by its path, as a thread.
    'picture-worker': 'terminal/src/pictures/picture-worker.js',
    sdk: 'client/src/api/sdk.ts',
  },
  platform: 'node',
  // `hash-wasm` has many algorithms in one file. We use one: only a module can be reduced to it.
  resolve: { mainFields: ['module', 'main'] },
  // The workspaces go into the bundle, and the libraries that every command needs before it can do anything: a hundred files of
  // theirs are a fifth of what it takes to start. What else comes from the registry is installed beside it.
  external: (id) => /^[^./#]/.test(id) && !BUNDLED.test(id),
  plugins: [licences],
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    // Comments and white space would be read at every start. Names stay, for stack traces.
    minify: { mangle: false, compress: false, codegen: true },
    // A server that runs from an older build may still load a chunk of it; packing empties the folder first.
    cleanDir: process.env.npm_lifecycle_event === 'prepack',
    sourcemap: true,
  },
});
