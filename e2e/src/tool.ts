import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program that tests need: its path, or the reason why it is missing. */
export type Tool = { readonly path: string } | { readonly missing: string };

/** What may be installed on the machine. */
export interface Machine {
  readonly isDebian: boolean;
  readonly isRoot: boolean;
}

const here: Machine = { isDebian: existsSync('/etc/debian_version'), isRoot: process.getuid?.() === 0 };

/** All test processes install one at a time, also those of other runs. The lock ends with the process that holds it. */
const LOCK = '/tmp/gochat-apt.lock';
const INSTALL = `
command -v "$1" >/dev/null && exit 0
shift
export DEBIAN_FRONTEND=noninteractive
apt-get update && apt-get install -y --no-install-recommends "$@"`;
const LAST_WORDS_CHARS = 300;

/** Finds a command; if it is missing, installs its Debian packages when this process is root on Debian. */
export async function findTool(command: string, packages: readonly string[], machine = here): Promise<Tool> {
  const found = pathOf(command);
  if (found !== undefined) return { path: found };
  const missing = `there is no ${command}`;
  if (!machine.isDebian) return { missing: `${missing}, and this is no Debian to install it on` };
  if (!machine.isRoot) return { missing: `${missing}, and only root could install it` };
  const said = await install(command, packages);
  const installed = pathOf(command);
  return installed === undefined
    ? { missing: `${missing}, and apt-get could not install it: ${said}` }
    : { path: installed };
}

/** @returns the end of what apt-get printed */
function install(command: string, packages: readonly string[]): Promise<string> {
  return runAlone(LOCK, INSTALL, [command, ...packages]);
}

/**
 * Runs a shell script while no other process holds this lock.
 * @returns the end of its output, also if it failed
 */
export async function runAlone(lock: string, script: string, args: readonly string[]): Promise<string> {
  const child = spawn('flock', [lock, 'sh', '-c', script, 'sh', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-LAST_WORDS_CHARS);
    });
  const failed = await once(child, 'close').then(
    () => undefined,
    (error: unknown) => String(error),
  );
  return failed ?? said.trim();
}

function pathOf(command: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, command)).find((path) => existsSync(path));
}

/**
 * @returns the tool's path; undefined, with a message on standard error, when the tests that need it must be skipped
 * @throws Error if CI=true, when no test may be skipped
 */
export function needed(
  tool: Tool,
  skipped: string,
  isCi = process.env.CI === 'true',
  out: { write(text: string): unknown } = process.stderr,
): string | undefined {
  if ('path' in tool) return tool.path;
  if (isCi) throw new Error(`${skipped} can't be tested: ${tool.missing}`);
  out.write(`\n\u001b[1;31mSKIPPED: ${skipped}. ${tool.missing}\u001b[0m\n\n`);
  return undefined;
}
