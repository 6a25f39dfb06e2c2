import { CommandTable } from '../commands/commands.ts';
import { FileActs } from '../files/file-acts.ts';
import { askTooLong, attach, sendAsFile } from './attach.ts';
import { showMenu } from './help.ts';
import { paste, react } from './message.ts';
import { showMember } from './people.ts';
import { askJoin } from './rooms.ts';

/** Commands and dialogs, as one part that is loaded apart. */
export const dialogCode = {
  CommandTable,
  FileActs,
  showMenu,
  attach,
  askTooLong,
  sendAsFile,
  paste,
  react,
  showMember,
  askJoin,
};

export type DialogCode = typeof dialogCode;
