import type { Method, Params, Result } from '../api/methods.ts';
import type { FileCache } from './file-cache.ts';

/** What the files of a profile need, in each of its processes. */
export interface ClientFilesParts {
  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>>;
  readonly cache: () => Promise<FileCache>;
}
