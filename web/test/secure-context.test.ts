import { expect, test } from 'vitest';
import { missingPlatform } from '../src/secure-context.ts';

const whole = {
  isSecureContext: true,
  crypto: { subtle: {} },
  navigator: { locks: {} },
  BroadcastChannel: class {},
  indexedDB: {},
};

test('a browser that meets all requirements lacks none', () => {
  expect(missingPlatform(whole)).toBeUndefined();
});

test.each([
  ['insecure', { isSecureContext: false }],
  ['insecure', { crypto: {} }],
  ['insecure', { isSecureContext: false, crypto: {}, navigator: {}, indexedDB: undefined }],
  ['locks', { navigator: {} }],
  ['locks', { BroadcastChannel: undefined }],
  ['indexeddb', { indexedDB: undefined }],
  ['indexeddb', { indexedDB: null }],
])('the first missing requirement is returned: %s', (missing, lack) => {
  expect(missingPlatform({ ...whole, ...lack })).toBe(missing);
});

test('storage that throws counts as missing', () => {
  const refusing = Object.defineProperty({ ...whole }, 'indexedDB', {
    get() {
      throw new DOMException('denied', 'SecurityError');
    },
  });
  expect(missingPlatform(refusing)).toBe('indexeddb');
});
