import type { WebText } from '@gochat/view/web-words';

/** What a user agent says of itself: the first that fits, as Edge names Chrome, and Chrome names Safari. */
const BROWSERS = [
  [/Edg/, 'Edge'],
  [/OPR|Opera/, 'Opera'],
  [/SamsungBrowser/, 'Samsung Internet'],
  [/Firefox|FxiOS/, 'Firefox'],
  [/Chrom|CriOS/, 'Chrome'],
  [/Safari/, 'Safari'],
] as const;

const SYSTEMS = [
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/Android/, 'Android'],
  [/CrOS/, 'ChromeOS'],
  [/Windows/, 'Windows'],
  [/Mac/, 'macOS'],
  [/Linux|X11/, 'Linux'],
] as const;

/** What this browser is called among its person's devices, such as "Firefox on Linux". @param agent what it says of itself */
export function deviceName(text: WebText['web']['deviceName'], agent: string = navigator.userAgent): string {
  const nameIn = (names: readonly (readonly [RegExp, string])[]) =>
    names.find(([sign]) => sign.test(agent))?.[1];
  return text(nameIn(BROWSERS), nameIn(SYSTEMS));
}
