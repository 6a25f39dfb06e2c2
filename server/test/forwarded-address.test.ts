import { describe, expect, test } from 'vitest';
import { forwardedAddress } from '../src/net/forwarded-address.ts';

const V6 = '2001:db8:1:2::/64';

/** The address that is counted for these headers. */
const counted = (headers: Record<string, string>, proxies = 1, header?: string) =>
  forwardedAddress(headers, { proxies, ...(header !== undefined && { header }) }).name;

describe('X-Forwarded-For', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['6.6.6.6, 192.0.2.7', '192.0.2.7'],
    ['6.6.6.6,192.0.2.7', '192.0.2.7'],
    ['6.6.6.6 ,\t192.0.2.7\t', '192.0.2.7'],
    ['192.0.2.7,', '192.0.2.7'],
    ['192.0.2.7, , ', '192.0.2.7'],
    [' , 192.0.2.7', '192.0.2.7'],
    ['192.0.2.7:51234', '192.0.2.7'],
    ['192.0.2.7:0', '192.0.2.7'],
    ['"192.0.2.7"', '192.0.2.7'],
    ['"192.0.2.7:51234"', '192.0.2.7'],
    ['[192.0.2.7]', '192.0.2.7'],
    ['[192.0.2.7]:51234', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
    ['[::ffff:192.0.2.7]:51234', '192.0.2.7'],
    ['::ffff:192.0.2.7:51234', '192.0.2.7'],
    ['64:ff9b::192.0.2.7', '192.0.2.7'],
    ['64:ff9b::c000:207', '192.0.2.7'],
    ['2001:db8:1:2::7', V6],
    ['2001:DB8:1:2::7', V6],
    ['2001:0db8:0001:0002:0000:0000:0000:0007', V6],
    ['[2001:db8:1:2::7]', V6],
    ['[2001:db8:1:2::7]:51234', V6],
    ['"[2001:db8:1:2::7]:51234"', V6],
    ['2001:db8:1:2::7:51234', V6],
    ['2001:db8:1:2:3:4:5:7:51234', V6],
    ['2001:db8:1:2::7%eth0', V6],
    ['[2001:db8:1:2::7%25eth0]:51234', V6],
    ['2001:db8:1:2::192.0.2.7', V6],
    ['unknown', 'unknown'],
    ['6.6.6.6, unknown', 'unknown'],
    ['_hidden', 'unknown'],
    ['192.0.2.256', 'unknown'],
    ['192.0.2', 'unknown'],
    ['2001:db8:::7', 'unknown'],
    ['[2001:db8:1:2::7', 'unknown'],
    ['chat.example.org', 'unknown'],
    ['-', 'unknown'],
    ['', 'unknown'],
    [' , ,', 'unknown'],
    // What a client wrote before it changes nothing.
    ['"6.6.6.6, 192.0.2.7', '192.0.2.7'],
    ['", "[2001:db8:1:2::7]:51234"', V6],
    ['\\", 192.0.2.7', '192.0.2.7'],
  ])('%s counts as %s', (value, name) => {
    expect(counted({ 'x-forwarded-for': value })).toBe(name);
  });
});

describe('Forwarded', () => {
  test.each([
    ['for=192.0.2.7', '192.0.2.7'],
    ['For=192.0.2.7', '192.0.2.7'],
    ['FOR="192.0.2.7"', '192.0.2.7'],
    ['for="192.0.2.7:51234"', '192.0.2.7'],
    ['for=192.0.2.7:51234', '192.0.2.7'],
    ['for="192.0.2.7:_port"', '192.0.2.7'],
    ['for="[2001:db8:1:2::7]:51234"', V6],
    ['for="[2001:db8:1:2::7]"', V6],
    ['for="[2001:db8:1:2::7]:_obf"', V6],
    ['for=[2001:db8:1:2::7]', V6],
    ['for=2001:db8:1:2::7', V6],
    ['for="2001:db8:1:2::7"', V6],
    ['for="\\[2001:db8:1:2::7\\]:51234"', V6],
    ['for="[::ffff:192.0.2.7]:51234"', '192.0.2.7'],
    ['proto=https;for=192.0.2.7;by=10.0.0.1', '192.0.2.7'],
    ['by="[2001:db8::1]:443"; proto=https; for="192.0.2.7:1"; host=chat.example.org', '192.0.2.7'],
    ['for = 192.0.2.7 ; proto = https', '192.0.2.7'],
    ['for=6.6.6.6, for=192.0.2.7', '192.0.2.7'],
    ['for=6.6.6.6;secret="a, b", for="[2001:db8:1:2::7]:1"', V6],
    ['for=192.0.2.7;ext="a, b"', '192.0.2.7'],
    ['for=192.0.2.7;host="a;for=6.6.6.6"', '192.0.2.7'],
    ['host="a;for=6.6.6.6";for=192.0.2.7', '192.0.2.7'],
    ['for="6.6.6.6, for="[2001:db8:1:2::7]:51234"', V6],
    ['for="x, for=192.0.2.7', '192.0.2.7'],
    ['for=192.0.2.7, ', '192.0.2.7'],
    ['for=unknown', 'unknown'],
    ['for="_SEVKISEK"', 'unknown'],
    ['for=_hidden, for=unknown', 'unknown'],
    ['proto=https;by=10.0.0.1', 'unknown'],
    ['for=', 'unknown'],
    ['for', 'unknown'],
    ['192.0.2.7', 'unknown'],
  ])('%s counts as %s', (value, name) => {
    expect(counted({ forwarded: value })).toBe(name);
  });
});

test('the first of the known headers counts, unless the operator names one', () => {
  const real = { 'x-real-ip': '192.0.2.1' };
  const forwarded = { ...real, forwarded: 'for=192.0.2.2' };
  const all = { ...forwarded, 'x-forwarded-for': '192.0.2.3', 'cf-connecting-ip': '192.0.2.4' };
  expect(counted(real)).toBe('192.0.2.1');
  expect(counted(forwarded)).toBe('192.0.2.2');
  expect(counted(all)).toBe('192.0.2.3');
  expect(counted({ ...forwarded, 'x-forwarded-for': ' ' })).toBe('192.0.2.2');
  expect(counted(all, 1, 'x-real-ip')).toBe('192.0.2.1');
  expect(counted(all, 1, 'forwarded')).toBe('192.0.2.2');
  expect(counted(all, 1, 'cf-connecting-ip')).toBe('192.0.2.4');
  expect(counted(real, 1, 'cf-connecting-ip')).toBe('unknown');
  expect(counted({})).toBe('unknown');
});

test('with several proxies, the address that the outermost one saw counts', () => {
  const list = '6.6.6.6, 192.0.2.7, 10.0.0.1, 10.0.0.2';
  expect([1, 2, 3].map((proxies) => counted({ 'x-forwarded-for': list }, proxies))).toEqual([
    '10.0.0.2',
    '10.0.0.1',
    '192.0.2.7',
  ]);
  expect(counted({ forwarded: 'for="6.6.6.6", for="[2001:db8:1:2::7]:1", for=10.0.0.1' }, 2)).toBe(V6);
  // Shorter than expected: the outer proxies were passed by.
  expect(counted({ 'x-forwarded-for': '192.0.2.7' }, 3)).toBe('192.0.2.7');
});

test('clients of one proxy never share a limit by accident', () => {
  const forms = ['%', '[%]', '[%]:443', '"[%]:443"', 'for="[%]:443"', '6.6.6.6, %'];
  for (const form of forms) {
    const names = [1, 2, 3].map((i) => {
      const value = form.replace('%', `2001:db8:0:${i}::1`);
      return counted(form.startsWith('for') ? { forwarded: value } : { 'x-forwarded-for': value });
    });
    expect(new Set(names).size, form).toBe(3);
  }
});
