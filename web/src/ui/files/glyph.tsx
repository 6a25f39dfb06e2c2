import { Drawn } from '../icons.tsx';

/** Icons for files, which are loaded with what draws files. */
const PATHS = {
  play: 'M8 5.5v13l10.5-6.5z',
  pause: 'M8.5 6v12M15.5 6v12',
  save: 'M12 4v11M7 10.5l5 5 5-5M5 19.5h14',
  picture: 'M4 5h16v14H4zM4 16l4.5-4.5 4 4 2.5-2.5 5 5M15.5 10a1.3 1.3 0 1 0 0-2.6 1.3 1.3 0 0 0 0 2.6',
  film: 'M4 5.5h16v13H4zM8.5 5.5v13M15.5 5.5v13M4 12h16',
  forward: 'M9 5l7 7-7 7',
  again: 'M19 12a7 7 0 1 1-2.2-5.1M19 4v4h-4',
  minus: 'M5 12h14',
  sound:
    'M9 17.5V6l10-2v11.5M9 17.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0M19 15.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0',
} as const;

export type GlyphName = keyof typeof PATHS;

/** Hidden from screen readers, as all icons. */
export function Glyph({ name }: { readonly name: GlyphName }) {
  return <Drawn path={PATHS[name]} />;
}
