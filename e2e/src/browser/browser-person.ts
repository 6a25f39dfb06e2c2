import { AxeBuilder } from '@axe-core/playwright';
import type { BrowserContext, Page, Request, WebSocket } from 'playwright-core';

/** What went out of a browser: where to, and all that it carried. */
interface Sent {
  readonly url: string;
  readonly carried: string;
}

interface Violation {
  readonly directive: string;
  readonly blocked: string;
}

const TELL_VIOLATION = 'tellGochatTestOfViolation';
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** A person with a browser profile of their own and a server's page open in it, and all that went wrong and out of there. */
export class BrowserPerson {
  readonly page: Page;
  /** Errors that were printed on the console. */
  readonly consoleErrors: string[] = [];
  /** Errors that nobody caught. */
  readonly pageErrors: string[] = [];
  /** What the content security policy stood in the way of, `directive: what`. */
  readonly violations: string[] = [];
  readonly #context: BrowserContext;
  readonly #host: string;
  readonly #sent: Sent[] = [];

  private constructor(context: BrowserContext, page: Page, host: string) {
    this.#context = context;
    this.page = page;
    this.#host = host;
  }

  /** Opens an address in a fresh context, which belongs to this person from now on. */
  static async open(context: BrowserContext, address: string): Promise<BrowserPerson> {
    const page = context.pages()[0] ?? (await context.newPage());
    const person = new BrowserPerson(context, page, new URL(address).host);
    await person.#watch();
    await page.goto(address);
    return person;
  }

  /**
   * Every address that was asked for, in order, without fragments: those never leave the browser. Workers are seen too, but not what a
   * shared worker asks for, and no WebSocket of a service worker.
   */
  get requests(): string[] {
    return this.#sent.map(({ url }) => url);
  }

  /** The addresses elsewhere than on the server. None of them was let out. */
  get foreign(): string[] {
    return this.requests.filter((url) => !this.#isOwn(new URL(url)));
  }

  /** The requests that carried a text: in the address, a header, a body, or a frame of a WebSocket. */
  carrying(secret: string): string[] {
    const forms = [secret, encodeURIComponent(secret)];
    return this.#sent
      .filter(({ url, carried }) => forms.some((form) => url.includes(form) || carried.includes(form)))
      .map(({ url }) => url);
  }

  /** All that went wrong, a line each; empty when the page did as it should. */
  get troubles(): string[] {
    return [
      ...this.consoleErrors.map((text) => `console: ${text}`),
      ...this.pageErrors.map((text) => `uncaught: ${text}`),
      ...this.violations.map((text) => `policy: ${text}`),
      ...this.foreign.map((url) => `elsewhere: ${url}`),
    ];
  }

  /** What stands in the way of somebody with a screen reader, a keyboard or weak eyes (WCAG 2.2 AA), a line each. */
  async barriers(): Promise<string[]> {
    const { violations } = await new AxeBuilder({ page: this.page }).withTags(WCAG).analyze();
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map((node) => `${id}: ${help}: ${node.target.join(' ')}`),
    );
  }

  /** A picture of what is on the screen, as PNG, into a file. */
  async screenshot(file: string): Promise<void> {
    await this.page.screenshot({ path: file, animations: 'disabled' });
  }

  close(): Promise<void> {
    return this.#context.close();
  }

  async #watch(): Promise<void> {
    const context = this.#context;
    const page = (opened: Page) => opened.on('websocket', (socket) => this.#watchSocket(socket));
    page(this.page);
    context.on('page', page);
    context.on('request', (request) => this.#watchRequest(request));
    context.on('console', (message) => {
      if (message.type() === 'error') this.consoleErrors.push(message.text());
    });
    context.on('weberror', (error) => this.pageErrors.push(String(error.error())));
    await context.exposeBinding(TELL_VIOLATION, (_source, { directive, blocked }: Violation) => {
      this.violations.push(`${directive}: ${blocked}`);
    });
    await context.addInitScript((tell) => {
      document.addEventListener('securitypolicyviolation', (event) => {
        const binding: unknown = Reflect.get(globalThis, tell);
        if (typeof binding === 'function')
          binding({ directive: event.effectiveDirective, blocked: event.blockedURI });
      });
    }, TELL_VIOLATION);
    // A WebSocket that leads elsewhere finds nobody: the browser was started so that it knows no other machine.
    await context.route(
      (url) => !this.#isOwn(url),
      (route) => route.abort('blockedbyclient'),
    );
  }

  #watchRequest(request: Request): void {
    const url = withoutFragment(request.url());
    const headers = Object.entries(request.headers()).map(([name, value]) => `${name}: ${value}`);
    this.#sent.push({ url, carried: [...headers, request.postData() ?? ''].join('\n') });
  }

  #watchSocket(socket: WebSocket): void {
    const url = socket.url();
    this.#sent.push({ url, carried: '' });
    socket.on('framesent', ({ payload }) => {
      this.#sent.push({ url, carried: payload.toString() });
    });
  }

  #isOwn(url: URL): boolean {
    return !['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol) || url.host === this.#host;
  }
}

function withoutFragment(url: string): string {
  return url.replace(/#.*$/s, '');
}
