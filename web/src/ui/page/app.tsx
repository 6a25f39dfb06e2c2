import type { Snapshot } from '@gochat/view/snapshot';
import type { View } from '@gochat/view/view';
import { useLayoutEffect, useState } from 'preact/hooks';
import { ATTACH_ID, COMPOSER_ID } from '../composer/ids.ts';
import { isComposingKey } from '../composing-key.ts';
import type { Panels } from '../panels.ts';
import { RoomsView } from '../room/rooms.tsx';
import { followPressedRow } from '../timeline/pressed-row.ts';
import { useText } from '../words.ts';
import { Announcer } from './announcer.tsx';
import { Banner, FlashView } from './banner.tsx';
import {
  isInviteAddress,
  useHeight,
  useLooking,
  useMedia,
  useMessageLinks,
  useNoDrops,
  useNotices,
  usePage,
} from './hooks.ts';
import { handleKey, isTyped, type PageKey, replyNeighbour } from './keys.ts';
import { useSnapshot } from './snapshot-hook.ts';
import { Welcome } from './welcome.tsx';

const WIDE = '(min-width: 68.75em)';
const NARROW = '(max-width: 44.998em)';

interface AppProps {
  readonly view: View;
  /** The view shows a room or a dialog only once what draws it is loaded. */
  readonly loader: { readonly panels: Panels | undefined };
}

/** The whole page, drawn from a view. */
export function App({ view, loader }: AppProps) {
  const { panels } = loader;
  const snapshot = useSnapshot(view);
  const { actions } = view;
  const text = useText();
  const { room, rooms, dialog, flash } = snapshot;
  const open = room?.id;
  const wide = useMedia(WIDE);
  const [details, setDetails] = useState(wide);
  const [searching, setSearching] = useState(false);
  const closeFront = () => {
    const overlaid = details && !wide;
    if (dialog !== undefined) actions.close();
    else if (overlaid) setDetails(false);
    return dialog !== undefined || overlaid;
  };
  const { inRoom, setInRoom, back } = useBackToRooms(open, closeFront);

  usePage(snapshot);
  useLooking(actions);
  useMessageLinks(actions);
  useHeight();
  useNoDrops();
  useLayoutEffect(followPressedRow, []);
  // With the drawing: a key that comes after it must not be undone.
  useLayoutEffect(() => setSearching(false), [open]);
  useLayoutEffect(() => setDetails(wide), [wide]);

  // Keys work from the first drawing on.
  useLayoutEffect(() => {
    const overlaid = details && !wide;
    const page: Readonly<Record<PageKey, () => void>> = {
      'search-panel': () => {
        setSearching(true);
        document.querySelector<HTMLElement>('.search input')?.focus();
      },
      details: () => setDetails((on) => !on),
      attach: () => document.getElementById(ATTACH_ID)?.click(),
      'first-row': () => document.querySelector('.timeline')?.scrollTo({ top: 0 }),
      'reply-up': () => reply(-1),
      'reply-down': () => reply(1),
      'next-landmark': () => goToLandmark(1),
      'previous-landmark': () => goToLandmark(-1),
    };
    const reply = (by: 1 | -1) => {
      const shown = view.getSnapshot().room;
      const next = shown && replyNeighbour(shown.timeline.rows, shown.composer.reply?.key, by);
      if (next !== undefined) actions.run('reply', '', next);
    };
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isComposingKey(event)) return;
      const now = view.getSnapshot();
      if (handleKey(event, { actions, snapshot: now, page: (name) => page[name]() })) event.preventDefault();
      else if (now.dialog !== undefined) return;
      else if (event.key === 'Escape') {
        if (overlaid) setDetails(false);
        else actions.cancel();
        if (inTimeline(document.activeElement)) focusComposer();
      } else if (isTyped(event)) focusComposer();
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [actions, view, details, wide]);

  const choose = (id: string) => {
    actions.open(id);
    setInRoom(true);
  };
  useNotices(choose);
  return (
    <div class={layoutOf(snapshot, inRoom, details)}>
      <a class="skip" href={`#${COMPOSER_ID}`} onClick={(event) => skip(event)}>
        {text.skip}
      </a>
      <Banner connection={snapshot.connection} />
      {dialog === undefined && <FlashView flash={flash} actions={actions} />}
      {rooms.length > 0 && (
        <RoomsView
          rooms={rooms}
          requests={snapshot.requests}
          waiting={snapshot.waiting}
          actions={actions}
          chosen={choose}
        />
      )}
      {room === undefined || panels === undefined ? (
        <Welcome waiting={snapshot.waiting} actions={actions} />
      ) : (
        <panels.ChatView
          room={room}
          enterSends={snapshot.settings.enter !== 'newline'}
          letters={snapshot.settings.letters !== 'off'}
          actions={actions}
          takesFiles={dialog === undefined}
          searching={searching || room.search !== undefined}
          setSearching={setSearching}
          details={details}
          toggleDetails={() => setDetails((on) => !on)}
          back={back}
        />
      )}
      {room !== undefined && panels !== undefined && details && (
        <panels.DetailsView room={room} actions={actions} close={() => setDetails(false)} />
      )}
      {dialog !== undefined && panels !== undefined && (
        <panels.DialogView
          dialog={dialog}
          flash={flash}
          room={open}
          endedElsewhere={focusForWriting}
          actions={actions}
        />
      )}
      <Announcer room={room} />
    </div>
  );
}

function layoutOf({ room, rooms }: Snapshot, inRoom: boolean, details: boolean): string {
  const shown = rooms.length === 0 || (inRoom && room !== undefined) ? 'in-room' : 'in-rooms';
  return `app ${shown}${details && room !== undefined ? ' with-details' : ''}`;
}

/**
 * On a narrow screen either the list of rooms or one room is shown; the back gesture goes from the room to the list.
 * @param closeFront closes what is in front of the room, which the back gesture does first; whether there was anything
 */
function useBackToRooms(open: string | undefined, closeFront: () => boolean) {
  const narrow = useMedia(NARROW);
  const [inRoom, setInRoom] = useState(true);
  useLayoutEffect(() => {
    if (open !== undefined) setInRoom(true);
  }, [open]);
  const leads = narrow && inRoom && open !== undefined;
  // Whoever sees the room, or what is in front of it, may go back at once.
  useLayoutEffect(() => {
    if (leads && !isRoomInHistory()) history.pushState({ room: true }, '');
  }, [leads, open]);
  useLayoutEffect(() => {
    const onPop = () => {
      // An invite link that was put into the address is no step back.
      if (isInviteAddress()) return;
      if (leads && !isRoomInHistory() && closeFront()) history.pushState({ room: true }, '');
      else setInRoom(isRoomInHistory());
    };
    addEventListener('popstate', onPop);
    return () => removeEventListener('popstate', onPop);
  });
  const back = () => (isRoomInHistory() ? history.back() : setInRoom(false));
  return { inRoom, setInRoom, back };
}

/** Whether the present entry of the browser's history is one that the back gesture leaves for the list of rooms. */
function isRoomInHistory(): boolean {
  const state: unknown = history.state;
  return typeof state === 'object' && state !== null && 'room' in state;
}

function skip(event: MouseEvent): void {
  event.preventDefault();
  focusComposer();
}

function focusComposer(): void {
  document.getElementById(COMPOSER_ID)?.focus();
}

/** Where there is a keyboard, what is typed next goes into the message field. Elsewhere the focus would raise a keyboard on the screen. */
function focusForWriting(): void {
  if (matchMedia('(pointer: fine)').matches) focusComposer();
}

function inTimeline(element: Element | null): boolean {
  return element?.closest('.timeline') !== null && element !== null;
}

/** Moves the focus to the next (1) or previous (-1) part of the page. */
function goToLandmark(by: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>('[data-landmark]')].filter(
    (part) => part.offsetParent !== null || part.getClientRects().length > 0,
  );
  const now = all.findIndex((part) => part.contains(document.activeElement));
  const next = all[now === -1 && by === -1 ? all.length - 1 : (now + by + all.length) % all.length];
  next?.querySelector<HTMLElement>('textarea, [aria-current="page"], button')?.focus();
}
