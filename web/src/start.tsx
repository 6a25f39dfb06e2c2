import { errorDataOf } from '@gochat/client/chat-error';
import { readMessageLink } from '@gochat/client/message-link';
import { openBrowserChat, preloadRoomCode } from '@gochat/client/open-browser';
import { createView } from '@gochat/view/chat-view-model';
import type { WebText } from '@gochat/view/web-words';
import { type Catalogue, Words } from '@gochat/view/words';
import { browserPlatform } from './platform.ts';
import { missingPlatform } from './secure-context.ts';
import { draw, mount, PanelLoader } from './ui/mount.tsx';
import { Failed, Lacking, Opening } from './ui/page/before.tsx';
import { isInviteAddress } from './ui/page/hooks.ts';
import { followTheme } from './ui/page/theme.ts';

/** Opens the browser's profile and draws the chat into `root`; where that fails, what the person can do. */
export async function start(root: HTMLElement, catalogue: Catalogue<WebText>): Promise<void> {
  const words = new Words(navigator.language, catalogue);
  document.documentElement.lang = catalogue.language;
  const endTheme = followTheme('system');
  const missing = missingPlatform();
  if (missing !== undefined) {
    draw(<Lacking what={missing} />, words, root);
    return;
  }
  draw(<Opening />, words, root);
  try {
    const panels = new PanelLoader();
    const { load: loadScreen } = panels;
    // In parallel, as a profile that has rooms waits for it. What needs it reports why it can't be loaded.
    loadScreen().catch(() => undefined);
    if (isInviteAddress()) void preloadRoomCode();
    const profile = await openBrowserChat();
    const platform = browserPlatform(words.text.web);
    const view = await createView({ profile, platform, words, server: location.origin, loadScreen });
    endTheme();
    mount(view, panels, words, root);
    const openInvite = () => {
      const link = takeLink();
      if (link !== undefined) view.actions.openLink(link);
    };
    openInvite();
    addEventListener('hashchange', openInvite);
    let isAsked = false;
    view.subscribe(() => {
      const wasAsked = isAsked;
      const { dialog } = view.getSnapshot();
      isAsked = dialog !== undefined;
      // What a device link began is in the profile, and goes on without the link.
      const isBegun = dialog?.kind === 'device' && dialog.progress !== '';
      if (isBegun || (wasAsked && !isAsked)) forgetLink();
    });
    addEventListener('pagehide', () => {
      void view.close();
      profile.keepUnanswered();
    });
    // A browser that brings the page back as it was brings back a closed view.
    addEventListener('pageshow', (event) => event.persisted && location.reload());
    // The page is drawn first.
    setTimeout(() => void preloadRoomCode());
  } catch (error) {
    // An invite is still in the address, so that loading the page again opens it.
    draw(<Failed reason={words.text.error(errorDataOf(error))} />, words, root);
    addEventListener('hashchange', () => location.reload());
  }
}

/**
 * The invite link of the address, or of the load before this one when that was not answered; else undefined. Its secret, after the
 * `#`, goes from the address bar and the browser's list of visited pages into the state of this tab, which a reload keeps.
 */
function takeLink(): string | undefined {
  const { invite: kept } = stateOfTab();
  if (!isInviteAddress()) return kept;
  const link = location.href;
  // Nothing is asked about a message, which would be the answer.
  const isAnswered = readMessageLink(link) !== undefined;
  history.replaceState(isAnswered ? null : { invite: link }, '', location.pathname);
  return link;
}

/** The invite was answered: it is not opened again. */
function forgetLink(): void {
  if (stateOfTab().invite !== undefined) history.replaceState(null, '');
}

function stateOfTab(): { readonly invite?: string } {
  const state: unknown = history.state;
  if (typeof state !== 'object' || state === null || !('invite' in state)) return {};
  return typeof state.invite === 'string' ? { invite: state.invite } : {};
}
