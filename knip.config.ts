import { readFileSync } from 'node:fs';
import type { KnipConfig } from 'knip';

const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: object };

export default {
  workspaces: {
    '.': {
      entry: ['scripts/*.{mjs,ts}', 'examples/*.mjs'],
      // The published package is the root, which repeats what its workspaces import: a test holds the two together.
      // s3rver is run by its path, in a process of its own.
      ignoreDependencies: [...Object.keys(dependencies), 's3rver'],
    },
    '*': {
      entry: ['{src,test}/**/*.test.ts'],
      // Every source is an entry by the `exports` of its workspace; what nobody imports of it is dead all the same.
      includeEntryExports: true,
    },
    // Run by a path of their own, in processes of their own.
    bench: {
      entry: [
        'peers/*.mjs',
        'src/{lmdb-writers,tls-load,compare/room,compare/server}.ts',
        'test/**/*.test.ts',
      ],
    },
    web: { entry: ['src/main.ts', 'src/service-worker.ts', 'bundle.d.mts'] },
  },
  // The machine's: for tests and benchmarks, which install what they need, and for drawing the icons.
  ignoreBinaries: ['apt-get', 'cc', 'chromium', 'flock', 'prlimit', 'unshare', 'ip', 'systemd-analyze'],
  // What bots import from the package.
  ignoreIssues: { 'client/src/api/sdk.ts': ['exports', 'types'] },
  ignoreExportsUsedInFile: { interface: true, type: true },
} satisfies KnipConfig;
