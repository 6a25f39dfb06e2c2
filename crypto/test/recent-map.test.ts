import { expect, test } from 'vitest';
import { RecentMap } from '../src/recent-map.ts';

test('a map keeps the entries used last', () => {
  const made: string[] = [];
  const map = new RecentMap<string>(2);
  const get = (key: string) =>
    map.get(key, () => {
      made.push(key);
      return key.toUpperCase();
    });
  expect(['a', 'b', 'a', 'c', 'a', 'b'].map(get)).toEqual(['A', 'B', 'A', 'C', 'A', 'B']);
  expect(made).toEqual(['a', 'b', 'c', 'b']);
});

test('a map keeps undefined, and nothing after an error', () => {
  const map = new RecentMap<string | undefined>(2);
  const values: (string | undefined)[] = [undefined, 'later'];
  const next = () => map.get('a', () => values.shift());
  expect([next(), next()]).toEqual([undefined, undefined]);
  const fail = () => {
    throw new Error('no value');
  };
  expect(() => map.get('b', fail)).toThrow('no value');
  expect(map.get('b', () => 'value')).toBe('value');
});
