import { ChatError } from '../api/chat-error.ts';
import type { Params, Result } from '../api/methods.ts';
import type { BackupParts } from './backup-requests.ts';

/** The requests about backups. */
export type BackupMethod = 'backup' | 'backupPage' | 'tryTicket';

type Handlers = { readonly [M in BackupMethod]: (params: Params<M>) => Promise<Result<M>> };

/** Answers them by code that is loaded with the first one. */
export function backupHandlers(parts: BackupParts): Handlers {
  return {
    backup: async () => (await load()).contents(parts),
    backupPage: async (params) => (await load()).page(parts, params),
    tryTicket: async (params) => (await load()).tryTicket(parts, params),
  };
}

async function load(): Promise<typeof import('./backup-requests.ts')> {
  try {
    return await import('./backup-requests.ts');
  } catch (cause) {
    throw new ChatError({ reason: 'code-not-loaded' }, { cause });
  }
}
