import packageJson from '../package.json' with { type: 'json' };
import { EXIT } from './exit.ts';
import type { Io } from './io.ts';

const io: Io = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: process.env };

// Whoever reads may stop reading, as `head` does: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.internal),
);

const [first] = process.argv.slice(2);
if (first === '--version' || first === '-V') {
  io.stdout.write(`${packageJson.version}\n`);
} else {
  const { run } = await import('./command.ts');
  process.exitCode = await run(process.argv.slice(2), io, packageJson.version);
  // Nothing that is still open may keep a finished command alive; what was written leaves first.
  process.stdout.write('', () => process.exit());
}
