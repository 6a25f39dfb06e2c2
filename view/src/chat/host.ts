import type { Profile } from '@gochat/client/profile-connection';
import type { Preferences } from '@gochat/client/settings';
import type { Command, CommandName } from '../commands/command.ts';
import type { Dialog } from '../dialogs/dialog.ts';
import type { DialogHandle, DialogRequest } from '../dialogs/dialog-host.ts';
import type { ComposerViewModel, Content } from '../room/composer.ts';
import type { RoomViewModel } from '../room/room-view-model.ts';
import type { EmojiBook } from '../text/emoji.ts';
import type { ClockFace } from '../words/clock-face.ts';
import type { ViewWords } from '../words/english.ts';
import type { Platform } from './platform.ts';

/** What commands and dialogs have at hand. */
export interface Host {
  readonly profile: Profile;
  readonly platform: Platform;
  readonly words: ViewWords;
  readonly clock: ClockFace;
  /** Where rooms are made unless another server is named. */
  readonly server: string;
  readonly panes: readonly RoomViewModel[];
  /** The open room. */
  readonly pane: RoomViewModel | undefined;
  readonly composing: ComposerViewModel | undefined;
  readonly preferences: Preferences;
  prefer(change: Partial<Preferences>): Promise<void>;
  ask<D extends Dialog>(asking: DialogRequest<D>): DialogHandle<D>;
  /** Answers the dialog, or takes it away. */
  submit(values: Readonly<Record<string, string>>): void;
  closeDialog(): void;
  flash(tone: 'good' | 'bad', text: string): void;
  /** Does something that may fail: the reason is told. */
  attempt(work: () => Promise<void>): void;
  open(room: string): void;
  /** Opens a room once the profile tells of it. */
  entered(room: string): Promise<void>;
  step(by: 1 | -1, which?: 'unread'): void;
  search(text: string): void;
  jump(seq: string): void;
  copy(text: string, done: string): void;
  /** Queues something to say in a room. @throws ChatError */
  queue(pane: RoomViewModel, content: Content): Promise<void>;
  send(): void;
  jumpToUnread(): void;
  jumpToNewest(): void;
  /** Every command, in the order of help. */
  readonly commands: readonly Command[];
  /** Whether a command can be done now. @param row the message that it would be about. */
  isAvailable(command: CommandName, row?: string): boolean;
  run(command: CommandName, args?: string, row?: string): void;
  emoji(): Promise<EmojiBook>;
}
