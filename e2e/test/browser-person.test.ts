import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { BrowserPerson } from '../src/browser/browser-person.ts';
import { findChromium, launchChromium, openBrowserProfile } from '../src/browser/chromium.ts';
import { temporary } from '../src/people/people.ts';
import { needed } from '../src/tool.ts';

const chromium = needed(await findChromium(), 'people with a browser');
const HEAD = '<!doctype html><html lang="en"><title>a page</title><main><h1>Hello</h1>';

describe.skipIf(chromium === undefined)('a person with a browser', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium(chromium ?? '', 'together');
  });
  afterAll(() => browser.close());

  /** Opens a page with a strict policy, served from this machine. */
  async function opens(body: string, fragment = ''): Promise<BrowserPerson> {
    const person = await BrowserPerson.open(
      await browser.newContext(),
      `${await serves({ '/': `${HEAD}${body}</main>` })}/${fragment}`,
    );
    onTestFinished(() => person.close());
    return person;
  }

  test('a correct page has nothing to report', async () => {
    const person = await opens('<script src="/own.js"></script>', '#/join/SECRET');
    expect(await person.page.textContent('h1')).toBe('Hello');
    expect(await person.page.evaluate(() => location.hash)).toBe('#/join/SECRET');
    expect(person.problems).toEqual([]);
    expect(person.requests.map((url) => new URL(url).pathname)).toEqual(['/', '/own.js']);
    expect(person.carrying('SECRET')).toEqual([]);
    expect(await person.barriers()).toEqual([]);
  });

  test('console errors and uncaught errors are reported', async () => {
    const person = await opens('<script src="/failing.js"></script>');
    await expect
      .poll(() => person.problems)
      .toEqual(['console: this went wrong', 'uncaught: Error: nobody caught this']);
  });

  test('policy violations are reported', async () => {
    const person = await opens('<script>document.title = "ran"</script>');
    await expect.poll(() => person.violations).toEqual(['script-src-elem: inline']);
    expect(await person.page.title()).toBe('a page');
  });

  test('requests to other hosts are reported and blocked', async () => {
    // Another loopback address plays another machine.
    const reached: string[] = [];
    const other = createTcpServer((socket) => reached.push(socket.destroy().remoteAddress ?? ''));
    other.listen(0, '127.0.0.2');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const person = await opens('<script src="/elsewhere.js"></script>', `#${port}`);
    await expect
      .poll(() => person.foreign)
      .toEqual([
        'http://elsewhere.example/by-fetch',
        `http://127.0.0.2:${port}/by-fetch`,
        `ws://127.0.0.2:${port}/by-socket`,
      ]);
    await person.page.waitForFunction(() => document.title === 'nobody there');
    expect(reached).toEqual([]);
    expect(person.problems).toEqual(expect.arrayContaining(person.foreign.map((url) => `elsewhere: ${url}`)));
  });

  test('a sent secret is found in an address, a header, a body and a frame', async () => {
    const person = await opens('<script src="/sending.js"></script>', '#SECRET');
    const found = () => person.carrying('SECRET').map((url) => new URL(url).pathname);
    await expect.poll(found).toEqual(['/in-address', '/in-header', '/in-body', '/in-frame']);
    expect(person.foreign).toEqual([]);
  });

  test('accessibility violations are reported', async () => {
    const person = await opens('<img src="/own.png"><button></button>');
    expect(await person.barriers()).toEqual([
      expect.stringMatching(/^button-name: .*: button$/),
      expect.stringMatching(/^image-alt: .*: img$/),
    ]);
  });

  test('accessibility is checked within one element, or for colours alone', async () => {
    const pale = '<p style="color:#ccc;background:#fff">pale</p>';
    const person = await opens(`<button></button>${pale}<dialog open><img src="/own.png">${pale}</dialog>`);
    const rules = async (options: Parameters<typeof person.barriers>[0]) =>
      (await person.barriers(options)).map((line) => line.replace(/: .*: /, ': '));
    expect(await rules({ within: 'dialog' })).toEqual(['color-contrast: dialog > p', 'image-alt: img']);
    expect(await rules({ within: 'dialog', only: 'colours' })).toEqual(['color-contrast: dialog > p']);
  });

  test('two people share no storage; a kept profile has its storage the next time', async () => {
    const home = await temporary();
    onTestFinished(() => home.remove());
    const address = await serves({ '/': HEAD });
    const keep = (person: BrowserPerson) => person.page.evaluate(() => localStorage.setItem('kept', 'yes'));
    const kept = (person: BrowserPerson) => person.page.evaluate(() => localStorage.getItem('kept'));

    const ana = await BrowserPerson.open(await browser.newContext(), address);
    const ben = await BrowserPerson.open(await browser.newContext(), address);
    await keep(ana);
    expect([await kept(ana), await kept(ben)]).toEqual(['yes', null]);
    await Promise.all([ana.close(), ben.close()]);

    const again = async () =>
      BrowserPerson.open(await openBrowserProfile(chromium ?? '', join(home.path, 'cai'), {}), address);
    const cai = await again();
    await keep(cai);
    await cai.close();
    const later = await again();
    expect(await kept(later)).toBe('yes');
    await later.screenshot(join(home.path, 'screen.png'));
    await later.close();
  });
});

const SCRIPTS: Readonly<Record<string, string>> = {
  '/own.js': 'document.body.dataset.ran = "yes";',
  '/failing.js':
    'console.error("this went wrong"); setTimeout(() => { throw new Error("nobody caught this") });',
  '/elsewhere.js': `
    const other = '127.0.0.2:' + location.hash.slice(1);
    fetch('http://elsewhere.example/by-fetch')
      .catch(() => fetch('http://' + other + '/by-fetch'))
      .catch(() => {
        new WebSocket('ws://' + other + '/by-socket').onerror = () => { document.title = 'nobody there' };
      });`,
  '/sending.js': `(async () => {
    const secret = location.hash.slice(1);
    await fetch('/in-address?' + secret);
    await fetch('/in-header', { headers: { 'x-secret': secret } });
    await fetch('/in-body', { method: 'POST', body: 'it is ' + secret });
    const socket = new WebSocket('ws://' + location.host + '/in-frame');
    socket.onopen = () => socket.send(new TextEncoder().encode(secret));
  })();`,
};

/** Serves pages on this machine under a policy that forbids inline scripts. @returns the address */
async function serves(pages: Readonly<Record<string, string>>): Promise<string> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const isPage = pages[pathname] !== undefined;
    response.setHeader('content-type', isPage ? 'text/html; charset=utf-8' : 'text/javascript');
    response.setHeader('content-security-policy', "script-src 'self'");
    response.end(pages[pathname] ?? SCRIPTS[pathname] ?? '');
  });
  // Accepts every WebSocket and reads nothing from it.
  server.on('upgrade', ({ headers }, socket) => {
    const key = `${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    socket.write(
      `HTTP/1.1 101 .\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    onTestFinished(() => void socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
