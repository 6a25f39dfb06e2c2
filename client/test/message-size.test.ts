import { checkSize } from '@gochat/crypto/send';
import type { Position } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import { MESSAGE_BYTES, messageBytes } from '../src/api/message-size.ts';

test.each(['x', '字', '字\n', '\n', '"', 'a"', '\\', '\u0001', '\ud83d\ude00'])(
  'the longest text of %j can be sealed, with a reply and as many mentions as there may be',
  (part) => {
    const reply = { seq: '9007199254740991' as Position, id: 'A'.repeat(22) };
    const mentions = Array.from({ length: 32 }, () => 'B'.repeat(43));
    const fits = (count: number) => messageBytes(part.repeat(count)) <= MESSAGE_BYTES;
    let [least, most] = [1, MESSAGE_BYTES + 1];
    while (most - least > 1) {
      const middle = Math.floor((least + most) / 2);
      if (fits(middle)) least = middle;
      else most = middle;
    }
    const text = part.repeat(least);
    expect(() => checkSize({ kind: 'text', text, me: true, reply, mentions })).not.toThrow();
    expect(() => checkSize({ kind: 'edit', of: reply, text, mentions })).not.toThrow();
  },
);
