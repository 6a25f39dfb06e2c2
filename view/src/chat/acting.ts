import { COMMAND_NAMES } from '../commands/command.ts';
import type { DialogHost } from '../dialogs/dialog-host.ts';
import { showMenu } from '../dialogs/help.ts';
import { paste, react } from '../dialogs/message.ts';
import { showMember } from '../dialogs/people.ts';
import { askJoin } from '../dialogs/rooms.ts';
import type { SearchViewModel } from '../room/searching.ts';
import { highlight } from '../text/highlight.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import type { Actions } from './actions.ts';
import type { Host } from './host.ts';

/** What a screen's actions work on. */
export interface Acting extends Host {
  readonly asked: DialogHost;
  readonly searching: SearchViewModel | undefined;
  readonly isLooking: boolean;
  look(looking: boolean): void;
  back(): boolean;
  cancel(): boolean;
}

/** The actions of a screen. */
export function actionsOf(desk: Acting): Actions {
  return {
    open: (room) => desk.open(room),
    step: (by, which) => desk.step(by, which),
    openLink: (link) => askJoin(desk, link),
    type: (text, cursor) => desk.composing?.type(text, cursor),
    send: () => desk.send(),
    complete: (index) => desk.composing?.complete(index),
    select: (by) => desk.composing?.select(by),
    paste: (text, cursor) => paste(desk, text, cursor),
    editLast: () => {
      // What was said last may be on its way still: to edit the one before it is not what is meant.
      const item = desk.pane?.isSending === true ? undefined : desk.pane?.lastOwn();
      if (item === undefined || desk.composing?.text !== '' || desk.pane?.closed !== '') return false;
      desk.composing?.edit(item);
      return true;
    },
    recall: (by) => desk.composing?.recall(by) ?? false,
    cancel: () => desk.cancel(),
    run: (command, args, row) => {
      const name = COMMAND_NAMES.find((known) => known === command);
      if (name === undefined)
        desk.flash('bad', desk.words.text.flashes.unknownCommand(sanitizeLine(command)));
      else desk.run(name, args, row);
    },
    menu: (row) => showMenu(desk, row),
    react: (row, emoji) => {
      const item = desk.pane?.message(row);
      if (item !== undefined) react(desk, item, emoji);
    },
    jump: (seq) => desk.jump(seq),
    back: () => desk.back(),
    jumpToNewest: () => desk.jumpToNewest(),
    jumpToUnread: () => desk.jumpToUnread(),
    loadEarlier: () => {
      const { pane } = desk;
      if (pane !== undefined) desk.attempt(() => pane.loadEarlier());
    },
    seen: (row) => {
      if (desk.isLooking) desk.pane?.seen(row);
    },
    look: (looking) => {
      desk.look(looking);
    },
    highlight: (language, code) => highlight(language, code).catch(() => undefined),
    search: (text) => desk.search(text),
    searchMore: () => void desk.searching?.more(),
    hit: (by) => desk.searching?.hit(by),
    member: (device) => showMember(desk, device),
    submit: (values) => desk.submit(values),
    pick: (name) => desk.asked.pick(name),
    filter: (text) => desk.asked.filter(text),
    close: () => desk.closeDialog(),
    set: (name, value) =>
      desk.attempt(() => desk.prefer({ screen: { ...desk.preferences.screen, [name]: value } })),
  };
}
