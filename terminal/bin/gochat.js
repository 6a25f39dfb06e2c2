#!/usr/bin/env node
// The door of the published command: plain JavaScript that old versions of Node can still read, so that they
// print what is missing instead of a stack trace.
const [major, minor] = process.versions.node.split('.').map(Number);
const bundle = new URL('../../dist/gochat.js', import.meta.url);

function refuse(line) {
  process.stderr.write(`gochat: ${line}\n`);
  process.exit(2);
}

if (major < 20 || (major === 20 && minor < 19)) {
  refuse(`needs Node.js 20.19 or newer; this is ${process.versions.node}`);
} else if (process.platform !== 'linux' && process.platform !== 'darwin') {
  refuse(`runs on Linux and macOS; this is ${process.platform}`);
} else {
  import('node:fs')
    .then((fs) => {
      if (!fs.existsSync(bundle)) refuse('is not built yet: run `npm run build`');
      return import(bundle.href);
    })
    .catch((error) => {
      if (error.code !== 'EMFILE' && error.code !== 'ENFILE') throw error;
      process.stderr.write('gochat: too many open files: raise the limit (ulimit -n)\n');
      process.exit(1);
    });
}
