import type { Notice } from '@gochat/view/platform';
import { NOTICE_CLICKED } from './ui/page/hooks.ts';

/** Those that this page has shown, by room: a newer one about a room replaces the older one. */
const shown = new Map<
  string,
  { readonly notification: Notification; readonly expires: number | undefined }
>();

/** Shows a notification of the system. */
export function showNotice({ title, body, room, expires }: Notice): void {
  const options = { body, tag: room, data: { expires } };
  try {
    const notification = new Notification(title, options);
    shown.set(room, { notification, expires });
    notification.onclick = () => {
      focus();
      dispatchEvent(new CustomEvent(NOTICE_CLICKED, { detail: room }));
      notification.close();
    };
  } catch {
    // On phones only the service worker can show notifications.
    void navigator.serviceWorker.ready.then((worker) => worker.showNotification(title, options));
  }
}

/** See `Platform.closeNotice`. */
export function closeNotice(room: string, until: number): void {
  const isGone = (expires: unknown) => typeof expires === 'number' && expires <= until;
  const own = shown.get(room);
  if (own !== undefined && isGone(own.expires)) {
    own.notification.close();
    shown.delete(room);
  }
  void closeOfWorker(room, isGone);
}

async function closeOfWorker(room: string, isGone: (expires: unknown) => boolean): Promise<void> {
  const { serviceWorker } = navigator as Partial<Navigator>;
  const worker = await serviceWorker?.getRegistration();
  const listed = (await worker?.getNotifications({ tag: room })) ?? [];
  for (const notification of listed)
    if (isGone((notification.data as { readonly expires?: unknown } | null)?.expires)) notification.close();
}
