import { loadCode } from '../api/load-code.ts';
import type { Params, Result } from '../api/methods.ts';
import type { BackupParts } from './backup-parts.ts';
import type { Restoring } from './restoring.ts';

/** The requests about backups. */
export type BackupMethod =
  | 'backup'
  | 'backupPage'
  | 'tryTicket'
  | 'restore'
  | 'restoreRoom'
  | 'restorePack'
  | 'restored'
  | 'rejoined';

type Handlers = { readonly [M in BackupMethod]: (params: Params<M>) => Promise<Result<M>> };

/** Answers them by code that is loaded with the first one. */
export function backupHandlers(parts: BackupParts): Handlers {
  const requests = () => loadCode(() => import('./backup-requests.ts'));
  let restoring: Promise<Restoring> | undefined;
  const restores = () => {
    restoring ??= loadCode(() => import('./restoring.ts')).then(({ Restoring: code }) => new code(parts));
    return restoring;
  };
  return {
    backup: async ({ waitMs }) => (await requests()).contents(parts, waitMs),
    backupPage: async (params) => (await requests()).page(parts, params),
    tryTicket: async (params) => (await requests()).tryTicket(parts, params),
    restore: async (params) => (await restores()).begin(params),
    restoreRoom: async ({ entry }) => (await restores()).addRoom(entry),
    restorePack: async (params) => (await restores()).addPack(params),
    restored: async ({ label }) => (await restores()).end(label),
    rejoined: async ({ waitMs }) => (await restores()).rejoined(waitMs),
  };
}
