import type { Started } from '@gochat/crypto/handshake';
import type { KeptPack } from '@gochat/crypto/packs';
import type { Room, Split } from '@gochat/crypto/room';
import type { Down, DownOf, Entry } from '@gochat/protocol/down';
import type { Position, RequestId, RoomId } from '@gochat/protocol/fields';
import type { MergedFrom } from '../history/merged-lines.ts';
import type { PackedMessage } from '../history/verify-pack.ts';
import type { Connection } from '../net/connection.ts';
import type { RecordChange } from '../store/records.ts';
import type { HistoryItem, WarningFact } from './history.ts';
import type { Again } from './outbox.ts';
import type { Queued } from './outgoing.ts';
import type { JoiningKeys, RoomMeta } from './room-meta.ts';

/** The server's frames that are about one room. */
export type RoomFrame =
  | Extract<Down, { room: RoomId; type: 'entry' | 'live' | 'refreshed' | 'retired' | 'signal' }>
  | (DownOf<'error'> & { readonly room: RoomId });

/** A change of the room by a handshake of this device, and who waits for it. */
export interface Change {
  readonly make: (room: Room) => Promise<Started>;
  readonly landed: () => void;
  readonly failed: (error: unknown) => void;
}

/** A command of this device's user or of its maintenance. */
export type RoomCommand =
  | {
      readonly kind: 'queue';
      readonly messages: readonly Queued[];
      readonly also: readonly RecordChange[];
    }
  | {
      readonly kind: 'again';
      readonly wanted: Again;
      readonly done: (ids: readonly string[]) => void;
    }
  | { readonly kind: 'cancel' | 'uploaded'; readonly id: string }
  | {
      readonly kind: 'merge';
      readonly messages: readonly PackedMessage[];
      readonly from: MergedFrom;
      readonly done: (items: readonly HistoryItem[]) => void;
    }
  | {
      readonly kind: 'shared';
      readonly pack: KeptPack;
      readonly warnings: readonly WarningFact[];
    }
  | { readonly kind: 'split'; readonly split: Split }
  /** Changes nothing: what came before it is stored. */
  | { readonly kind: 'stored' }
  /** Deletes what has disappeared. */
  | { readonly kind: 'expire' }
  | { readonly kind: 'leave' }
  | { readonly kind: 'arrive'; readonly keys: JoiningKeys }
  | { readonly kind: 'return' | 'hand-over' | 'supersede'; readonly meta: RoomMeta; readonly room: Room };

/** What became of a request, or what is due after a wait. `over` is the connection that it is about. */
type Outcome =
  | { readonly kind: 'created'; readonly over: Connection; readonly seq: Position }
  | { readonly kind: 'entered'; readonly over: Connection; readonly answer: DownOf<'entered'> }
  | { readonly kind: 'not-entered'; readonly over: Connection; readonly error: unknown }
  | { readonly kind: 'enter' | 'enter-again'; readonly over: Connection }
  | { readonly kind: 'post-again' | 'commit-again'; readonly request: RequestId }
  | { readonly kind: 'post-due' }
  | { readonly kind: 'commit-refused'; readonly request: RequestId; readonly error: unknown }
  | { readonly kind: 'change' | 'change-again' | 'change-late'; readonly change: Change };

/** What a room processes, one after the other. */
export type RoomInput =
  | { readonly kind: 'frame'; readonly over: Connection; readonly frame: Exclude<RoomFrame, Entry> }
  | { readonly kind: 'entries'; readonly over: Connection; readonly entries: readonly Entry[] }
  | {
      readonly kind: 'command';
      readonly command: RoomCommand;
      readonly done: (result: boolean) => void;
      readonly failed: (error: unknown) => void;
    }
  | Outcome;

/** How many frames of the server an input has. */
export function framesOf(input: RoomInput): number {
  if (input.kind === 'entries') return input.entries.length;
  return input.kind === 'frame' ? 1 : 0;
}
