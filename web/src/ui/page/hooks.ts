import { readMessageLink } from '@gochat/client/message-link';
import type { Actions } from '@gochat/view/actions';
import type { Snapshot } from '@gochat/view/snapshot';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { useText } from '../words.ts';
import { followTheme } from './theme.ts';

/** Applies a snapshot outside of the document's body: title, badge, theme, density, permission to notify. */
export function usePage({ settings, unread }: Snapshot): void {
  const text = useText();
  const { theme = 'system', density = 'comfortable', notify = '' } = settings;
  useLayoutEffect(() => followTheme(theme), [theme]);
  useLayoutEffect(() => {
    document.documentElement.dataset.density = density;
  }, [density]);
  useEffect(() => {
    document.documentElement.dataset.notify = notify;
    // A button was just pressed to change the setting. Browsers ask only then.
    if (notify === 'on' && 'Notification' in window && Notification.permission === 'default')
      void Notification.requestPermission();
  }, [notify]);
  useEffect(() => {
    const count = unread.mentions || unread.messages;
    // Without the room's name: the browser's history and lists of windows keep titles.
    document.title = text.title(count);
    if ('setAppBadge' in navigator) void navigator.setAppBadge(unread.messages).catch(() => undefined);
  }, [unread, text]);
}

/** Reports to the view whether the page is visible and has the focus. */
export function useLooking(actions: Actions): void {
  useEffect(() => {
    const look = () => actions.look(document.visibilityState === 'visible' && document.hasFocus());
    look();
    for (const event of ['focus', 'blur']) addEventListener(event, look);
    document.addEventListener('visibilitychange', look);
    return () => {
      for (const event of ['focus', 'blur']) removeEventListener(event, look);
      document.removeEventListener('visibilitychange', look);
    };
  }, [actions]);
}

/** Keeps the page as high as the part of the screen that an on-screen keyboard leaves free. */
export function useHeight(): void {
  useEffect(() => {
    const screen = window.visualViewport;
    if (screen === null) return;
    const fit = () => {
      // Zoomed in, the page may be larger than the visible part.
      if (screen.scale > 1.01) return;
      document.documentElement.style.setProperty('--height', `${screen.height}px`);
      scrollTo(0, 0);
    };
    fit();
    screen.addEventListener('resize', fit);
    return () => screen.removeEventListener('resize', fit);
  }, []);
}

/** A file that is dropped where nothing takes it must not replace the page, as browsers do with it. */
export function useNoDrops(): void {
  useEffect(() => {
    const ignore = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes('Files') === true) event.preventDefault();
    };
    for (const event of ['dragover', 'drop'] as const) addEventListener(event, ignore);
    return () => {
      for (const event of ['dragover', 'drop'] as const) removeEventListener(event, ignore);
    };
  }, []);
}

/** A notification was clicked; the event's detail is the room's id. */
export const NOTICE_CLICKED = 'gochat-notice';

export function useNotices(open: (room: string) => void): void {
  useEffect(() => {
    const onNotice = (event: Event) => {
      if (event instanceof CustomEvent && typeof event.detail === 'string') open(event.detail);
    };
    addEventListener(NOTICE_CLICKED, onNotice);
    return () => removeEventListener(NOTICE_CLICKED, onNotice);
  });
}

/** A link to a message was clicked; the event's detail is its address. */
const LINK_CLICKED = 'gochat-message-link';

/** Opens a link to a message in this page; without a click on one, does nothing. */
export function openHere(event: MouseEvent, href: string): void {
  if (readMessageLink(href) === undefined) return;
  event.preventDefault();
  dispatchEvent(new CustomEvent(LINK_CLICKED, { detail: href }));
}

export function useMessageLinks({ openLink }: Actions): void {
  useEffect(() => {
    const onLink = (event: Event) => {
      if (event instanceof CustomEvent && typeof event.detail === 'string') openLink(event.detail);
    };
    addEventListener(LINK_CLICKED, onLink);
    return () => removeEventListener(LINK_CLICKED, onLink);
  }, [openLink]);
}

/** Whether the address is an invite, the link of another device, a recovery link, or one to a message. Programs encode its slashes, or leave one out. */
export function isInviteAddress(): boolean {
  return /(?:join|link|recover|message)(?:\/|%2f)/i.test(location.hash);
}

export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const take = () => setMatches(media.matches);
    take();
    media.addEventListener('change', take);
    return () => media.removeEventListener('change', take);
  }, [query]);
  return matches;
}
