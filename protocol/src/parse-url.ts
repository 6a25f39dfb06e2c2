/**
 * Parses a URL. `URL.canParse` of Node.js 20 can't be used: once it is optimized, it refuses texts with characters of Latin-1 that are not ASCII.
 * @returns undefined if it isn't one
 */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
