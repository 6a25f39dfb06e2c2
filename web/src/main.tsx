import { openBrowserChat } from '@gochat/client/open-browser';
import { createView } from '@gochat/view/chat-view-model';
import { render } from 'preact';
import { browserPlatform } from './platform.ts';
import { registerWorker } from './register-worker.ts';
import { missingPlatform } from './secure-context.ts';
import { mount } from './ui/mount.tsx';
import { Failed, Lacking, Opening } from './ui/page/before.tsx';
import { followTheme } from './ui/page/theme.ts';
import { words } from './ui/words.ts';

/** The secret of an invite stands behind the `#`: it is taken out of the address before anything else happens. */
function takeLink(): string | undefined {
  if (!location.hash.startsWith('#/join/')) return undefined;
  const link = location.href;
  history.replaceState(null, '', location.pathname);
  return link;
}

async function start(root: HTMLElement): Promise<void> {
  const endTheme = followTheme('system');
  const missing = missingPlatform();
  if (missing !== undefined) {
    render(<Lacking what={missing} />, root);
    return;
  }
  const link = takeLink();
  render(<Opening />, root);
  try {
    const profile = await openBrowserChat();
    const view = await createView({ profile, platform: browserPlatform, words, server: location.origin });
    endTheme();
    mount(view, root);
    if (link !== undefined) view.actions.openLink(link);
    addEventListener('hashchange', () => {
      const next = takeLink();
      if (next !== undefined) view.actions.openLink(next);
    });
    addEventListener('pagehide', () => void view.close());
  } catch (error) {
    render(<Failed reason={error instanceof Error ? error.message : String(error)} />, root);
  }
}

void start(document.body);
void registerWorker();
