/** Caches the page's files, so that the page opens while the server can't be reached. It handles no other request and no message. */

/** The paths of all files of this build; the build inserts them. */
declare const PRECACHE: readonly string[];
/** A hash of those files' content; the build inserts it. */
declare const BUILD: string;

// The platform's types for workers and for pages exclude each other.
interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Lasting {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface Scope {
  readonly clients: { claim(): Promise<void> };
  readonly location: Location;
  addEventListener(type: 'install' | 'activate', listener: (event: Lasting) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetching) => void): void;
}
const scope = self as unknown as Scope;

const PREFIX = 'gochat-page-';
const OWN = `${PREFIX}${BUILD}`;
const PAGE = '/';
/** What an invite link's path is once a program has changed its `#` to `%23`. */
const CHANGED_LINK = /^\/%(?:25)*23/i;
const FILES = new Set(PRECACHE);
/** The wait for the server's page, after which the cached one is shown. */
const PATIENCE_MS = 4_000;

scope.addEventListener('install', (event) => {
  event.waitUntil(keepFiles());
});

// Browsers activate it when no page of the older build is open, so no open page loses that build's files.
scope.addEventListener('activate', (event) => {
  event.waitUntil(takeOver());
});

scope.addEventListener('fetch', (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== 'GET' || origin !== scope.location.origin) return;
  // The secret in it stays in the browser.
  if (mode === 'navigate' && CHANGED_LINK.test(pathname))
    event.respondWith(Promise.resolve(Response.redirect(pathname.replace(CHANGED_LINK, '/#'))));
  if (!FILES.has(pathname)) return;
  if (pathname === PAGE) {
    if (mode === 'navigate') event.respondWith(freshPage(event.request));
  } else event.respondWith(keptFile(event.request));
});

async function keepFiles(): Promise<void> {
  const cache = await caches.open(OWN);
  // The page is loaded past the browser's HTTP cache, which may hold an older one.
  await cache.addAll(
    [...FILES].map((path) => new Request(path, { cache: path === PAGE ? 'reload' : 'default' })),
  );
}

async function takeOver(): Promise<void> {
  const older = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== OWN);
  await Promise.all(older.map((name) => caches.delete(name)));
  await scope.clients.claim();
}

/** The server's page if it arrives in time, so that a new build shows at once; otherwise the cached page. */
async function freshPage(request: Request): Promise<Response> {
  const kept = await find(PAGE);
  if (kept === undefined) return fetch(request);
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return response.ok ? response : kept;
  } catch {
    return kept;
  }
}

async function keptFile(request: Request): Promise<Response> {
  return (await find(new URL(request.url).pathname)) ?? fetch(request);
}

async function find(path: string): Promise<Response | undefined> {
  const cache = await caches.open(OWN);
  // The server's Vary header is about content encoding, and cached responses are decoded already.
  return cache.match(path, { ignoreVary: true });
}
