/** Commands and dialogs, which are loaded apart: a page can be drawn before it has them. */
export async function loadDialogs() {
  const [{ CommandTable }, { showMenu }, { attach, paste, react }, { showMember }, { askJoin }] =
    await Promise.all([
      import('../commands/commands.ts'),
      import('../dialogs/help.ts'),
      import('../dialogs/message.ts'),
      import('../dialogs/people.ts'),
      import('../dialogs/rooms.ts'),
    ]);
  return { CommandTable, showMenu, attach, paste, react, showMember, askJoin };
}

export type DialogCode = Awaited<ReturnType<typeof loadDialogs>>;
