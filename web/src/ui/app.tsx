import type { View } from '@gochat/view/view';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { Announcer } from './announcer.tsx';
import { Banner, ChatView } from './chat.tsx';
import { COMPOSER_ID } from './composer.tsx';
import { DetailsView } from './details.tsx';
import { DialogView } from './dialog.tsx';
import { Icon } from './icons.tsx';
import { handleKey, type PageKey, replyNeighbour } from './keys.ts';
import { RoomsView } from './rooms.tsx';
import { useSnapshot } from './snapshot-hook.ts';
import { WORDS } from './words.ts';

const WIDE = '(min-width: 1100px)';

/** The whole page over a view. */
export function App({ view }: { readonly view: View }) {
  const snapshot = useSnapshot(view);
  const { actions } = view;
  const { room, rooms, dialog, settings, unread } = snapshot;
  const [details, setDetails] = useState(() => matchMedia(WIDE).matches);
  const [searching, setSearching] = useState(false);
  // On a narrow screen the rooms or one room are shown, and the back gesture leads from this to those.
  const [inRoom, setInRoom] = useState(true);
  const open = room?.id;

  useEffect(() => setSearching(false), [open]);
  useEffect(() => {
    if (open !== undefined) setInRoom(true);
  }, [open]);
  useEffect(() => {
    if (inRoom && history.state?.room === undefined) history.pushState({ room: true }, '');
    const onPop = () => setInRoom(false);
    addEventListener('popstate', onPop);
    return () => removeEventListener('popstate', onPop);
  }, [inRoom]);

  useLayoutEffect(() => {
    const root = document.documentElement;
    root.dataset.theme = settings.theme ?? 'system';
    root.dataset.density = settings.density ?? 'comfortable';
  }, [settings]);

  useEffect(() => {
    const count =
      unread.mentions > 0 ? `(${unread.mentions}) ` : unread.messages > 0 ? `(${unread.messages}) ` : '';
    document.title = `${count}${room === undefined ? '' : `${room.name} – `}${WORDS.app}`;
    if ('setAppBadge' in navigator) void navigator.setAppBadge(unread.messages).catch(() => undefined);
  }, [unread, room?.name]);

  useEffect(() => {
    const look = () => actions.look(document.visibilityState === 'visible' && document.hasFocus());
    look();
    const events = ['focus', 'blur'] as const;
    for (const event of events) addEventListener(event, look);
    document.addEventListener('visibilitychange', look);
    return () => {
      for (const event of events) removeEventListener(event, look);
      document.removeEventListener('visibilitychange', look);
    };
  }, [actions]);

  useEffect(() => {
    const page = (name: PageKey) => {
      if (name === 'search-panel') setSearching(true);
      else if (name === 'details') setDetails((on) => !on);
      else if (name === 'first-row') document.querySelector<HTMLElement>('.timeline')?.scrollTo({ top: 0 });
      else if (name === 'reply-up' || name === 'reply-down') {
        const shown = view.getSnapshot().room;
        const next =
          shown &&
          replyNeighbour(shown.timeline.rows, shown.composer.reply?.key, name === 'reply-up' ? -1 : 1);
        if (next !== undefined) actions.run('reply', '', next);
      } else goToLandmark(name === 'next-landmark' ? 1 : -1);
    };
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return;
      if (handleKey(event, { actions, snapshot: view.getSnapshot(), page })) event.preventDefault();
      else if (event.key === 'Escape' && view.getSnapshot().dialog === undefined) actions.cancel();
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [actions, view]);

  const choose = (id: string) => {
    actions.open(id);
    setInRoom(true);
  };
  const layout = `app ${inRoom && room !== undefined ? 'in-room' : 'in-rooms'}${details && room !== undefined ? ' with-details' : ''}`;
  return (
    <div class={layout}>
      <a class="skip" href={`#${COMPOSER_ID}`} onClick={(event) => skip(event)}>
        {WORDS.skip}
      </a>
      {rooms.length > 0 && <RoomsView rooms={rooms} actions={actions} chosen={choose} />}
      {room === undefined ? (
        <Welcome view={view} />
      ) : (
        <ChatView
          room={room}
          snapshot={snapshot}
          actions={actions}
          searching={searching || room.search !== undefined}
          setSearching={setSearching}
          toggleDetails={() => setDetails((on) => !on)}
          back={() => history.back()}
        />
      )}
      {room !== undefined && details && (
        <DetailsView room={room} actions={actions} close={() => setDetails(false)} />
      )}
      {dialog !== undefined && <DialogView dialog={dialog} actions={actions} />}
      <Announcer room={room} />
    </div>
  );
}

function Welcome({ view }: { readonly view: View }) {
  return (
    <main class="welcome" data-landmark="">
      <Banner snapshot={view.getSnapshot()} />
      <span class="seal">
        <Icon name="lock" />
      </span>
      <h1>{WORDS.welcomeTitle}</h1>
      <p>{WORDS.welcomeText}</p>
      <div class="answers">
        <button type="button" class="accent" onClick={() => view.actions.run('create')}>
          {WORDS.create}
        </button>
        <button type="button" class="soft" onClick={() => view.actions.run('join')}>
          {WORDS.join}
        </button>
      </div>
    </main>
  );
}

function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById(COMPOSER_ID)?.focus();
}

/** Puts the focus into the next part of the page. */
function goToLandmark(by: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>('[data-landmark]')].filter(
    (part) => part.offsetParent !== null,
  );
  const now = all.findIndex((part) => part.contains(document.activeElement));
  const next = all[(now + by + all.length) % all.length];
  next?.querySelector<HTMLElement>('textarea, [aria-current="page"], button')?.focus();
}
