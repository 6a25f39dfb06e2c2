import { CommandTable } from '../commands/commands.ts';
import { FileActs } from '../files/file-acts.ts';
import { ComposerViewModel } from '../room/composer.ts';
import { RoomViewModel } from '../room/room-view-model.ts';
import { SearchViewModel } from '../room/search.ts';
import { askTooLong, attach, sendAsFile } from './attach.ts';
import { deviceDialogs } from './device-dialogs.ts';
import { showMenu } from './help.ts';
import { openLink } from './join.ts';
import { paste, react } from './message.ts';
import { showMember } from './people.ts';

/** Commands, dialogs and the view-models of rooms, as one part that is loaded apart. */
export const dialogCode = {
  CommandTable,
  FileActs,
  RoomViewModel,
  ComposerViewModel,
  SearchViewModel,
  showMenu,
  attach,
  askTooLong,
  sendAsFile,
  paste,
  react,
  showMember,
  openLink,
  deviceDialogs,
};

export type DialogCode = typeof dialogCode;
