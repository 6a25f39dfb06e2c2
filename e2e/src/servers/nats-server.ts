import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { needed, runAlone, type Tool } from '../tool.ts';

/** The first version that keeps all acknowledged messages under races. */
const LEAST = [2, 12] as const;
/** Newest first. Debian 12 itself carries 2.9.10. */
const SUITES = ['sid', 'testing', 'trixie'] as const;
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'gochat-tests');
const LOCK = join(CACHE, 'nats-server.lock');

/**
 * Fetches one package of a later suite from the machine's mirror. apt gets separate lists, state and sources, so that the
 * machine's aren't touched; what is signed is checked against the keys that the machine has.
 */
const FETCH = `
set -e
binary="$1/nats-server"
[ -x "$binary" ] && exit 0
mirror=$(cat /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list.d/*.list /etc/apt/sources.list 2>/dev/null |
  grep -v '^#' | grep -oE 'https?://[^ ]+/debian(/| |$)' | head -n 1 | tr -d ' ')
[ -n "$mirror" ] || { echo "apt has no mirror of Debian's"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
apt() {
  apt-get -o Dir::Etc::sourcelist="$work/one.sources" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$work/lists" \\
    -o Dir::Cache="$work/cache" -o Dir::State::status="$work/status" -o Acquire::Languages=none \\
    -o APT::Sandbox::User=root "$@"
}
shift
for suite in "$@"; do
  rm -rf "$work"/*
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/unpacked"
  : > "$work/status"
  printf 'Types: deb\\nURIs: %s\\nSuites: %s\\nComponents: main\\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\\n' \\
    "$mirror" "$suite" > "$work/one.sources"
  (apt update && cd "$work" && apt download nats-server) || continue
  dpkg -x "$work"/nats-server_*.deb "$work/unpacked"
  cp "$work/unpacked/usr/sbin/nats-server" "$binary.new"
  mv "$binary.new" "$binary"
  exit 0
done
exit 1`;

/** Finds a nats-server of 2.12 or later: on the machine, in the cache of earlier runs, or in a later suite of Debian's. */
export async function findNatsServer(): Promise<Tool> {
  const cached = join(CACHE, 'nats-server');
  for (const path of ['nats-server', cached]) if (isRecent(versionOf(path))) return { path };
  if (!existsSync('/etc/debian_version'))
    return { missing: 'there is no nats-server of 2.12 or later, and this is no Debian to take it from' };
  mkdirSync(CACHE, { recursive: true });
  // If another process has fetched it meanwhile, it is found in the cache.
  const said = await runAlone(LOCK, FETCH, [CACHE, ...SUITES]);
  return isRecent(versionOf(cached))
    ? { path: cached }
    : { missing: `there is no nats-server of 2.12 or later, and apt could not fetch one: ${said}` };
}

/** @returns its path; undefined, with a message on standard error, when tests must be skipped. @throws Error if CI=true */
export async function neededNatsServer(skipped: string): Promise<string | undefined> {
  return needed(await findNatsServer(), skipped);
}

function versionOf(path: string): string | undefined {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return /v(\d+\.\d+\.\d+)/.exec(stdout ?? '')?.[1];
}

function isRecent(version: string | undefined): boolean {
  const [major = 0, minor = 0] = version?.split('.').map(Number) ?? [];
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
}
