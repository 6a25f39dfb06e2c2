import type { View } from '@gochat/view/view';
import { render } from 'preact';
import { App } from './page/app.tsx';

/** Draws a view, and whatever becomes of it. */
export function mount(view: View, root: HTMLElement): void {
  render(<App view={view} />, root);
}
