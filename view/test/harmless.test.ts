import { describe, expect, test } from 'vitest';
import { asNamed, isHarmless, NotAsNamed } from '../src/files/harmless.ts';

const latin1 = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const utf8 = (text: string) => new TextEncoder().encode(text);

/** What comes out, in pieces of some bytes, before the error; `refused` for none. */
async function through(name: string, bytes: Uint8Array, size = 1000): Promise<Uint8Array | 'refused'> {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const out: number[] = [];
  try {
    for await (const piece of asNamed(name, pieces())) out.push(...piece);
  } catch (error) {
    expect(error).toBeInstanceOf(NotAsNamed);
    expect(out).toEqual([]);
    return 'refused';
  }
  return Uint8Array.from(out);
}

test.each([
  ['photo.jpg', 'image/jpeg', true],
  ['a.LOG', 'text/plain', true],
  ['song.ogg', 'audio/ogg', true],
  ['page.html', 'image/jpeg', false],
  ['page.html', 'text/plain', false],
  ['x.svg', 'image/svg+xml', false],
  ['note.txt', 'text/html', false],
  ['run.desktop', 'text/plain', false],
])('%s of the type %s needs no question: %s', (name, type, is) => {
  expect(isHarmless(name, { type })).toBe(is);
});

describe('the bytes of a harmless name', () => {
  test.each([
    ['photo.jpg', latin1('\xff\xd8\xff\xe0 and so on')],
    ['named.png', latin1('GIF89a')],
    ['song.m4a', latin1('\0\0\0\x18ftypisom\0\0\0\0')],
    ['clip.webm', latin1('\x1a\x45\xdf\xa3\x01\x00webm')],
    ['empty.txt', new Uint8Array()],
    ['note.txt', utf8('\ufeffHello, José <jose@example.org>: 1 < 2 😀\n')],
    ['app.log', utf8('[2026-01-01 10:00] started <pid 3>\n[info] ok\n')],
    ['long.txt', utf8('é'.repeat(5000))],
    ['odd.txt', utf8(`a${'é'.repeat(5000)}`)],
  ])('%s come as they are', async (name, bytes) => {
    for (const size of [1, 1000, 100_000]) expect(await through(name, bytes, size)).toEqual(bytes);
  });

  const html = '<!DOCTYPE html><script>alert(1)</script>';
  test.each([
    ['photo.jpg', 'a page', utf8(html)],
    ['photo.jpg', 'nothing', new Uint8Array()],
    ['photo.png', 'SVG', utf8('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['photo.jpg', 'PDF', utf8('%PDF-1.7')],
    ['song.mp3', 'a list of addresses', utf8('#EXTM3U\nhttp://127.0.0.1/\n')],
    ['clip.mp4', 'a page', utf8(html)],
    ['page.txt', 'a page', utf8(html)],
    ['page.txt', 'a page after blanks', utf8(`\ufeff \r\n\t${html}`)],
    ['page.txt', 'a page after a text', utf8(`hello\n${html}`)],
    ['page.txt', 'an unknown element', utf8('<unknown>')],
    ['page.txt', 'XML', utf8('<?xml version="1.0"?><a/>')],
    ['page.txt', 'SVG', utf8('  <svg/>')],
    ['page.txt', 'UTF-16', latin1('\xff\xfe<\0h\0t\0m\0l\0>\0')],
    ['page.txt', 'UTF-16 without its mark', latin1('<\0h\0t\0m\0l\0>\0')],
    ['page.txt', 'Latin-1', latin1('caf\xe9 au lait')],
    ['cut.txt', 'a character that is cut at the end', latin1('caf\xc3')],
    ['script.log', 'a script', utf8('#!/bin/sh\nrm x\n')],
    ['starter.txt', 'a desktop entry', utf8('# a comment\n[Desktop Entry]\nType=Application\nExec=sh\n')],
    ['list.txt', 'a list of addresses', utf8('#EXTM3U\nhttp://127.0.0.1/\n')],
    ['list.txt', 'another list', utf8('[playlist]\nFile1=http://127.0.0.1/\n')],
    ['paper.txt', 'PDF', utf8('%PDF-1.7')],
    ['program.log', 'a program', latin1('\x7fELF\x02')],
  ])('%s are refused when they are %s: %s', async (name, _what, bytes) => {
    for (const size of [1, 1000]) expect(await through(name, bytes, size)).toBe('refused');
  });
});
