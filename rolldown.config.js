import { defineConfig } from 'rolldown';

export default defineConfig({
  input: { gochat: 'terminal/src/main.ts', sdk: 'client/src/sdk.ts' },
  platform: 'node',
  // The workspaces go into the bundle; what comes from the registry is installed beside it.
  external: (id) => /^[^./]/.test(id) && !id.startsWith('@gochat/'),
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    // A server that runs from an older build may still load a chunk of it; packing empties the folder first.
    cleanDir: process.env.npm_lifecycle_event === 'prepack',
    sourcemap: true,
  },
});
