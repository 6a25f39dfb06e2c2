import type { View } from '@gochat/view/view';
import type { WebText } from '@gochat/view/web-words';
import type { Words } from '@gochat/view/words';
import { type ComponentChildren, render } from 'preact';
import { App, type Panels } from './page/app.tsx';
import { WordsProvider } from './words.ts';

/** Draws a screen in the place of what `root` holds. */
export function draw(screen: ComponentChildren, words: Words<WebText>, root: HTMLElement): void {
  render(<WordsProvider value={words}>{screen}</WordsProvider>, root);
}

/** Loads what draws dialogs and panels, which is needed only after the profile is open. */
export async function loadPanels(): Promise<Panels> {
  const [{ DialogView }, { DetailsView, SearchView }] = await Promise.all([
    import('./dialogs/dialog.tsx'),
    import('./room/details.tsx'),
  ]);
  return { DialogView, DetailsView, SearchView };
}

/** Draws a view, and draws it again whenever it changes. */
export async function mount(view: View, words: Words<WebText>, root: HTMLElement): Promise<void> {
  draw(<App view={view} panels={await loadPanels()} />, words, root);
}
