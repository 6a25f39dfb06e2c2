import type { RoomScreen } from '@gochat/view/snapshot';
import { useEffect, useRef, useState } from 'preact/hooks';

const EVERY_MS = 2500;
const MOST = 3;

/** Reads new messages of others in the open room to who listens: never what was there before, and not too many. */
export function Announcer({ room }: { readonly room: RoomScreen | undefined }) {
  const [text, setText] = useState('');
  const last = useRef<{ readonly room: string; readonly key: string | undefined }>({
    room: '',
    key: undefined,
  });
  const waiting = useRef<string[]>([]);
  const rows = room?.timeline.rows;

  useEffect(() => {
    const newest = rows?.at(-1)?.key;
    const before = last.current;
    last.current = { room: room?.id ?? '', key: newest };
    if (rows === undefined || room === undefined || before.room !== room.id || before.key === undefined)
      return;
    const fresh: string[] = [];
    for (let i = rows.length - 1; i >= 0 && rows[i]?.key !== before.key; i--) {
      const row = rows[i];
      if (row?.kind === 'message' && !row.author.own && rows.length - i <= MOST) fresh.unshift(row.spoken);
    }
    waiting.current = [...waiting.current, ...fresh].slice(-MOST);
  }, [rows, room]);

  useEffect(() => {
    const timer = setInterval(() => {
      const next = waiting.current.splice(0, MOST);
      // What was read out is taken away again: the words of a message that is deleted must not stay here.
      setText(next.join('. '));
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);

  return (
    <div class="hidden" aria-live="polite" aria-atomic="true">
      {text}
    </div>
  );
}
