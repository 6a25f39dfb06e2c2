import { notOffered } from '../session/refusals.ts';
import type { Handler } from './handler.ts';

/** This server has no invites that need approval. */
export const knock: Handler<'knock'> = () => {
  throw notOffered();
};
