import type { Profile } from '@gochat/client/profile-connection';
import type { Commands } from '../commands/command.ts';
import type { DialogHost } from '../dialogs/dialog-host.ts';
import type { EmojiLoader } from '../text/emoji.ts';
import type { ViewWords } from '../words/english.ts';
import type { Flashes } from './flashes.ts';
import type { Messages } from './messages.ts';
import type { Navigation } from './navigation.ts';
import type { Platform } from './platform.ts';
import type { PreferenceStore } from './preferences.ts';
import type { RoomList } from './room-list.ts';

/** The parts of a chat. A dialog or a command names those that it works with. */
export interface Chat {
  readonly profile: Profile;
  readonly platform: Platform;
  readonly words: ViewWords;
  /** Where rooms are created unless another server is named. */
  readonly server: string;
  readonly preferences: PreferenceStore;
  readonly dialogs: DialogHost;
  readonly flashes: Flashes;
  readonly rooms: RoomList;
  readonly navigation: Navigation;
  readonly messages: Messages;
  readonly commands: Commands;
  readonly emoji: EmojiLoader;
}
