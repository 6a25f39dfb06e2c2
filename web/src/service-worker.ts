/** Keeps the page's files for when the server can't be reached. Nothing else passes through here: no message, no other address. */

/** Every file of this build by its path; put in by the build. */
declare const PRECACHE: readonly string[];
/** Of their content. */
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
const FILES = new Set(PRECACHE);
/** A network that is there and brings nothing is as good as none. */
const PATIENCE_MS = 4_000;

scope.addEventListener('install', (event) => {
  event.waitUntil(keepFiles());
});

// It waits until no page of the older build is open: such a page may still ask for that build's files.
scope.addEventListener('activate', (event) => {
  event.waitUntil(takeOver());
});

scope.addEventListener('fetch', (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== 'GET' || origin !== scope.location.origin || !FILES.has(pathname)) return;
  if (pathname === PAGE) {
    if (mode === 'navigate') event.respondWith(freshPage(event.request));
  } else event.respondWith(keptFile(event.request));
});

async function keepFiles(): Promise<void> {
  const cache = await caches.open(OWN);
  // Past the browser's own cache, which may hold an older page.
  await cache.addAll(
    [...FILES].map((path) => new Request(path, { cache: path === PAGE ? 'reload' : 'default' })),
  );
}

async function takeOver(): Promise<void> {
  const older = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== OWN);
  await Promise.all(older.map((name) => caches.delete(name)));
  await scope.clients.claim();
}

/** The server's page when it gives one in time, so that a new build is taken up at once. */
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
  // The server tells by coding; what is kept is decoded already.
  return cache.match(path, { ignoreVary: true });
}
