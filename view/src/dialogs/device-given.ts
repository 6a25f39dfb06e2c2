import type { Chat } from '../chat/chat.ts';
import type { DeviceText } from '../words/devices.ts';

/** The parts of a chat that the dialogs about devices work with. */
export type DeviceParts = Pick<
  Chat,
  'profile' | 'platform' | 'words' | 'preferences' | 'dialogs' | 'flashes' | 'rooms' | 'navigation'
>;

/** What the dialogs about devices work with. */
export interface DeviceGiven {
  readonly chat: DeviceParts;
  readonly text: DeviceText;
  /** The dialogs to which others lead. */
  readonly to: {
    /** @param intro what is said above several devices */
    devices(intro?: string): void;
    recovery(): void;
  };
}

/** How long a call may take that other devices or servers take part in. */
export const WAIT_MS = 30_000;
