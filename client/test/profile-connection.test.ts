import { noFiles } from '@gochat/e2e/internal/people/no-files';
import { expect, test, vi } from 'vitest';
import { OwnerGone } from '../src/profile/guest.ts';
import { openOwnProfile } from '../src/profile/own-profile.ts';
import { platform } from '../src/profile/platform.ts';
import { openAt, type Profile } from '../src/profile/profile-connection.ts';
import type { Guest, Owner } from '../src/profile/roles.ts';
import { MemoryStore } from '../src/store/memory.ts';
import type { Store } from '../src/store/store.ts';

const KEY = new Uint8Array(32).fill(7);

/** A place of which somebody else can take hold; its records stay. */
function place() {
  const records = new MemoryStore();
  let claims = 0;
  let passOver: (() => void) | undefined;
  const claim = async (): Promise<Owner> => {
    claims += 1;
    let lose: () => void = () => undefined;
    const lost = new Promise<void>((resolve) => {
      lose = resolve;
    });
    const store = new Kept(records, () => {
      passOver?.();
      passOver = undefined;
    });
    here.loseAtNextWrite = () => {
      passOver = lose;
    };
    return {
      role: 'owner',
      store,
      lost,
      serve: () => undefined,
      release: () => store.close(),
    };
  };
  const here = {
    claim,
    unlock: async () => ({ key: KEY, relock: async () => undefined, renew: async () => undefined }),
    connect: () => Promise.reject(new Error('there is no server')),
    loadOwn: async () => openOwnProfile,
    watchWakes: () => () => undefined,
    files: () => noFiles.files,
    fileCache: noFiles.fileCache,
    claims: () => claims,
    loseAtNextWrite: (): void => undefined,
  };
  return here;
}

/** Closes like a store, but leaves its records to the next one. */
class Kept implements Store {
  readonly #beforeWrite: () => void;
  readonly #closed = new MemoryStore();
  #store: Store;

  constructor(records: MemoryStore, beforeWrite: () => void) {
    this.#beforeWrite = beforeWrite;
    this.#store = records;
  }

  get(key: Uint8Array) {
    return this.#store.get(key);
  }

  list(...asked: Parameters<Store['list']>) {
    return this.#store.list(...asked);
  }

  async write(changes: Parameters<Store['write']>[0]) {
    this.#beforeWrite();
    // Long enough for whoever hears of the loss to close it.
    await new Promise((resolve) => setImmediate(resolve));
    return this.#store.write(changes);
  }

  async close() {
    await this.#closed.close();
    this.#store = this.#closed;
  }
}

test('a call made while the owner is lost is answered by the next owner', async () => {
  const here = place();
  const profile: Profile = await openAt(here, platform);
  here.loseAtNextWrite();
  await profile.call('prefer', { change: { name: 'ana' } });
  expect(here.claims()).toBe(2);
  expect((await profile.call('preferences', {})).name).toBe('ana');
  await profile.close();
});

test('an owner that ends while a guest enters is replaced', async () => {
  const here = place();
  let closed = 0;
  const guest: Guest = {
    role: 'guest',
    call: () => Promise.reject(new OwnerGone()),
    onEvent: () => () => undefined,
    closed: Promise.resolve(),
    close: () => {
      closed += 1;
    },
  };
  const met = [guest, guest];
  const profile = await openAt({ ...here, claim: async () => met.pop() ?? here.claim() }, platform);
  expect(closed).toBe(2);
  expect(await profile.call('rooms', {})).toEqual([]);
  await profile.close();
});

/** An owner that this process visits, until it ends. */
function visited() {
  let end: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    end = resolve;
  });
  let isGone = false;
  const guest: Guest = {
    role: 'guest',
    call: async (method) => {
      if (isGone) throw new OwnerGone();
      return method === 'rooms' ? [] : null;
    },
    onEvent: () => () => undefined,
    closed,
    close: () => end(),
  };
  return {
    guest,
    /** Calls fail from now on; that its link is closed shows later. */
    goes: () => {
      isGone = true;
    },
    end: () => end(),
  };
}

/** A place whose first claims are given, and that counts what was claimed and not released. */
function counted(...first: readonly Guest[]) {
  const here = place();
  const met = [...first];
  let held = 0;
  let claims = 0;
  let gate = Promise.resolve();
  const claim = async () => {
    claims += 1;
    const guest = met.shift();
    if (guest !== undefined) return guest;
    await gate;
    const owner = await here.claim();
    held += 1;
    let isHeld = true;
    const release = async () => {
      // As files are closed: not at once.
      await new Promise((resolve) => setImmediate(resolve));
      await owner.release();
      if (isHeld) held -= 1;
      isHeld = false;
    };
    return { ...owner, release };
  };
  return {
    ...here,
    claim,
    claims: () => claims,
    held: () => held,
    /** The next claims wait until the returned function is called. */
    delay(): () => void {
      let open: () => void = () => undefined;
      gate = new Promise((resolve) => {
        open = resolve;
      });
      return () => open();
    },
  };
}

const turns = async () => {
  for (let n = 0; n < 5; n += 1) await new Promise((resolve) => setImmediate(resolve));
};

test('an owner whose end shows in calls and in its link is replaced once, and the next is released', async () => {
  const first = visited();
  const here = counted(first.guest);
  const profile = await openAt(here, platform);
  profile.on(() => undefined);
  first.goes();
  const calls = [profile.call('rooms', {}), profile.call('rooms', {})];
  first.end();
  expect(await Promise.all(calls)).toEqual([[], []]);
  await turns();
  expect([here.claims(), here.held()]).toEqual([2, 1]);
  await profile.close();
  expect(here.held()).toBe(0);
});

test('a profile that is closed while it is taken over is released, and not claimed again', async () => {
  const first = visited();
  const here = counted(first.guest);
  const profile = await openAt(here, platform);
  profile.on(() => undefined);
  const open = here.delay();
  first.end();
  await turns();
  expect(here.claims()).toBe(2);
  const call = profile.call('rooms', {});
  let closed = 0;
  const closing = [profile.close(), profile.close()].map((one) => one.then(() => (closed += 1)));
  await turns();
  expect(closed).toBe(0);
  open();
  await Promise.all(closing);
  expect(here.held()).toBe(0);
  await expect(call).rejects.toMatchObject({ data: { reason: 'profile-closed' } });
  await turns();
  expect([here.claims(), here.held()]).toEqual([2, 0]);
});

test('nothing is claimed after a guest was closed, whatever its link and its calls tell later', async () => {
  const first = visited();
  const here = counted(first.guest);
  const profile = await openAt(here, platform);
  profile.on(() => undefined);
  first.goes();
  const call = profile.call('rooms', {});
  await profile.close();
  await expect(call).rejects.toMatchObject({ data: { reason: 'profile-closed' } });
  await turns();
  expect(here.claims()).toBe(1);
});

test('a profile closes while an owner does not answer whom it was about to visit', async () => {
  const first = visited();
  const silent = visited();
  let ended = 0;
  const never: Guest = {
    ...silent.guest,
    call: () => new Promise((_, reject) => void silent.guest.closed.then(() => reject(new OwnerGone()))),
    close: () => {
      ended += 1;
      silent.end();
    },
  };
  const here = counted(first.guest, never);
  const profile = await openAt(here, platform);
  profile.on(() => undefined);
  first.end();
  await turns();
  await profile.close();
  expect(ended).toBeGreaterThan(0);
  expect([here.claims(), here.held()]).toEqual([2, 0]);
});

test('a profile that could not be taken over is released, and taken over by the next call', async () => {
  const first = visited();
  const here = counted(first.guest);
  let fails = true;
  const unlock = async () => {
    if (fails) throw new Error('the key can not be read');
    return here.unlock();
  };
  const profile = await openAt({ ...here, unlock }, platform);
  profile.on(() => undefined);
  first.end();
  await turns();
  expect([here.claims(), here.held()]).toEqual([2, 0]);
  await expect(profile.call('rooms', {})).rejects.toMatchObject({ code: 'internal' });
  fails = false;
  expect(await profile.call('rooms', {})).toEqual([]);
  expect(here.held()).toBe(1);
  await profile.close();
  expect(here.held()).toBe(0);
});

test('a profile that is closed as another process takes it over is released first', async () => {
  const here = counted();
  const profile = await openAt(here, platform);
  here.loseAtNextWrite();
  const call = profile.call('prefer', { change: { name: 'ana' } });
  call.catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  await profile.close();
  expect(here.held()).toBe(0);
  await turns();
  expect(here.held()).toBe(0);
});

test('what a page had not done when it was unloaded is sealed, and taken by the next owner, whatever it is', async () => {
  let kept: Uint8Array | undefined;
  const unloadStore = {
    put: (value: Uint8Array) => {
      kept = value;
    },
    take: () => {
      const taken = kept;
      kept = undefined;
      return taken;
    },
  };
  const here = { ...place(), unloadStore };
  const page = await openAt(here, platform);
  page.keepUnanswered();
  expect(kept).toBeUndefined();
  const noting = page.call('note', { room: 'no such room', change: { draft: 'half a sentence' } });
  noting.catch(() => undefined);
  page.keepUnanswered();
  expect(kept?.length).toBeGreaterThan(50);
  expect(new TextDecoder().decode(kept)).not.toContain('half a sentence');
  await page.close();
  for (const value of [kept, new Uint8Array(60)]) {
    kept = value;
    const next = await openAt(here, platform);
    expect(kept).toBeUndefined();
    await next.close();
  }
});

test('a profile that was closed says so', async () => {
  const profile = await openAt(place(), platform);
  await profile.close();
  await expect(profile.call('rooms', {})).rejects.toMatchObject({ data: { reason: 'profile-closed' } });
});

test('the error of a listener does not fail what caused the event, and other listeners get the event', async () => {
  const profile = await openAt(place(), platform);
  const late = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => undefined);
  const seen: string[] = [];
  profile.on(() => {
    throw new Error('the listener');
  });
  profile.on((event) => seen.push(event.kind));
  await profile.call('prefer', { change: { name: 'ana' } });
  expect(seen).toContain('preferences');
  const [report] = late.mock.calls.map(([job]) => job);
  late.mockRestore();
  expect(report).toThrow('the listener');
  await profile.close();
});
