import type { FileContent } from '@gochat/crypto/content';
import type { Position } from '@gochat/protocol/fields';
import { ChatError } from '../api/chat-error.ts';
import type { Params } from '../api/methods.ts';
import type { TextItem } from '../room/history.ts';
import type { HistoryReader } from '../room/history-reader.ts';
import type { RoomSession } from '../room/room-session.ts';
import type { WantedFile } from './fetches.ts';

type Wanted = Pick<Params<'fileChunk'>, 'seq' | 'id' | 'index' | 'preview'>;

/** @returns a file or preview of a message of the history, or of an own one that waits. @throws ChatError `file-unknown` */
export async function findFile(
  session: RoomSession,
  history: HistoryReader,
  wanted: Wanted,
): Promise<WantedFile> {
  const { id, index, preview = false } = wanted;
  const waiting = session.waiting.find((message) => message.id === id);
  const said =
    waiting?.content.kind === 'text' ? { files: waiting.content.files, at: waiting.at } : undefined;
  // It may have been posted since it was seen waiting.
  const seq = session.outcome(id).seq ?? (wanted.seq as Position);
  const { files, at } = said ?? (await messageAt(history, seq, id)) ?? { files: undefined, at: 0 };
  const whole: FileContent | undefined = files?.[index];
  const file = preview ? whole?.preview : whole;
  if (file === undefined) throw new ChatError({ reason: 'file-unknown' });
  return { file, postedAt: at };
}

/** @returns the message at a position */
export async function messageAt(
  history: HistoryReader,
  seq: Position,
  id: string,
): Promise<TextItem | undefined> {
  if (!/^[1-9]\d{0,15}$/.test(seq)) return undefined;
  // All lines of one entry.
  const lines = await history.after(Number(seq) - 1, 1);
  return lines.find((line): line is TextItem => line.kind === 'text' && line.seq === seq && line.id === id);
}
