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

/** Draws a view, and draws it again whenever it changes. */
export function mount(view: View, words: Words<WebText>, root: HTMLElement): void {
  draw(<App view={view} />, words, root);
}
