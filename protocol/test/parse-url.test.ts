import { expect, test } from 'vitest';
import { parseUrl } from '../src/parse-url.ts';

test('a host with characters of Latin-1 is one, however often it is asked for', () => {
  let hosts = new Set<string | undefined>();
  for (let i = 0; i < 50_000; i++) hosts = hosts.add(parseUrl('https://ñandú.example/a')?.hostname);
  expect([...hosts]).toEqual(['xn--and-6ma2c.example']);
  expect(parseUrl('https://')).toBeUndefined();
});
