import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { down } from '../src/down.ts';
import { up } from '../src/up.ts';
import { PROTOCOL_VERSION } from '../src/version.ts';

/**
 * The hash of the two frame unions, by version. If this fails, the frames have changed: raise PROTOCOL_VERSION and add its hash here
 * (before the first release the version may stay).
 */
const pinned = { version: 2, hash: 'aeff422913f3d552c862b9feca99c8561d5683d5de8d22602b226659210e6712' };

/** Members of a schema that don't change which frames it accepts: functions, messages and brands. */
const ignored = new Set(['reference', 'expects', 'async', 'message', '~run', '~standard']);

/** @returns a schema's structure as plain data with its members in order of name. */
function structure(node: unknown): unknown {
  if (node instanceof RegExp) return String(node);
  if (Array.isArray(node)) return node.filter((item) => item?.type !== 'brand').map(structure);
  if (typeof node === 'function') return 'a function';
  if (typeof node !== 'object' || node === null) return node;
  if ('pipe' in node) return { pipe: structure(node.pipe) };
  const named =
    'type' in node && node.type === 'check' ? new Set([...ignored].filter((k) => k !== 'message')) : ignored;
  const members = Object.entries(node).filter(([name]) => !named.has(name));
  return Object.fromEntries(
    members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => [name, structure(value)]),
  );
}

test('the frames match the protocol version', () => {
  const hash = createHash('sha256')
    .update(JSON.stringify(structure({ up, down })))
    .digest('hex');
  expect({ version: PROTOCOL_VERSION, hash }).toEqual(pinned);
});

test('the hash changes with a limit, pattern, literal, option or optionality', () => {
  const text = JSON.stringify(structure({ up, down }));
  for (const trait of [
    '"literal":"post"',
    '"max_length"',
    '[AQgw]',
    '"conflict"',
    '"optional"',
    'whole bytes',
    '9]{0,15}',
  ]) {
    expect(text).toContain(trait);
  }
});
