import { expect, test } from 'vitest';
import { markIds, unmark } from '../src/dashed-ids.ts';
import { VERBS } from '../src/verb-table.ts';

/** The verbs that take the short id of a member, device, invite, request or knock. */
const TAKE_IDS = VERBS.map(({ name }) => name.split(' ')).filter(([, , second = '']) =>
  /^[<[](member|person|device|id|knock)[>\]]$/.test(second),
);

test('a short id that begins like an option is taken as it is, by every verb that takes one', () => {
  expect(TAKE_IDS.map(([verb]) => verb)).toEqual(
    expect.arrayContaining(['requests', 'approve', 'decline', 'dm', 'ban', 'mute', 'role', 'remove']),
  );
  for (const [verb = ''] of TAKE_IDS) {
    const [first, id = ''] = markIds(verb, ['kitchen', '-bc_12-4'], new Set());
    expect([verb, first, id !== '-bc_12-4', unmark(id)]).toEqual([verb, 'kitchen', true, '-bc_12-4']);
    expect(markIds(verb, ['--json'], new Set(['--json']))).toEqual(['--json']);
  }
});
