import type { View } from '@gochat/view/view';
import type { WebText } from '@gochat/view/web-words';
import type { Words } from '@gochat/view/words';
import { type ComponentChildren, render } from 'preact';
import { App } from './page/app.tsx';
import { WordsProvider } from './words.ts';

/** Draws a screen in the place of what `root` holds. */
export function draw(screen: ComponentChildren, words: Words<WebText>, root: HTMLElement): void {
  render(<WordsProvider value={words}>{screen}</WordsProvider>, root);
}

/** Loads what draws dialogs: the page can be drawn, and the profile opened, before it is there. */
export function loadDialogView() {
  return import('./dialogs/dialog.tsx');
}

/** Draws a view, and draws it again whenever it changes. */
export async function mount(view: View, words: Words<WebText>, root: HTMLElement): Promise<void> {
  const { DialogView } = await loadDialogView();
  draw(<App view={view} dialogView={DialogView} />, words, root);
}
