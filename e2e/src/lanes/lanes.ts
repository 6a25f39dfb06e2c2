import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * The lane of every test file that starts processes or runs for long; all other test files are in the lane `unit`.
 * Within a lane the longest file comes first, and starts first.
 */
export const LANES = {
  /** Real servers with real clients, terminals, other processes of Node.js, long runs inside the test process. */
  system: [
    'e2e/test/attackers.test.ts',
    'e2e/test/removed-devices.test.ts',
    'e2e/test/kept-out.test.ts',
    'e2e/test/malicious-server.test.ts',
    'e2e/test/verbs.test.ts',
    'e2e/test/terminal-scripts.test.ts',
    'e2e/test/split.test.ts',
    'e2e/test/linking.test.ts',
    'e2e/test/link-verbs.test.ts',
    'e2e/test/devices-killed.test.ts',
    'crypto/test/large-split.test.ts',
    'e2e/test/devices.test.ts',
    'e2e/test/disappearing.test.ts',
    'e2e/test/backup.test.ts',
    'e2e/test/delivery-ends.test.ts',
    'e2e/test/file-verbs.test.ts',
    'e2e/test/files-killed.test.ts',
    'e2e/test/linking-killed.test.ts',
    'e2e/test/many-messages.test.ts',
    'e2e/test/damaged-files.test.ts',
    'e2e/test/strange-devices.test.ts',
    'e2e/test/recovery.test.ts',
    'e2e/test/unfinished-frames.test.ts',
    'e2e/test/restored-profile.test.ts',
    'e2e/test/audit.test.ts',
    'e2e/test/files.test.ts',
    'e2e/test/killed.test.ts',
    'e2e/test/recovery-verbs.test.ts',
    'e2e/test/view-rooms.test.ts',
    'e2e/test/outgoing.test.ts',
    'client/test/transport/dial.test.ts',
    'crypto/test/split.test.ts',
    'e2e/test/fuzz.test.ts',
    'e2e/test/json-lines.test.ts',
    'e2e/test/profile.test.ts',
    'e2e/test/joins.test.ts',
    'e2e/test/roles.test.ts',
    'e2e/test/terminal-screen.test.ts',
    'e2e/test/closed-profile.test.ts',
    'e2e/test/old-backups.test.ts',
    'e2e/test/restore-killed.test.ts',
    'e2e/test/crash-points.test.ts',
    'e2e/test/terminal-full-screen.test.ts',
    'e2e/test/proxy.test.ts',
    'e2e/test/restore.test.ts',
    'e2e/test/shared-history.test.ts',
    'server/test/files/s3.test.ts',
    'client/test/owner/claim.test.ts',
    'crypto/test/size.test.ts',
    'e2e/test/page-client.test.ts',
    'e2e/test/device-history.test.ts',
    'crypto/test/groupinfo.test.ts',
    'crypto/test/hostile-joiner.test.ts',
    'server/test/fanout.test.ts',
    'e2e/test/unfinished-join.test.ts',
    'crypto/test/hostile-member.test.ts',
    'crypto/test/recovery.test.ts',
    'server/test/log/lmdb.test.ts',
    'crypto/test/persons.test.ts',
    'e2e/test/skipped-join.test.ts',
    'e2e/test/tls.test.ts',
    'e2e/test/screens.test.ts',
    'crypto/test/removal-steps.test.ts',
    'server/test/log/model.test.ts',
    'e2e/test/changes.test.ts',
    'e2e/test/view-files.test.ts',
    'server/test/log/lmdb-contract.test.ts',
    'crypto/test/room.test.ts',
    'e2e/test/loaded-code.test.ts',
    'e2e/test/first-minute.test.ts',
    'e2e/test/limited-devices.test.ts',
    'e2e/test/direct-messages.test.ts',
    'e2e/test/direct-verbs.test.ts',
    'e2e/test/view-direct.test.ts',
    'e2e/test/knocking.test.ts',
    'e2e/test/knock-verbs.test.ts',
    'e2e/test/view-knocks.test.ts',
    'crypto/test/evidence.test.ts',
    'e2e/test/capture.test.ts',
    'e2e/test/removed.test.ts',
    'e2e/test/talk.test.ts',
    'server/test/young-heap.test.ts',
    'crypto/test/fuzz.test.ts',
    'e2e/test/view-hostile.test.ts',
    'e2e/test/house-rules.test.ts',
  ],
  /** What needs other programs: browsers, tmux, NATS, HAProxy, strace, a compiler, npm. */
  machine: [
    'e2e/test/parity.test.ts',
    'server/test/log/jetstream-contract.test.ts',
    'server/test/nodes.test.ts',
    'server/test/log/jetstream.test.ts',
    'e2e/test/device-screens.test.ts',
    'e2e/test/knock-screens.test.ts',
    'e2e/test/linking-pages.test.ts',
    'bench/test/fan-out.test.ts',
    'e2e/test/web-backup.test.ts',
    'e2e/test/deploy.test.ts',
    'e2e/test/web-words.test.ts',
    'e2e/test/web-live.test.ts',
    'e2e/test/web-files-live.test.ts',
    'e2e/test/pack.test.ts',
    'e2e/test/web-files.test.ts',
    'e2e/test/tabs.test.ts',
    'e2e/test/cluster.test.ts',
    'e2e/test/page.test.ts',
    'e2e/test/metadata.test.ts',
    'e2e/test/web-keys.test.ts',
    'e2e/test/web-first-use.test.ts',
    'e2e/test/faults.test.ts',
    'e2e/test/acme.test.ts',
    'e2e/test/web-drawing.test.ts',
    'e2e/test/web-timeline.test.ts',
    'e2e/test/ensure.test.ts',
    'e2e/test/one-machine.test.ts',
    'e2e/test/recovery-screens.test.ts',
    'e2e/test/move.test.ts',
    'e2e/test/tmux-pictures.test.ts',
    'e2e/test/browser-person.test.ts',
    'conform/test/cluster.test.ts',
    'server/test/log/move.test.ts',
    'server/test/log/move-out.test.ts',
    'server/test/files/durability.test.ts',
    'e2e/test/names-in-chromium.test.ts',
    'e2e/test/files-full-disk.test.ts',
    'server/test/log/durability.test.ts',
    'e2e/test/tmux-screen.test.ts',
    'e2e/test/age.test.ts',
    'e2e/test/terminal-opened-files.test.ts',
    'client/test/store/full-disk.test.ts',
  ],
} as const;

export type Lane = 'unit' | keyof typeof LANES;

/** @param path of a test file, absolute */
export function laneOf(path: string): Lane {
  const file = relative(ROOT, path);
  for (const lane of ['system', 'machine'] as const)
    if ((LANES[lane] as readonly string[]).includes(file)) return lane;
  return 'unit';
}

/** @throws Error when the table names a file that doesn't exist, or names a file twice */
export function checkLanes(lanes: Readonly<Record<string, readonly string[]>> = LANES): void {
  const files = Object.values(lanes).flat();
  for (const file of files) {
    if (!existsSync(join(ROOT, file)))
      throw new Error(`e2e/src/lanes/lanes.ts lists ${file}, which is missing`);
    if (files.indexOf(file) !== files.lastIndexOf(file))
      throw new Error(`e2e/src/lanes/lanes.ts lists ${file} twice`);
  }
}
