import type { RoomScreen } from '@gochat/view/snapshot';
import { useEffect, useRef, useState } from 'preact/hooks';

const EVERY_MS = 2500;
const MOST = 3;

/** Has a screen reader read new messages of other members in the open room: none that were there before, and only the newest few. */
export function Announcer({ room }: { readonly room: RoomScreen | undefined }) {
  const [lines, setLines] = useState<readonly string[]>([]);
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
      // The lines are removed at the next turn: the text of a message that is deleted later must not stay here.
      const next = waiting.current.splice(0, MOST);
      setLines((now) => (now.length === 0 && next.length === 0 ? now : next));
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);

  return (
    <div class="hidden" aria-live="polite" aria-atomic="true">
      {lines.map((line, i) => (
        <p key={i}>{line}</p>
      ))}
    </div>
  );
}
