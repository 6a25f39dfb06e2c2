import type { RoomEvent } from '@gochat/crypto/event';
import {
  historyOf,
  type KeptPack,
  type Packs,
  withChange,
  withoutPacks,
  withPack,
} from '@gochat/crypto/packs';
import type { Room } from '@gochat/crypto/room';
import type { TextItem } from '../room/history.ts';

type Message = Extract<RoomEvent, { kind: 'message' }>;

/** Follows in the log which packs are kept ready for newcomers. */
export class PackList {
  packs: Packs;

  constructor(packs: Packs) {
    this.packs = packs;
  }

  /** @param room after the event. @returns the pack that the event announces, if it is kept */
  read(event: RoomEvent, room: Room): KeptPack | undefined {
    if (event.kind === 'changed' && event.settings.history !== undefined)
      this.packs = withoutPacks(this.packs);
    if (event.kind !== 'message' || event.content.kind !== 'pack') return undefined;
    const { kind: _, ...pack } = event.content;
    const kept = { ...pack, by: event.from.identity, at: event.at };
    this.packs = withPack(this.packs, kept, event.seq, historyOf(room.context));
    return this.packs.list.find(({ key }) => key === kept.key);
  }

  /** @param item that has changed, which may be in a pack. @param by what has changed it */
  change({ seq }: TextItem, by: Message, room: Room): void {
    if (historyOf(room.context) === undefined) return;
    const change = { seq: by.seq, gone: by.content.kind === 'delete', self: by.from.self };
    this.packs = withChange(this.packs, seq, change);
  }
}
