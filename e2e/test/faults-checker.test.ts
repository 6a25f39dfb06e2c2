import { describe, expect, test } from 'vitest';
import { type Account, isSound, judge, type Records, type Sight } from '../src/faults/checker.ts';

const all: readonly Sight[] = Array.from({ length: 20 }, (_, i) => ({ id: `m${i}`, seq: 10 + i }));

const account = (who: string, more: Partial<Account> = {}): Account => ({
  who,
  since: 0,
  sights: all,
  membership: 'ana ben cai 12345',
  ...more,
});

const records = (more: Partial<Records> = {}): Records => ({
  acknowledged: new Set(all.map(({ id }) => id)),
  accounts: [account('ana'), account('ben'), account('cai')],
  swaps: [
    { room: 'side', after: '1', id: 'a', seq: '2' },
    { room: 'side', after: '2', id: 'b', seq: '4' },
  ],
  swapped: ['1', '2', '4', '5'],
  ...more,
});

const third = (sights: readonly Sight[], more: Partial<Account> = {}) =>
  judge(records({ accounts: [account('ana'), account('ben'), account('cai', { sights, ...more })] }));

describe('the checker', () => {
  test('reports nothing when all is right', () => {
    const verdict = judge(records());
    expect(verdict).toEqual({
      acked: 20,
      lost: 0,
      doubled: 0,
      disordered: 0,
      doubleWinners: 0,
      swaps: 2,
      lostSwaps: 0,
      diverged: 0,
    });
    expect(isSound(verdict)).toBe(true);
  });

  test('reports a message that one client lost', () => {
    const verdict = third(all.filter(({ id }) => id !== 'm7'));
    expect(verdict).toMatchObject({ lost: 1, doubled: 0, disordered: 0 });
    expect(isSound(verdict)).toBe(false);
  });

  test('reports a message that all clients lost', () => {
    const verdict = judge(records({ acknowledged: new Set([...all.map(({ id }) => id), 'never seen']) }));
    expect(verdict.lost).toBe(1);
  });

  test('accepts unacknowledged messages, shown or not', () => {
    const verdict = judge(records({ acknowledged: new Set(['m1']) }));
    expect(isSound(verdict)).toBe(true);
  });

  test('requires of a new member only later messages', () => {
    expect(isSound(third(all.slice(5), { since: 14 }))).toBe(true);
    expect(third(all.slice(6), { since: 14 }).lost).toBe(1);
  });

  test('reports a message that a client shows twice', () => {
    expect(third([...all, { id: 'm3', seq: 40 }])).toMatchObject({ doubled: 1, lost: 0 });
    expect(third([...all.slice(0, 4), ...all.slice(3)])).toMatchObject({ doubled: 1, lost: 0 });
  });

  test('reports a message at two positions, though each client shows it once', () => {
    const moved = all.map((sight) => (sight.id === 'm19' ? { ...sight, seq: 99 } : sight));
    expect(third(moved).doubled).toBe(1);
  });

  test('reports two messages in the wrong order', () => {
    const [first, second] = [all[4], all[5]] as [Sight, Sight];
    const swapped = [...all.slice(0, 4), second, first, ...all.slice(6)];
    expect(third(swapped)).toMatchObject({ disordered: 1, lost: 0, doubled: 0 });
  });

  test('reports different messages at one position', () => {
    const other = all.map((sight) => (sight.seq === 12 ? { id: 'forged', seq: 12 } : sight));
    expect(third(other)).toMatchObject({ disordered: 1, lost: 1 });
  });

  test('reports two winners of one swap, and counts a repeated acknowledgement once', () => {
    const swaps = [...records().swaps, { room: 'side', after: '2', id: 'b', seq: '4' }];
    expect(judge(records({ swaps })).doubleWinners).toBe(0);
    expect(
      judge(records({ swaps: [...swaps, { room: 'side', after: '2', id: 'c', seq: '5' }] })).doubleWinners,
    ).toBe(1);
    expect(
      judge(records({ swaps: [...swaps, { room: 'other', after: '2', id: 'c', seq: '5' }] })).doubleWinners,
    ).toBe(0);
  });

  test('reports an acknowledged swap that is missing or out of place', () => {
    expect(judge(records({ swapped: ['1', '2', '5'] })).lostSwaps).toBe(1);
    expect(judge(records({ swapped: ['1', '2', '3', '4'] })).lostSwaps).toBe(1);
    expect(isSound(judge(records({ swapped: ['1'] })))).toBe(false);
  });

  test('reports clients with different member lists', () => {
    expect(third(all, { membership: 'ana ben 99999' }).diverged).toBe(1);
  });

  test('a run in which nothing was acknowledged is not sound', () => {
    expect(isSound(judge(records({ acknowledged: new Set() })))).toBe(false);
    expect(isSound(judge(records({ swaps: [] })))).toBe(false);
  });
});
