import type { HistoryItem } from '@gochat/client/history';
import type { ChatEvent, RoomInfo } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/profile-connection';
import { NOTES, PREFERENCES } from '@gochat/client/settings';
import { expect, test } from 'vitest';
import type { PreferenceStore } from '../src/chat/preferences.ts';
import { RoomList } from '../src/chat/room-list.ts';
import { RoomViewModel } from '../src/room/room-view-model.ts';
import { item, words } from './timeline-input.ts';

const INFO = { id: 'r'.padEnd(22, 'A'), name: 'kitchen', topic: '', status: 'active' } as RoomInfo;

/** A room with a line of 1, which is listed, and timers that the test lets pass. */
async function listed() {
  const answers: Readonly<Record<string, unknown>> = {
    notes: { ...NOTES, read: '1' },
    members: [],
    waiting: [],
    history: [item(1, 'ana', 'one')],
    follow: { live: false, problem: undefined },
  };
  const timers = new Set<() => void>();
  let changes = 0;
  const list = new RoomList({
    open: (parts, info) => RoomViewModel.open(parts, info),
    profile: {
      call: async (method: string) => answers[method],
      on: () => () => undefined,
    } as unknown as Profile,
    platform: {
      now: () => 0,
      after: (_ms: number, run: () => void) => {
        timers.add(run);
        return () => timers.delete(run);
      },
    } as never,
    words,
    preferences: { current: PREFERENCES } as unknown as PreferenceStore,
    roomName: () => undefined,
    emoji: () => undefined,
    changed: () => {
      changes += 1;
    },
    news: () => undefined,
    failed: (error) => {
      throw error;
    },
  });
  const room = await list.add(INFO);
  const online = (of: Omit<Extract<ChatEvent, { kind: 'online' }>, 'kind' | 'room' | 'problem'>) =>
    list.take({ kind: 'online', room: INFO.id, problem: undefined, ...of });
  const items = (...all: readonly HistoryItem[]) => list.take({ kind: 'items', room: INFO.id, items: all });
  const passes = () => {
    const due = [...timers];
    timers.clear();
    for (const run of due) run();
  };
  const changesOf = (work: () => void) => {
    const before = changes;
    work();
    return changes - before;
  };
  return { list, room, online, items, passes, changesOf };
}

test('what a room reads while it catches up changes the screen at intervals, and in its order', async () => {
  const { room, online, items, passes, changesOf } = await listed();
  expect(changesOf(() => items(item(2, 'ana', 'two')))).toBeGreaterThan(0);
  online({ live: false, catchingUp: { read: 1, of: 9 } });
  expect(room.catchingUp).toEqual({ read: 1, of: 9 });

  const held = () => {
    items(item(3, 'ana', 'three'));
    online({ live: false, catchingUp: { read: 2, of: 9 } });
    items(item(4, 'ana', 'four'));
    online({ live: false, catchingUp: { read: 3, of: 9 } });
  };
  expect(changesOf(held)).toBe(0);
  expect(room.newest?.seq).toBe('2');
  passes();
  expect(room.newest?.seq).toBe('4');
  expect(room.catchingUp).toEqual({ read: 3, of: 9 });

  items(item(5, 'ana', 'five'));
  online({ live: true });
  expect(room.newest?.seq).toBe('5');
  expect([room.live, room.catchingUp]).toEqual([true, undefined]);
  expect(changesOf(passes)).toBe(0);
  expect(changesOf(() => items(item(6, 'ana', 'six')))).toBeGreaterThan(0);
});
