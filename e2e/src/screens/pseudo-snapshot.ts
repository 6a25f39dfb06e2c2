import type { Snapshot } from '@gochat/view/snapshot';
import { pseudoText } from './pseudo-language.ts';

/** Fields that no screen shows as text: kinds, states, ids and addresses. */
const NO_TEXT: ReadonlySet<string> = new Set([
  'kind',
  'state',
  'mode',
  'tone',
  'delivery',
  'type',
  'key',
  'seq',
  'id',
  'identity',
  'href',
  'notify',
  'settings',
  'unreadKey',
  'thumb',
]);

/** A snapshot as a view with a pseudo-language catalogue would make it, of people who write without ASCII letters. */
export function pseudoSnapshot(snapshot: Snapshot): Snapshot {
  return mapped(snapshot) as Snapshot;
}

function mapped(value: unknown): unknown {
  if (typeof value === 'string') return pseudoText(value);
  if (Array.isArray(value)) return value.map(mapped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inside]) => [name, NO_TEXT.has(name) ? inside : mapped(inside)]),
  );
}
