import { NOTES, type RoomNotes } from '../account/settings.ts';
import { type KeptMap, type KeptValue, keptValue } from './kept.ts';

/** What of the notes on a room is kept on all devices. */
export const NOTE_KINDS = ['read', 'draft', 'notify', 'receipts', 'typing'] as const;
export type NoteKind = (typeof NOTE_KINDS)[number];

/** @returns the value that notes have for a kind, as it is kept */
export function noteValue(kind: NoteKind, notes: RoomNotes): KeptValue<NoteKind> {
  return kind === 'draft' ? draftOf(notes) : (notes[kind] as KeptValue<NoteKind>);
}

/** @returns what counts where nothing is kept */
export function defaultValue(kind: NoteKind): KeptValue<NoteKind> {
  return noteValue(kind, NOTES);
}

function draftOf({ draft, draftReply, draftEdit }: RoomNotes): KeptValue<'draft'> {
  if (draft === '' && draftReply === undefined && draftEdit === undefined) return null;
  return {
    text: draft,
    ...(draftReply && { reply: { seq: draftReply.seq, id: draftReply.id } }),
    ...(draftEdit && {
      edit: { of: { seq: draftEdit.of.seq, id: draftEdit.of.id }, text: draftEdit.text },
    }),
  } as KeptValue<'draft'>;
}

/** @returns what has to change in a room's notes for these kinds */
export function noteChange(map: KeptMap, room: string, kinds: readonly NoteKind[]): Partial<RoomNotes> {
  const change: { -readonly [K in keyof RoomNotes]?: RoomNotes[K] } = {};
  for (const kind of kinds) {
    const value = keptValue(map, kind, room);
    if (value === undefined) continue;
    if (kind === 'draft') Object.assign(change, toDraft(value as KeptValue<'draft'>));
    else Object.assign(change, { [kind]: value });
  }
  return change;
}

function toDraft(draft: KeptValue<'draft'>): Pick<RoomNotes, 'draft' | 'draftReply' | 'draftEdit'> {
  if (draft === null) return { draft: '' };
  const { text, reply, edit } = draft;
  return { draft: text, ...(reply && { draftReply: reply }), ...(edit && { draftEdit: edit }) };
}
