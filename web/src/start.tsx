import { errorDataOf } from '@gochat/client/chat-error';
import { openBrowserChat } from '@gochat/client/open-browser';
import { createView } from '@gochat/view/chat-view-model';
import type { WebText } from '@gochat/view/web-words';
import { type Catalogue, Words } from '@gochat/view/words';
import { browserPlatform } from './platform.ts';
import { missingPlatform } from './secure-context.ts';
import { draw, mount } from './ui/mount.tsx';
import { Failed, Lacking, Opening } from './ui/page/before.tsx';
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
  const link = takeLink();
  draw(<Opening />, words, root);
  try {
    const profile = await openBrowserChat();
    const platform = browserPlatform(words.text.web);
    const view = await createView({ profile, platform, words, server: location.origin });
    endTheme();
    mount(view, words, root);
    const openLink = (next: string | undefined) => {
      if (next !== undefined) view.actions.openLink(next);
    };
    // The address may have changed while the profile was opened.
    openLink(takeLink() ?? link);
    addEventListener('hashchange', () => openLink(takeLink()));
    addEventListener('pagehide', () => void view.close());
  } catch (error) {
    draw(<Failed reason={words.text.error(errorDataOf(error))} />, words, root);
  }
}

/** The invite link of the address, or undefined. Its secret, after the `#`, is removed from the address bar and the history first. */
function takeLink(): string | undefined {
  // Programs encode the slashes, or leave one out.
  if (!/join(?:\/|%2f)/i.test(location.hash)) return undefined;
  const link = location.href;
  history.replaceState(null, '', location.pathname);
  return link;
}
