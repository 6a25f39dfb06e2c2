import { CommandTable } from '../commands/commands.ts';
import { showMenu } from './help.ts';
import { attach, paste, react } from './message.ts';
import { showMember } from './people.ts';
import { askJoin } from './rooms.ts';

/** Commands and dialogs, as one part that is loaded apart. */
export const dialogCode = { CommandTable, showMenu, attach, paste, react, showMember, askJoin };

export type DialogCode = typeof dialogCode;
