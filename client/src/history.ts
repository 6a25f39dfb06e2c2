import type { RoomEvent, Trouble } from '@gochat/crypto/event';
import { labelsOf, type Member, membersOf, type Room } from '@gochat/crypto/room';
import type { Position } from '@gochat/protocol/fields';

export type HistoryKind = 'text' | 'leaving' | 'joined' | 'removed' | 'trouble';

/** One line of a room's story as this profile knows it. */
export interface HistoryItem {
  readonly seq: Position;
  /** Milliseconds since 1970, by the server's clock. */
  readonly at: number;
  readonly kind: HistoryKind;
  /** Display name, or empty when it is nobody's. */
  readonly from: string;
  /** The device key it is from, or empty. */
  readonly device: string;
  readonly own: boolean;
  readonly text: string;
  /** A message's own id. */
  readonly id?: string;
}

/** What goes into the history for an event, worded; undefined for what nobody needs to read. `room` is the room behind the event. */
export function toHistory(event: RoomEvent, room: Room): HistoryItem | undefined {
  switch (event.kind) {
    case 'message': {
      const line = { ...stamp(event), ...author(room, event.from), id: event.id };
      if (event.content.kind === 'text') return { ...line, kind: 'text', text: event.content.text };
      return { ...line, kind: 'leaving', text: 'is leaving the room' };
    }
    case 'joined': {
      const text = event.again
        ? 'joined again with a fresh invite, replacing an older place of the same device'
        : 'joined by invite';
      return { ...stamp(event), ...author(room, event.member), kind: 'joined', text };
    }
    case 'removed': {
      const by = event.by === undefined ? '' : ` by ${nameOf(room, event.by)}`;
      return { ...stamp(event), ...author(room, event.member), kind: 'removed', text: `was removed${by}` };
    }
    case 'trouble':
      return { ...stamp(event), ...nobody, kind: 'trouble', text: wordTrouble(event.trouble, room) };
    default:
      return undefined;
  }
}

const nobody = { from: '', device: '', own: false };

function stamp(event: { readonly seq: Position; readonly at: number }) {
  return { seq: event.seq, at: event.at };
}

function nameOf(room: Room, member: Member): string {
  const members = membersOf(room);
  // Who was removed is in the room of before only.
  return (
    labelsOf(members).get(member.device) ?? labelsOf([...members, member]).get(member.device) ?? member.name
  );
}

function author(room: Room, member: Member) {
  return { from: nameOf(room, member), device: member.device, own: member.self };
}

/** What happened and what to do about it. */
function wordTrouble(trouble: Trouble, room: Room): string {
  switch (trouble.kind) {
    case 'undecryptable':
      return 'a message that no key of this room opens: somebody posted garbage, or the server damaged it';
    case 'repeated':
      return 'the server repeated an older entry: it was left out';
    case 'missing':
      return `${plural(trouble.count, 'message')} of ${nameOf(room, trouble.from)} never arrived: the server lost or withheld them; ask ${nameOf(room, trouble.from)} to send again`;
    case 'withheld':
      return `${nameOf(room, trouble.from)} has seen entries that the server has not shown here`;
    case 'forked':
      return `${nameOf(room, trouble.from)} has been shown another log than this device: compare room codes (gochat safety) over another channel`;
    case 'hole': {
      const whose = trouble.from === undefined ? 'a member' : nameOf(room, trouble.from);
      return `more than 200 messages of ${whose} are missing, so that this one can't be opened: this device renews its keys to go on`;
    }
    case 'unknown-content':
      return `${nameOf(room, trouble.from)} sent something that this version of GoChat doesn't know: upgrade to see it`;
    case 'skipped-handshake':
      return 'a change of the room that its rules do not allow was left out';
    case 'rolled-back':
      return 'this profile is an older copy of itself: nothing is sent until its keys are renewed, which happens by itself';
    case 'broken':
      return 'the others went on with keys that this device does not have: ask for a fresh invite and join again';
    case 'expired':
      return 'older messages had expired on the server before this device read them';
    default:
      return trouble satisfies never;
  }
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
