import type { View } from '@gochat/view/view';
import type { WebText } from '@gochat/view/web-words';
import type { Words } from '@gochat/view/words';
import { type ComponentChildren, render } from 'preact';
import { App } from './page/app.tsx';
import type { Panels } from './panels.ts';
import { WordsProvider } from './words.ts';

/** Draws a screen in the place of what `root` holds. */
export function draw(screen: ComponentChildren, words: Words<WebText>, root: HTMLElement): void {
  render(<WordsProvider value={words}>{screen}</WordsProvider>, root);
}

/** Loads what draws rooms, panels and dialogs. A page without rooms is drawn before that. */
export class PanelLoader {
  #loaded: Panels | undefined;

  get panels(): Panels | undefined {
    return this.#loaded;
  }

  readonly load = async (): Promise<void> => {
    this.#loaded ??= (await import('./panels.ts')).panels;
  };
}

/** Draws a view, and draws it again whenever it changes. @param loader of what the view's dialogs and rooms need */
export function mount(view: View, loader: PanelLoader, words: Words<WebText>, root: HTMLElement): void {
  draw(<App view={view} loader={loader} />, words, root);
}
