import { loadCode } from '../api/load-code.ts';
import type { ClientFilesParts } from './client-files-parts.ts';
import type { Files } from './files.ts';

/** @returns the files of a profile; their code is loaded at the first use */
export function lazyFiles(parts: ClientFilesParts): Files {
  let loaded: Promise<Omit<Files, 'limits'>> | undefined;
  const load = async (): Promise<Omit<Files, 'limits'>> => {
    loaded ??= loadCode(() => import('./client-files.ts')).then(
      async ({ ClientFiles }) => new ClientFiles(parts, await parts.cache()),
    );
    try {
      return await loaded;
    } catch (error) {
      loaded = undefined;
      throw error;
    }
  };
  return {
    limits: (room, bytes) =>
      parts.call('fileLimits', { room, ...(bytes !== undefined && { bytes }), waitMs: LIMITS_MS }),
    prepare: async (...args) => (await load()).prepare(...args),
    discard: async (...args) => (await load()).discard(...args),
    here: async (...args) => (await load()).here(...args),
    async *open(...args) {
      yield* (await load()).open(...args);
    },
  };
}

const LIMITS_MS = 10_000;
