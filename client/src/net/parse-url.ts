import { parseUrl as parse } from '@gochat/protocol/parse-url';

/** @returns undefined if the text isn't a URL */
export function parseUrl(text: string): URL | undefined {
  return parse(text);
}
