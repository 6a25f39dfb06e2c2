import type { TextItem } from '@gochat/client/history';
import type { Chat } from '../chat/chat.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import { shownInShort } from '../timeline/rows.ts';
import type { MenuDialog } from './dialog.ts';
import { detailedItem } from './forms.ts';

type Pinning = Pick<Chat, 'profile' | 'words' | 'dialogs' | 'flashes' | 'navigation'>;

const WAIT_MS = 30_000;

/** Pins or unpins a message for all members. @throws ChatError */
export async function setPinned(chat: Pinning, { id }: TextItem, on: boolean): Promise<undefined> {
  const { room } = chat.navigation;
  if (room === undefined) return;
  await chat.profile.call(on ? 'pin' : 'unpin', { room: room.info.id, id, waitMs: WAIT_MS });
  chat.flashes.good(chat.words.text.flashes.pinned(on));
}

/** Lists the pinned messages, to jump to one. */
export async function showPins(chat: Pinning): Promise<undefined> {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const text = chat.words.text.dialogs.pins;
  const { items, unknown } = await chat.profile.call('pins', { room: room.info.id });
  const none = items.length === 0 && unknown.length === 0;
  chat.dialogs.show<MenuDialog>({
    dialog: {
      kind: 'menu',
      title: text.title,
      text: none ? [text.none] : unknown.length > 0 ? [text.unknown(unknown.length)] : [],
      code: [],
      items: items.map((item) =>
        detailedItem(item.seq, shownInShort(item, room.context), sanitizeLine(item.from)),
      ),
    },
    pick: (seq, handle) => {
      handle.close();
      chat.navigation.jump(seq);
    },
  });
}
