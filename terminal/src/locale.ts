import { terminalEnglish } from '@gochat/view/terminal-words';

/** The system's locale as a BCP 47 tag; where none is set, as in containers, the language of GoChat's own text. */
export function localeOf(env: Readonly<Record<string, string | undefined>>): string {
  if (/^(?:C|POSIX)\b/.test(env.LC_ALL || env.LC_TIME || env.LANG || 'C')) return terminalEnglish.language;
  const { locale } = Intl.DateTimeFormat().resolvedOptions();
  return locale === 'und' ? terminalEnglish.language : locale;
}
