import type { Dialog } from '@gochat/view/dialog';
import type { RoomScreen, Snapshot } from '@gochat/view/snapshot';

/** Every text of a snapshot that a person can see or hear. Names of commands, and what is typed or generated, are left out. */
export function shownTexts(snapshot: Snapshot): string[] {
  const { connection, flash, rooms, room, dialog } = snapshot;
  return [
    connection.text,
    flash?.text ?? '',
    ...rooms.flatMap(({ name, preview, ended, spoken }) => [name, preview, ended, spoken]),
    ...(room === undefined ? [] : roomTexts(room)),
    ...(dialog === undefined ? [] : dialogTexts(dialog)),
  ].filter((text) => text !== '');
}

function roomTexts(room: RoomScreen): string[] {
  const { name, topic, lock, ended, commands, timeline, composer, members, typing, search } = room;
  return [
    name,
    topic,
    lock?.text ?? '',
    ended,
    ...commands.map(({ label }) => label),
    composer.space,
    typing,
    composer.hint,
    composer.reply?.from ?? '',
    composer.reply?.text ?? '',
    // The hint of a member is an id, and the label of a command is what is typed.
    ...(composer.completion?.items ?? []).flatMap(({ kind, label, hint }) =>
      kind === 'command' ? [withoutCommand(label), hint] : [label],
    ),
    search?.summary ?? '',
    ...members.map(({ spoken }) => spoken),
    ...timeline.rows.flatMap((row) => {
      const texts = Object.entries(row).flatMap(([part, value]) =>
        typeof value === 'string' && !['kind', 'key', 'seq', 'delivery', 'source'].includes(part)
          ? [value]
          : [],
      );
      if (row.kind === 'notice') return [...texts, ...row.details.map(({ text }) => text)];
      if (row.kind !== 'message') return texts;
      return [
        ...texts,
        row.reply?.text ?? '',
        ...row.files.map(({ text }) => text),
        ...row.reactions.map(({ by }) => by),
      ];
    }),
  ];
}

function dialogTexts(dialog: Dialog): string[] {
  const { title } = dialog;
  switch (dialog.kind) {
    case 'form':
      return [
        title,
        ...dialog.text,
        dialog.submit,
        dialog.error,
        ...dialog.fields.flatMap(({ label, hint, choices }) => [
          label,
          hint,
          ...choices.map((one) => one.label),
        ]),
      ];
    case 'menu':
      return [title, ...dialog.text, ...dialog.items.flatMap(({ label, hint }) => [label, hint])];
    case 'invite':
      return [title, ...dialog.text, dialog.error];
    case 'invites':
      return [title, dialog.error, dialog.empty, ...dialog.items.map(({ text }) => text)];
    case 'member':
      return [title, ...dialog.text, ...dialog.items.map(({ label }) => label)];
    case 'palette':
      return [title, dialog.empty, ...dialog.items.map(({ label }) => label)];
    case 'emoji':
      return [title, dialog.empty];
    case 'help':
      return [
        title,
        ...dialog.groups.flatMap((group) => [
          group.title,
          ...group.items.flatMap(({ usage, text }) => [withoutCommand(usage), text]),
        ]),
      ];
    case 'inspect':
      // The values are numbers, ciphertext and the message itself.
      return [title, ...dialog.text, ...dialog.parts.map(({ label }) => label)];
    case 'picture':
      return [title, dialog.text, dialog.position, dialog.file.text];
    case 'devices':
      return [
        title,
        ...dialog.text,
        dialog.error,
        ...dialog.items.map(({ detail }) => detail),
        ...dialog.more.map(({ label }) => label),
      ];
    case 'device':
      return [
        title,
        ...dialog.text,
        dialog.progress,
        dialog.error,
        ...dialog.items.map(({ label }) => label),
      ];
    default:
      return dialog satisfies never;
  }
}

/** `/theme [system|dark]` without what is typed: the command's name and its fixed choices. */
function withoutCommand(usage: string): string {
  return usage.replace(/^\/[a-z-]+/, '').replace(/[a-z]+(?:\|[a-z]+)+/, '');
}
