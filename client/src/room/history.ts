import type { Ref } from '@gochat/crypto/content';
import type { RoomEvent, Settings, Warning } from '@gochat/crypto/event';
import { labelsOf, type Member, membersOf, type Room } from '@gochat/crypto/room';
import type { Position } from '@gochat/protocol/fields';
import type { MessageChange } from './changes.ts';

export type HistoryKind = 'text' | 'leaving' | 'joined' | 'removed' | 'changed' | 'warning';

/** Who put one emoji to a message. */
export interface Reaction {
  readonly emoji: string;
  /** In the order in which they came. */
  readonly by: readonly { readonly device: string; readonly name: string }[];
}

/** One line of a room's story as this profile knows it, with all that has been changed of it since. */
export interface HistoryItem {
  readonly seq: Position;
  /** Tells the lines of one log entry apart, from 0. `seq` and `sub` name a line for ever. */
  readonly sub: number;
  /** Milliseconds since 1970, by the server's clock. */
  readonly at: number;
  readonly kind: HistoryKind;
  /** Display name, or empty when it is nobody's. */
  readonly from: string;
  /** The device key it is from, or empty. */
  readonly device: string;
  readonly own: boolean;
  /** A message as its author has it now, empty when it was deleted; otherwise what happened, worded. */
  readonly text: string;
  /** A message's own id. */
  readonly id?: string;
  /** Said in the third person, as with `/me`. */
  readonly me?: true;
  /** The message that this one answers. */
  readonly reply?: Ref;
  /** Device keys of the members whom it calls by name. */
  readonly mentions?: readonly string[];
  /** When its author last changed it, by the server's clock. */
  readonly edited?: number;
  /** Who took it back, by the name of then. Its words are gone from this profile. */
  readonly deleted?: { readonly by: string; readonly own: boolean };
  readonly reactions?: readonly Reaction[];
}

/** A line before it has its place among those of its entry. */
export type Told = Omit<HistoryItem, 'sub'>;

/** What goes into the history for an event, worded; undefined for what nobody needs to read. `room` is the room behind the event. */
export function toHistory(event: RoomEvent, room: Room): Told | undefined {
  switch (event.kind) {
    case 'message': {
      const line = { ...stamp(event), ...author(room, event.from), id: event.id };
      if (event.content.kind === 'leave') return { ...line, kind: 'leaving', text: 'is leaving the room' };
      if (event.content.kind !== 'text') return undefined;
      const { kind, text, me, reply, mentions } = event.content;
      return {
        ...line,
        kind,
        text,
        ...(me && { me }),
        ...(reply && { reply }),
        ...(mentions && { mentions }),
      };
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
    case 'changed': {
      const text = wordSettings(event.settings, room);
      if (text === '' || event.by === undefined) return undefined;
      return { ...stamp(event), ...author(room, event.by), kind: 'changed', text };
    }
    case 'warning':
      return { ...stamp(event), ...nobody, kind: 'warning', text: wordWarning(event.warning, room) };
    default:
      return undefined;
  }
}

/** A change of another's message by somebody who has no right to it. */
export function refusedChange(
  event: { readonly seq: Position; readonly at: number; readonly content: MessageChange },
  by: string,
  item: HistoryItem,
): Told {
  const what = event.content.kind === 'delete' ? 'take back' : 'change';
  return {
    ...stamp(event),
    ...nobody,
    kind: 'warning',
    text: `${by} tried to ${what} a message of ${item.from}: left out`,
  };
}

const nobody = { from: '', device: '', own: false };

function stamp(event: { readonly seq: Position; readonly at: number }) {
  return { seq: event.seq, at: event.at };
}

/** What a member is called; one who isn't in the room any more, too. */
export function nameOf(room: Room, member: Member): string {
  const members = membersOf(room);
  // Who was removed is in the room of before only.
  return (
    labelsOf(members).get(member.device) ?? labelsOf([...members, member]).get(member.device) ?? member.name
  );
}

function author(room: Room, member: Member) {
  return { from: nameOf(room, member), device: member.device, own: member.self };
}

function wordSettings({ name, topic, appointed, dropped }: Settings, room: Room): string {
  const said = topic === '' ? 'ended the topic' : `changed the topic to: ${topic}`;
  return [
    ...(name === undefined ? [] : [`renamed the room to ${name}`]),
    ...appointed.map((member) => `made ${nameOf(room, member)} an admin`),
    ...dropped.map((member) => `ended that ${nameOf(room, member)} is an admin`),
    ...(topic === undefined ? [] : [said]),
  ].join(' and ');
}

/** What happened and what to do about it. */
function wordWarning(warning: Warning, room: Room): string {
  switch (warning.kind) {
    case 'undecryptable':
      return 'a message that no key of this room opens: somebody posted garbage, or the server damaged it';
    case 'repeated':
      return 'the server repeated an older entry: it was left out';
    case 'missing':
      return `${plural(warning.count, 'message')} of ${nameOf(room, warning.from)} never arrived: the server lost or withheld them; ask ${nameOf(room, warning.from)} to send again`;
    case 'withheld':
      return `${nameOf(room, warning.from)} has seen entries that the server has not shown here`;
    case 'forked':
      return `${nameOf(room, warning.from)} has been shown another log than this device: compare room codes (gochat safety) over another channel`;
    case 'hole': {
      const whose = warning.from === undefined ? 'a member' : nameOf(room, warning.from);
      return `more than 200 messages of ${whose} are missing, so that this one can't be opened: this device renews its keys to go on`;
    }
    case 'unknown-content':
      return `${nameOf(room, warning.from)} sent something that this version of GoChat doesn't know: upgrade to see it`;
    case 'skipped-handshake':
      return 'a change of the room that its rules do not allow was left out';
    case 'rolled-back':
      return 'this profile is an older copy of itself: nothing is sent until its keys are renewed, which happens by itself';
    case 'broken':
      return 'the others went on with keys that this device does not have: ask for a fresh invite and join again';
    case 'expired':
      return 'older messages had expired on the server before this device read them';
    default:
      return warning satisfies never;
  }
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
