import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ChatError } from '@gochat/client/chat-error';
import { GoChat } from '@gochat/client/internal/api/sdk';
import { MemoryStore } from '@gochat/client/internal/store/memory';
import type { StoreChange } from '@gochat/client/internal/store/store';
import type { OutgoingState } from '@gochat/client/outgoing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Mortal } from '../src/people/mortal.ts';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { type Fleeting, Several } from '../src/people/several.ts';
import { WAIT_MS } from '../src/waits.ts';

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;
let ben: Someone;
let count = 0;

beforeAll(async () => {
  home = await temporary();
  server = await startServer(join(home.path, 'server'));
  ben = await Someone.open('ben', join(home.path, 'ben'));
});

afterAll(async () => {
  await ben.close();
  await server.stop();
  await home.remove();
});

function newId(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url');
}

function hosts() {
  count += 1;
  return ben.hosts(server.url, `room ${count}`);
}

/** Ben removes everybody else. */
async function removesAll(room: string): Promise<void> {
  await ben.syncs(room);
  for (const { id, self } of await ben.profile.call('members', { room }))
    if (!self) await ben.profile.call('remove', { room, member: id, waitMs: WAIT_MS });
}

/** A disk that takes many turns of the event loop for each write. */
class SlowDisk extends MemoryStore {
  override async write(changes: readonly StoreChange[]): Promise<void> {
    for (let turn = 0; turn < 200; turn++) await nextTurn();
    await super.write(changes);
  }
}

test('who is answered that a message is in the log finds it in the history', async () => {
  const { room, link } = await hosts();
  const ana = new Mortal([], Date.now, new SlowDisk());
  await ana.does(async (chat) => {
    await chat.call('join', { link, as: 'ana', waitMs: WAIT_MS });
    for (let i = 1; i <= 5; i++) {
      const id = newId();
      await chat.call('queue', { room, id, content: { kind: 'text', text: `row ${i}` } });
      for (let posted = false; !posted; await nextTurn())
        posted = (await chat.call('sent', { room, ids: [id], waitMs: 0 })).waiting === 0;
      const items = await chat.call('history', { room, after: '0', limit: 500 });
      expect(items.filter((item) => item.kind === 'text').map(({ text }) => text)).toHaveLength(i);
    }
  });
  await ana.close();
});

/** Ben gives everybody else a role. */
async function givesAll(room: string, role: 'observer' | 'member'): Promise<void> {
  await ben.syncs(room);
  for (const { id, self } of await ben.profile.call('members', { room }))
    if (!self) await ben.profile.call('setRole', { room, member: id, role, waitMs: WAIT_MS });
}

test('what was queued before a removal is refused for good, also after joining again', async () => {
  const { room, link } = await hosts();
  const ana = new Mortal();
  await ana.does((chat) => chat.call('join', { link, as: 'ana', waitMs: WAIT_MS }));
  await ana.dies();
  await removesAll(room);
  const ids = [newId(), newId()];
  const sent = await ana.does(async (chat) => {
    for (const id of ids)
      await chat.call('queue', { room, id, content: { kind: 'text', text: `old ${id}` } });
    return chat.call('sent', { room, ids, waitMs: WAIT_MS });
  });
  const refused = ids.map((id) => ({ id, state: 'refused' }));
  const problem = { code: 'not-member', data: { reason: 'removed' } };
  expect(sent).toEqual({ waiting: 0, problem, outcomes: refused });
  await ana.dies();
  const again = await ben.invites(room);
  await ana.does(async (chat) => {
    await chat.call('join', { link: again, as: 'ana', waitMs: WAIT_MS });
    const id = newId();
    await chat.call('queue', { room, id, content: { kind: 'text', text: 'new' } });
    expect(await chat.call('sent', { room, ids: [...ids, id], waitMs: WAIT_MS })).toMatchObject({
      waiting: 0,
      outcomes: [...refused, { id, state: 'posted', seq: expect.stringMatching(/^\d+$/) }],
    });
    expect(await chat.call('waiting', { room })).toMatchObject(refused);
    expect((await chat.call('rooms', {}))[0]).toMatchObject({ queued: 0 });
  });
  await ben.hears(room, 'new');
  expect(await ben.read(room)).toEqual(['ana: new']);
  // Dismissed, they are not shown any more.
  await ana.does(async (chat) => {
    for (const id of ids) expect(await chat.call('cancel', { room, id })).toEqual({ cancelled: true });
    expect(await chat.call('waiting', { room })).toEqual([]);
  });
  await ana.close();
});

test('a message that another process cancels is reported as cancelled, not as sent', async () => {
  const { room, link } = await hosts();
  const ana = new Mortal();
  await ana.does((chat) => chat.call('join', { link, as: 'ana', waitMs: WAIT_MS }));
  ana.network.goes();
  await ana.dies();
  const id = newId();
  const sent = ana.does(async (chat) => {
    await chat.call('queue', { room, id, content: { kind: 'text', text: 'never mind' } });
    const outcome = chat.call('sent', { room, ids: [id], waitMs: WAIT_MS });
    expect(await chat.call('cancel', { room, id })).toEqual({ cancelled: true });
    return outcome;
  });
  expect((await sent).outcomes).toEqual([{ id, state: 'cancelled' }]);
  await ana.dies();
  expect(
    (await ana.does((chat) => chat.call('sent', { room, ids: [id], waitMs: WAIT_MS }))).outcomes,
  ).toEqual([{ id, state: 'cancelled' }]);
  await ana.close();
});

test('what was queued when a member leaves is not sent after joining again', async () => {
  const { room, link } = await hosts();
  const ana = new Mortal();
  await ana.does((chat) => chat.call('join', { link, as: 'ana', waitMs: WAIT_MS }));
  ana.network.goes();
  const id = newId();
  await ana.does(async (chat) => {
    await chat.call('queue', { room, id, content: { kind: 'text', text: 'old' } });
    await expect(chat.call('leave', { room, waitMs: 1 })).rejects.toMatchObject({
      data: { reason: 'leave-queued', already: false },
    });
  });
  await removesAll(room);
  ana.network.comesBack();
  const again = await ben.invites(room);
  await ana.does(async (chat) => {
    await chat.call('join', { link: again, as: 'ana', waitMs: WAIT_MS });
    await chat.call('sync', { room, waitMs: WAIT_MS });
    expect((await chat.call('sent', { room, ids: [id], waitMs: WAIT_MS })).outcomes).toEqual([
      { id, state: 'refused' },
    ]);
  });
  expect(await ben.read(room)).toEqual([]);
  await ana.close();
});

/** Ana is in a room of ben, and asks twice to leave it while she is offline. */
async function leavesOffline() {
  const { room, link } = await hosts();
  const ana = new Mortal();
  await ana.does((chat) => chat.call('join', { link, as: 'ana', waitMs: WAIT_MS }));
  ana.network.goes();
  await ana.dies();
  await ana.does(async (chat) => {
    const earlier = { room, id: newId(), content: { kind: 'text', text: 'before' } } as const;
    await chat.call('queue', earlier);
    for (const already of [false, true])
      await expect(chat.call('leave', { room, waitMs: 1 })).rejects.toMatchObject({
        code: 'offline',
        data: { reason: 'leave-queued', already },
      });
    const later = { room, id: newId(), content: { kind: 'text', text: 'after' } } as const;
    for (const queued of [chat.call('queue', later), chat.call('resend', { room, unsent: true })])
      await expect(queued).rejects.toMatchObject({ code: 'refused', data: { reason: 'leaving' } });
  });
  return { room, link, ana };
}

/** How often ben has read that somebody leaves. */
const farewells = async (room: string) =>
  (await ben.history(room)).filter(({ kind }) => kind === 'leaving').length;

test('a request to leave that waits is sent once, and ends the membership', async () => {
  const { room, ana } = await leavesOffline();
  ana.network.comesBack();
  await ana.does(async (chat) => {
    await chat.call('sync', { room, waitMs: WAIT_MS });
    await expect
      .poll(async () => (await chat.call('rooms', {}))[0], { timeout: WAIT_MS })
      .toMatchObject({ status: 'left', queued: 0 });
    await chat.call('leave', { room, waitMs: WAIT_MS });
  });
  await expect
    .poll(async () => (await ben.profile.call('members', { room })).length, { timeout: WAIT_MS })
    .toBe(1);
  expect(await farewells(room)).toBe(1);
  expect(await ben.read(room)).toEqual(['ana: before']);
  await ana.close();
});

test('joining a room whose leaving waits cancels that, also offline', async () => {
  const { room, link, ana } = await leavesOffline();
  await ana.does(async (chat) => {
    expect(await chat.call('peek', { link, waitMs: 1 })).toMatchObject({ already: true, leaving: true });
    expect(await chat.call('join', { link, waitMs: 1 })).toMatchObject({ already: true, stayed: true });
    expect(await chat.call('join', { link, waitMs: 1 })).toMatchObject({ already: true, stayed: false });
    const id = newId();
    await chat.call('queue', { room, id, content: { kind: 'text', text: 'here again' } });
    ana.network.comesBack();
    const { outcomes } = await chat.call('sent', { room, ids: [id], waitMs: WAIT_MS });
    expect(outcomes).toMatchObject([{ state: 'posted' }]);
  });
  await ben.hears(room, 'here again');
  expect(await ben.read(room)).toEqual(['ana: before', 'ana: here again']);
  expect(await farewells(room)).toBe(0);
  expect(await ben.profile.call('members', { room })).toHaveLength(2);
  await ana.close();
});

test('who joins again before an admin’s client has read the farewell stays', async () => {
  const [cara, ana] = [new Mortal(), new Mortal()];
  const { room, link } = await cara.does(async (chat) => {
    const { id } = await chat.call('create', {
      name: 'kept',
      as: 'cara',
      server: server.url,
      waitMs: WAIT_MS,
    });
    return {
      room: id,
      link: (await chat.call('invite', { room: id, expiresMs: undefined, uses: undefined, waitMs: WAIT_MS }))
        .link,
    };
  });
  await ana.does((chat) => chat.call('join', { link, as: 'ana', waitMs: WAIT_MS }));
  await cara.does((chat) => chat.call('sync', { room, waitMs: WAIT_MS }));
  await cara.close();
  await ana.does(async (chat) => {
    await chat.call('leave', { room, waitMs: WAIT_MS });
    await chat.call('join', { link, as: 'ana', waitMs: WAIT_MS });
  });
  await cara.dies();
  await cara.does(async (chat) => {
    await chat.call('sync', { room, waitMs: WAIT_MS });
    // A change of her own comes after any removal that her client would make automatically.
    await chat.call('configure', { room, topic: 'still here', waitMs: WAIT_MS });
    expect(await chat.call('members', { room })).toHaveLength(2);
  });
  await ana.does(async (chat) => {
    await chat.call('sync', { room, waitMs: WAIT_MS });
    expect((await chat.call('rooms', {}))[0]).toMatchObject({ status: 'active', topic: 'still here' });
  });
  for (const one of [cara, ana]) await one.close();
});

test('what was written to an empty room is in its log before it is left', async () => {
  const { room } = await hosts();
  const id = newId();
  await ben.profile.call('queue', { room, id, content: { kind: 'text', text: 'last' } });
  expect(await ben.profile.call('leave', { room, waitMs: WAIT_MS })).toMatchObject({ alone: true });
  const { outcomes } = await ben.profile.call('sent', { room, ids: [id], waitMs: WAIT_MS });
  expect(outcomes).toMatchObject([{ id, state: 'posted' }]);
});

test('the SDK returns what was sent, so that it can be edited, reacted to, answered and deleted', async () => {
  const { room: id, link } = await hosts();
  const chat = await GoChat.open(join(home.path, `sdk ${count}`));
  for (const as of [undefined, null, 7] as (string | undefined)[])
    await expect(chat.join(link, as)).rejects.toMatchObject({
      code: 'usage',
      data: { reason: 'name-missing' },
    });
  const room = await chat.join(link, 'ana');
  expect(room).toMatchObject({ id, name: `room ${count}` });
  // The profile's own name is taken.
  expect(await chat.join(link)).toBe(room);
  const message = await room.send('helo');
  expect(message).toMatchObject({ state: 'posted', seq: expect.stringMatching(/^\d+$/) });
  expect(await room.edit(message, 'hello')).toBe(true);
  expect(await room.react(message, '👍')).toBe(true);
  const answer = await room.reply(message, 'me too');
  expect(await room.delete(await room.send('oops'))).toBe(true);
  const host = (await room.members()).filter(({ name }) => name === 'ben');
  await room.send('@ben look', WAIT_MS, host);
  await room.send('ana said: @ben look');
  await ben.syncs(id);
  expect(await ben.messages(id)).toMatchObject([
    { id: message.id, seq: message.seq, text: 'hello', reactions: [{ emoji: '👍' }] },
    { id: answer.id, text: 'me too', reply: { id: message.id, seq: message.seq } },
    { deleted: {} },
    { text: '@ben look', mentions: host.map(({ identity }) => identity) },
    { text: 'ana said: @ben look' },
  ]);
  expect((await ben.messages(id)).at(-1)).not.toHaveProperty('mentions');
  await ben.profile.call('configure', { room: id, name: 'Tea room', waitMs: WAIT_MS });
  await chat.profile.call('sync', { room: id, waitMs: WAIT_MS });
  expect(room.name).toBe('Tea room');
  await removesAll(id);
  await expect(room.send('too late', WAIT_MS)).rejects.toMatchObject({ code: 'not-member' });
  await chat.close();
});

test('a message that waits has no position yet, and is found once it is posted', async () => {
  const own = await startServer(join(home.path, `other ${count}`));
  const chat = await GoChat.open(join(home.path, `sdk waiting ${count}`));
  const room = await chat.create('alone', 'ana', own.url);
  await own.stop();
  const message = await room.send('later', 1);
  expect(message).toEqual({ id: message.id, state: 'waiting' });
  await expect(room.edit(message, 'x', 1)).rejects.toMatchObject({ data: { reason: 'message-waiting' } });
  const back = await startServer(join(home.path, `other ${count}`), own.port);
  expect(await room.edit(message, 'now', WAIT_MS)).toBe(true);
  await chat.close();
  await back.stop();
});

test('the SDK makes nobody a member by a misspelt role, and sets no rule that there is not', async () => {
  const { link, room } = await hosts();
  const chat = await GoChat.open(join(home.path, 'misspelling'));
  const kitchen = await chat.join(link, 'ana');
  await ben.syncs(room);
  await ben.profile.call('setRole', { room, member: 'ana', role: 'admin', waitMs: WAIT_MS });
  const self = (await kitchen.members()).find((one) => one.self);
  for (const role of ['Member', 'ADMIN', '', null, undefined, 'constructor'])
    await expect(kitchen.setRole(self as never, role as never)).rejects.toMatchObject({ code: 'usage' });
  for (const rules of [{ speak: 'x' }, { links: null }, { slow: 'x' }, { bogus: 1 }])
    await expect(kitchen.setRules(rules as never)).rejects.toMatchObject({ code: 'usage' });
  await chat.close();
  await ben.syncs(room);
  const roles = (await ben.profile.call('members', { room })).map(({ role }) => role);
  expect(roles).toEqual(['admin', 'admin']);
});

test('the SDK refuses values that a program without types may give', async () => {
  const { room: id, link } = await hosts();
  const chat = await GoChat.open(join(home.path, `sdk values ${count}`));
  const room = await chat.join(link, 'ana');
  const none = [undefined, null, 7, {}] as unknown as string[];
  for (const given of none) {
    await expect(chat.room(given)).rejects.toMatchObject({ code: 'unknown-room' });
    await expect(chat.join(given, 'ana')).rejects.toMatchObject({ data: { reason: 'link-invalid' } });
    await expect(chat.create('tea', 'ana', given)).rejects.toMatchObject({
      code: 'usage',
      data: { reason: 'address-invalid' },
    });
    await expect(chat.create(given, 'ana', server.url)).rejects.toMatchObject({
      data: { reason: 'name-invalid', why: 'empty' },
    });
    await expect(room.react({ id: newId(), state: 'posted', seq: '1' }, given)).rejects.toMatchObject({
      data: { reason: 'reaction-emoji' },
    });
    const message = { id: newId(), state: 'posted' } as const;
    for (const change of [room.edit(message, 'x'), room.delete(message), room.reply(message, 'x')])
      await expect(change).rejects.toMatchObject({ code: 'usage', data: { reason: 'not-a-message' } });
  }
  for (const given of none.slice(1))
    await expect(room.reportCompromise(given)).rejects.toMatchObject({ code: 'unknown-member' });
  for (const terms of [null, 7, 'two', { uses: '2' }, { uses: null }, { expiresMs: null }])
    await expect(room.invite(terms as { uses: number })).rejects.toMatchObject({
      code: 'usage',
      data: { reason: 'invite-terms' },
    });
  expect(await ben.messages(id)).toEqual([]);
  await chat.close();
});

type Step =
  | { readonly does: 'queue' | 'send' }
  | { readonly does: 'cancel'; readonly which: number }
  | { readonly does: 'remove' | 'mute' | 'unmute' | 'join' | 'leave' | 'offline' | 'online' | 'die' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constantFrom('queue', 'send') }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('cancel' as const), which: fc.nat(20) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constantFrom('remove', 'mute', 'unmute', 'join', 'leave', 'offline', 'online', 'die'),
    }),
  },
);

/** One member whose processes end, whose connection ends, and who leaves, is removed and joins again. */
class Story {
  readonly #room: string;
  readonly #ana: Fleeting;
  /** What was claimed of each message, in order. `rejected`: it was not even queued. */
  readonly claims = new Map<string, (OutgoingState | 'rejected')[]>();
  #online = true;

  constructor(room: string, ana: Fleeting) {
    this.#room = room;
    this.#ana = ana;
  }

  async take(step: Step): Promise<void> {
    const room = this.#room;
    switch (step.does) {
      case 'queue':
      case 'send':
        return this.#say(step.does === 'send');
      case 'cancel': {
        const id = [...this.claims.keys()].at(step.which - this.claims.size);
        if (id === undefined) return;
        const cancelled = await this.#ana.does((chat) => chat.call('cancel', { room, id }));
        if (cancelled.cancelled) this.#claim(id, 'cancelled');
        return;
      }
      case 'remove':
        return removesAll(room);
      case 'mute':
      case 'unmute':
        return givesAll(room, step.does === 'mute' ? 'observer' : 'member');
      case 'join': {
        if (!this.#online) return;
        await this.#join();
        return;
      }
      case 'leave':
        await this.#ana
          .does((chat) => chat.call('leave', { room, waitMs: this.#online ? WAIT_MS : 1 }))
          .catch(ignoreRefusal);
        return;
      case 'offline':
        this.#online = false;
        this.#ana.network.goes();
        return;
      case 'online':
        this.#online = true;
        this.#ana.network.comesBack();
        return;
      case 'die':
        return this.#ana.dies();
      default:
        step satisfies never;
    }
  }

  async #join(): Promise<void> {
    for (;;) {
      const link = await ben.invites(this.#room);
      try {
        await this.#ana.does((chat) => chat.call('join', { link, as: 'ana', waitMs: WAIT_MS }));
        return;
      } catch (error) {
        // When ana left, ben's client removes her a moment later, which revokes all invites.
        if (!(error instanceof ChatError) || error.data.reason !== 'invite-dead') throw error;
      }
    }
  }

  async #say(waits: boolean): Promise<void> {
    const room = this.#room;
    const id = newId();
    this.claims.set(id, []);
    let again = false;
    try {
      const { outcomes } = await this.#ana.does(async (chat) => {
        await chat.call('queue', { room, id, content: { kind: 'text', text: id }, again });
        again = true;
        return chat.call('sent', { room, ids: [id], waitMs: waits && this.#online ? WAIT_MS : 1 });
      });
      for (const { state } of outcomes) this.#claim(id, state);
    } catch (error) {
      ignoreRefusal(error);
      this.#claim(id, 'rejected');
    }
  }

  #claim(id: string, state: OutgoingState | 'rejected'): void {
    this.claims.get(id)?.push(state);
  }

  /** What is known of every message at the end. */
  async asksAll(): Promise<void> {
    const room = this.#room;
    const ids = [...this.claims.keys()];
    const { outcomes } = await this.#ana.does((chat) => chat.call('sent', { room, ids, waitMs: WAIT_MS }));
    // A message that was rejected is not in the queue, as if it had been posted.
    for (const { id, state } of outcomes) if (this.claims.get(id)?.[0] !== 'rejected') this.#claim(id, state);
  }
}

function ignoreRefusal(error: unknown): void {
  expect(error).toMatchObject({ code: expect.stringMatching(/^(not-member|offline|refused)$/) });
}

/** The states after which nothing else may be claimed. A refused message can be dismissed. */
const AFTER: Readonly<Record<OutgoingState | 'rejected', readonly string[]>> = {
  waiting: ['waiting', 'posted', 'cancelled', 'refused', 'silenced', 'unknown', 'missed'],
  posted: ['posted', 'missed'],
  cancelled: ['cancelled'],
  refused: ['refused', 'cancelled'],
  silenced: ['silenced', 'cancelled'],
  unknown: ['unknown', 'cancelled'],
  missed: ['missed', 'waiting', 'posted'],
  rejected: ['rejected'],
};

/** Plays a story, and compares what was claimed of each message with the log. */
async function plays(ana: Fleeting, steps: readonly Step[]): Promise<void> {
  const { room, link } = await hosts();
  await ana.does((chat) => chat.call('join', { link, as: 'ana', waitMs: WAIT_MS }));
  const story = new Story(room, ana);
  for (const one of steps) await story.take(one);
  await story.take({ does: 'online' });
  await story.take({ does: 'die' });
  await ana.does((chat) => chat.call('sync', { room, waitMs: WAIT_MS }));
  await story.asksAll();
  await ana.close();
  // The server may acknowledge a message before it has delivered it to others.
  for (const [id, claims] of story.claims) if (claims.at(-1) === 'posted') await ben.hears(room, id);
  const log = (await ben.messages(room)).map(({ text }) => text);
  expect(new Set(log).size).toBe(log.length);
  for (const [id, claims] of story.claims) {
    // Online, a member's messages are posted, and those of an ended membership have an end.
    expect(claims.at(-1)).not.toBe('waiting');
    for (const [i, state] of claims.entries()) {
      const next = claims[i + 1];
      if (next !== undefined) expect(AFTER[state]).toContain(next);
      if (state === 'posted') expect(log).toContain(id);
      if (state === 'refused' || state === 'silenced' || state === 'rejected') expect(log).not.toContain(id);
      if (state === 'cancelled' && claims[i - 1] !== 'unknown') expect(log).not.toContain(id);
    }
  }
}

test('whatever is claimed of a message stays true through deaths, removals, returns and offline spells', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 4, maxLength: 14 }),
      fc.array(
        fc.tuple(fc.integer({ min: 3, max: 12 }), fc.constantFrom('before' as const, 'after' as const)),
        {
          maxLength: 3,
        },
      ),
      async (steps, deaths) => {
        await plays(new Mortal(deaths), steps);
      },
    ),
    { numRuns: 12 },
  );
});

/** The member is removed, or muted, while a message waits. */
const removedAway = (['offline', 'queue', 'remove', 'online'] as const).map((does): Step => ({ does }));
const mutedAway = (['offline', 'queue', 'mute', 'online', 'send', 'unmute', 'send'] as const).map(
  (does): Step => ({ does }),
);

test('whatever is claimed of a message stays true for all processes of a profile, one of which owns it', async () => {
  let profiles = 0;
  const part = fc.oneof(
    { weight: 6, arbitrary: step.map((one) => [one]) },
    { weight: 1, arbitrary: fc.constantFrom(removedAway, mutedAway) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 5, maxLength: 12 }), async (parts) => {
      profiles += 1;
      await plays(new Several(join(home.path, `several ${profiles}`)), parts.flat());
    }),
    { numRuns: 6 },
  );
});
