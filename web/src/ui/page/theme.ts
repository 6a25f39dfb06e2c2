const DARK = '(prefers-color-scheme: dark)';
const CONTRAST = '(prefers-contrast: more)';

/** Applies a theme setting and follows the system where the setting does: `system`, and the lightness of `contrast`. @returns what stops that */
export function followTheme(setting: string): () => void {
  const dark = matchMedia(DARK);
  const contrast = matchMedia(CONTRAST);
  const show = () => {
    const root = document.documentElement;
    root.dataset.theme = resolved(setting, dark.matches, contrast.matches);
    const ground = getComputedStyle(root).getPropertyValue('--raised');
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', ground);
  };
  show();
  for (const query of [dark, contrast]) query.addEventListener('change', show);
  return () => {
    for (const query of [dark, contrast]) query.removeEventListener('change', show);
  };
}

function resolved(setting: string, dark: boolean, contrast: boolean): string {
  const lightness = dark ? 'dark' : 'light';
  if (setting === 'dark' || setting === 'light') return setting;
  return setting === 'contrast' || contrast ? `contrast-${lightness}` : lightness;
}
