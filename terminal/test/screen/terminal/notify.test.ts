import { describe, expect, test } from 'vitest';
import {
  copySequence,
  noticeSequence,
  notifierOf,
  titleSequence,
} from '../../../src/screen/terminal/notify.ts';

test.each([
  [{ TERM: 'xterm-256color' }, 'bell'],
  [{ TERM: 'xterm-kitty' }, 'osc99'],
  [{ TERM_PROGRAM: 'iTerm.app' }, 'osc9'],
  [{ TERM_PROGRAM: 'WezTerm' }, 'osc777'],
  [{ TERM: 'foot' }, 'osc777'],
  [{ TERM: 'xterm-kitty', GOCHAT_NOTIFY: 'none' }, 'none'],
] as const)('%j is notified by %s', (env, notifier) => {
  expect(notifierOf(env)).toBe(notifier);
});

test('an unknown notifier is refused, an empty one is none', () => {
  expect(() => notifierOf({ GOCHAT_NOTIFY: 'foo' })).toThrow('GOCHAT_NOTIFY must be one of bell, osc9');
  expect(notifierOf({ GOCHAT_NOTIFY: '', TERM: 'foot' })).toBe('osc777');
});

describe('a notification', () => {
  const notice = { title: 'kit;chen', body: 'ben: hi\u0007\u001b]52;c;eA==\u0007' };

  test('contains no control characters and no extra fields', () => {
    expect(noticeSequence('osc777', notice, {})).toBe('\u0007\u001b]777;notify;kit,chen;ben: hi\u0007');
    expect(noticeSequence('osc9', notice, {})).toBe('\u0007\u001b]9;kit,chen: ben: hi\u0007');
    expect(noticeSequence('bell', notice, {})).toBe('\u0007');
    expect(noticeSequence('none', notice, {})).toBe('');
  });

  test('is wrapped for tmux', () => {
    expect(noticeSequence('osc9', notice, { TMUX: '1' })).toBe(
      '\u0007\u001bPtmux;\u001b\u001b]9;kit,chen: ben: hi\u0007\u001b\\',
    );
  });
});

test('the clipboard is written, never read', () => {
  expect(copySequence('héllo', {})).toBe(`\u001b]52;c;${Buffer.from('héllo').toString('base64')}\u0007`);
});

test('the title has the number of unread messages', () => {
  expect(titleSequence({ messages: 0, mentions: 0 })).toBe('\u001b]2;GoChat\u0007');
  expect(titleSequence({ messages: 13, mentions: 2 })).toBe('\u001b]2;(13, 2@) GoChat\u0007');
  expect(titleSequence({ messages: 1, mentions: 0 })).toBe('\u001b]2;(1) GoChat\u0007');
});
