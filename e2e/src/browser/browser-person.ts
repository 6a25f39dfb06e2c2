import axe, { type AxeResults, type RunOptions } from 'axe-core';
import type { BrowserContext, Page, Request, WebSocket } from 'playwright-core';
import { WAIT_MS } from '../waits.ts';

/** A request or frame that a browser sent, with all its content. */
interface Sent {
  readonly url: string;
  readonly carried: string;
}

interface Violation {
  readonly directive: string;
  readonly blocked: string;
}

const REPORT_VIOLATION = 'reportViolationToGochatTest';
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

/** A browser context with a server's page open in it, and a record of its errors and of all that it sent. */
export class BrowserPerson {
  readonly page: Page;
  /** Errors that were printed on the console. */
  readonly consoleErrors: string[] = [];
  /** Uncaught errors. */
  readonly pageErrors: string[] = [];
  /** Violations of the content security policy, `directive: what`. */
  readonly violations: string[] = [];
  readonly #context: BrowserContext;
  readonly #host: string;
  readonly #sent: Sent[] = [];

  private constructor(context: BrowserContext, page: Page, host: string) {
    this.#context = context;
    this.page = page;
    this.#host = host;
  }

  /** Opens an address in a fresh context, which `close` closes. */
  static async open(context: BrowserContext, address: string): Promise<BrowserPerson> {
    context.setDefaultTimeout(WAIT_MS);
    const page = context.pages()[0] ?? (await context.newPage());
    const person = new BrowserPerson(context, page, new URL(address).host);
    await person.#watch();
    await page.goto(address);
    return person;
  }

  /**
   * All requested addresses in order, without fragments, which browsers never send. Requests of workers are included, except those of
   * shared workers and WebSockets of service workers.
   */
  get requests(): string[] {
    return this.#sent.map(({ url }) => url);
  }

  /** The requested addresses of other hosts. All of them were blocked. */
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

  /** All errors, violations and foreign requests, a line each. */
  get problems(): string[] {
    return [
      ...this.consoleErrors.map((text) => `console: ${text}`),
      ...this.pageErrors.map((text) => `uncaught: ${text}`),
      ...this.violations.map((text) => `policy: ${text}`),
      ...this.foreign.map((url) => `elsewhere: ${url}`),
    ];
  }

  /** Forgets all errors, violations and requests so far. */
  forget(): void {
    for (const record of [this.consoleErrors, this.pageErrors, this.violations, this.#sent])
      record.length = 0;
  }

  /**
   * Violations of WCAG 2.2 AA, a line each.
   * @param within a CSS selector: only its elements are checked
   * @param only `colours`: only the rules whose result depends on the theme
   */
  async barriers({
    within,
    only,
  }: {
    within?: string;
    only?: 'colours' | undefined;
  } = {}): Promise<string[]> {
    const runOnly: RunOptions['runOnly'] =
      only === 'colours' ? { type: 'rule', values: COLOUR_RULES } : { type: 'tag', values: WCAG };
    await this.page.evaluate(`globalThis.axe === undefined && (() => { ${axe.source} })()`);
    const { violations } = await this.page.evaluate(
      ([part, options]) =>
        (globalThis as unknown as { axe: typeof axe }).axe.run(
          part ?? document,
          options,
        ) as Promise<AxeResults>,
      [within, { runOnly, resultTypes: ['violations'] } satisfies RunOptions] as const,
    );
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map((node) => `${id}: ${help}: ${node.target.join(' ')}`),
    );
  }

  /** Writes a PNG of the screen into a file. */
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
    await context.exposeBinding(REPORT_VIOLATION, (_source, { directive, blocked }: Violation) => {
      this.violations.push(`${directive}: ${blocked}`);
    });
    await context.addInitScript((name) => {
      document.addEventListener('securitypolicyviolation', (event) => {
        const binding: unknown = Reflect.get(globalThis, name);
        if (typeof binding === 'function')
          binding({ directive: event.effectiveDirective, blocked: event.blockedURI });
      });
    }, REPORT_VIOLATION);
    // WebSockets to other hosts fail anyway: the browser was started with a resolver that knows no other machine.
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
