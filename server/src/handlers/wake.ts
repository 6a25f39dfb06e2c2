import { notOffered } from '../session/refusals.ts';
import type { Handler } from './handler.ts';

/** This server sends no notifications. */
export const wake: Handler<'wake'> = () => {
  throw notOffered();
};
