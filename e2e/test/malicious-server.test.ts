import { join } from 'node:path';
import type { WarningFact } from '@gochat/client/history';
import { newId } from '@gochat/crypto/internal/new-id';
import type { Down } from '@gochat/protocol/down';
import type { Position } from '@gochat/protocol/fields';
import type { Up } from '@gochat/protocol/up';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { Meddler } from '../src/servers/meddler.ts';
import { WAIT_MS } from '../src/waits.ts';

const env = { random: (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)) };

type Entry = Extract<Down, { type: 'entry' }>;

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;
let meddler: Meddler;
let [ana, ben]: Someone[] = [];
let room: string;
let link: string;
let meddlerUrl: string;

/** Ana talks to an honest server; what ben gets and says goes through one that lies, once a test asks it to. */
beforeEach(async () => {
  home = await temporary();
  server = await startServer(join(home.path, 'server'));
  meddler = new Meddler(server.port);
  meddlerUrl = (await meddler.listen()).replace('tcp:', 'http:');
  ana = await Someone.open('ana', join(home.path, 'ana'));
  ben = await Someone.open('ben', join(home.path, 'ben'));
  ({ room, link } = await people().ana.hosts(server.url));
  await people().ben.joins(benLink());
  await says('before');
  await people().ben.hears(room, 'before');
  // So that ben counts as one who talks, too.
  await people().ben.delivered(room, [await people().ben.says(room, 'yes')]);
  await people().ana.hears(room, 'yes');
});

afterEach(async () => {
  await Promise.all([ana?.close(), ben?.close()]);
  await meddler.close();
  await server.stop();
  await home.remove();
});

function people(): { ana: Someone; ben: Someone } {
  if (ana === undefined || ben === undefined) throw new Error('two people');
  return { ana, ben };
}

async function says(...texts: string[]): Promise<void> {
  const who = people().ana;
  const ids: string[] = [];
  for (const text of texts) ids.push(await who.says(room, text));
  await who.delivered(room, ids);
}

const isMessage = (frame: Down): frame is Entry => frame.type === 'entry' && frame.kind === 'message';
const benReads = async () => (await people().ben.read(room)).filter((line) => line.startsWith('ana: '));
const benTold = () => people().ben.warnings(room);
const benIsTold = (...any: WarningFact['warning'][]) =>
  people().ben.until(
    async () => (await benTold()).some(({ warning }) => any.includes(warning)),
    `ben is warned of ${any.join(' or ')}`,
  );

describe('a malicious server: ben is warned, and shown nothing wrong', () => {
  test('it repeats every entry: each message is shown once, with one warning each', async () => {
    meddler.meddling = {
      down: (frame) => (isMessage(frame) ? Array.from({ length: 300 }, () => frame) : [frame]),
    };
    await says('one', 'two');
    await people().ben.hears(room, 'two');
    await benIsTold('repeated');
    await says('three');
    await people().ben.hears(room, 'three');
    expect(await benReads()).toEqual(['ana: before', 'ana: one', 'ana: two', 'ana: three']);
    expect((await benTold()).length).toBeLessThanOrEqual(3);
  });

  test('it drops a message: the next one shows that it is missing', async () => {
    let dropped = 0;
    meddler.meddling = { down: (frame) => (isMessage(frame) && dropped++ === 0 ? [] : [frame]) };
    await says('withheld', 'shown');
    await people().ben.hears(room, 'shown');
    expect(await benReads()).toEqual(['ana: before', 'ana: shown']);
    await benIsTold('missing');
    expect(await benTold()).toContainEqual({ warning: 'missing', member: 'ana', count: 1 });
  });

  test('it swaps two messages: the late one is left out, with two warnings', async () => {
    let held: Entry | undefined;
    meddler.meddling = {
      down: (frame) => {
        if (!isMessage(frame)) return [frame];
        if (held === undefined) {
          held = frame;
          return [];
        }
        const late = held;
        held = frame;
        return late.seq === frame.seq ? [frame] : [frame, late];
      },
    };
    await says('first', 'second');
    await people().ben.hears(room, 'second');
    await benIsTold('missing');
    await benIsTold('repeated');
    expect(await benReads()).toEqual(['ana: before', 'ana: second']);
  });

  test('it sends an older message at a new position: it is left out, with a warning', async () => {
    let old: Entry | undefined;
    meddler.meddling = {
      down: (frame) => {
        if (!isMessage(frame)) return [frame];
        old ??= frame;
        const forged = { ...old, seq: String(Number(frame.seq) + 1_000) as Position };
        return old === frame ? [frame] : [frame, forged];
      },
    };
    await says('pay him', 'thanks');
    await people().ben.hears(room, 'thanks');
    await benIsTold('undecryptable', 'repeated');
    expect(await benReads()).toEqual(['ana: before', 'ana: pay him', 'ana: thanks']);
  });

  test("it answers with another room's entries: none is shown", async () => {
    const other = await people().ana.hosts(server.url, 'cellar');
    let foreign: Entry | undefined;
    const spy = new Meddler(server.port);
    const carl = await Someone.open('carl', join(home.path, 'carl'));
    spy.meddling = {
      down: (frame) => {
        if (isMessage(frame)) foreign = frame;
        return [frame];
      },
    };
    await carl.joins(other.link.replace(/^http:\/\/[^/]+/, (await spy.listen()).replace('tcp:', 'http:')));
    const id = await people().ana.says(other.room, 'said in the cellar');
    await people().ana.delivered(other.room, [id]);
    await carl.hears(other.room, 'said in the cellar');
    meddler.meddling = {
      down: (frame) =>
        isMessage(frame) && foreign !== undefined ? [{ ...frame, body: foreign.body }] : [frame],
    };
    await says('replaced');
    await benIsTold('undecryptable');
    expect(await benReads()).toEqual(['ana: before']);
    await carl.close();
    await spy.close();
  });

  test('it changes a bit of a message: it is not shown, with a warning', async () => {
    meddler.meddling = {
      down: (frame) =>
        isMessage(frame) ? [{ ...frame, body: frame.body.replace(/.{20}$/, 'A'.repeat(20)) }] : [frame],
    };
    await says('damaged');
    await benIsTold('undecryptable');
    expect(await benReads()).toEqual(['ana: before']);
  });

  test('it sends wrong positions: entries that seem older are left out, with a warning', async () => {
    meddler.meddling = {
      down: (frame) => (isMessage(frame) ? [{ ...frame, seq: '1' as Position }] : [frame]),
    };
    await says('shown as the first of all');
    await benIsTold('repeated');
    expect(await benReads()).toEqual(['ana: before']);
  });

  test('it acknowledges his messages and drops them: they are shown as waiting, not as sent', async () => {
    let kept = 0;
    meddler.meddling = {
      up: (frame: Up) => {
        if (frame.type !== 'post') return [frame];
        kept += 1;
        return [];
      },
      down: (frame) => [frame],
    };
    const id = await people().ben.says(room, 'into the void');
    await people().ben.until(async () => kept > 0, 'the server has it');
    const { waiting } = await people().ben.profile.call('sent', { room, ids: [id], waitMs: 500 });
    expect(waiting).toBe(1);
    expect(await people().ben.read(room)).not.toContain('ben: into the void');
    // It is sent as soon as the server is honest again, and once.
    meddler.meddling = {};
    meddler.cut();
    await people().ben.delivered(room, [id]);
    await people().ana.hears(room, 'into the void');
    expect((await people().ana.read(room)).filter((line) => line === 'ben: into the void')).toHaveLength(1);
  });

  test('it acknowledges what it never stored: a message counts as sent only once it is in the log', async () => {
    meddler.meddling = {
      up: (frame) => (frame.type === 'post' ? [{ type: 'ping', id: frame.id }] : [frame]),
      down: (frame) =>
        frame.type === 'pong' && frame.id.length > 20
          ? [{ type: 'ack', id: frame.id, seq: '999' as Position, at: 1, dup: false } as Down]
          : [frame],
    };
    const id = await people().ben.says(room, 'believed');
    const { waiting } = await people().ben.profile.call('sent', { room, ids: [id], waitMs: 1_000 });
    expect(waiting).toBe(1);
  });

  test('it forks the log: a member who reads the other branch is warned', async () => {
    // Ben's messages reach the log; ana's stay hidden from him, until she answers what he said.
    meddler.meddling = {
      down: (frame) => (isMessage(frame) && Number(frame.seq) % 2 === 0 ? [] : [frame]),
    };
    for (let i = 0; i < 4; i++) await says(`branch ${i}`);
    await benIsTold('missing', 'withheld', 'forked');
    const { code } = await people().ana.profile.call('safety', { room, member: undefined });
    expect((await people().ben.profile.call('safety', { room, member: undefined })).code).toBe(code);
  });

  test.each([
    ['keeps messages for ever', undefined, 'withheld'],
    ['keeps messages for an hour', 3_600_000, 'withheld'],
    ['promises nothing', 0, 'expired'],
  ] as const)(
    'it %s, says at each entering that all has expired, and drops every second message: each loss is counted',
    async (_, retainMs, called) => {
      let messages = 0;
      let dropped = 0;
      meddler.meddling = {
        down: (frame) => {
          if (frame.type === 'welcome') return [{ ...frame, ...(retainMs !== undefined && { retainMs }) }];
          if (frame.type === 'entered')
            return [{ ...frame, floor: String(Number.MAX_SAFE_INTEGER) as Position }];
          if (!isMessage(frame) || messages++ % 2 === 1) return [frame];
          dropped++;
          return [];
        },
      };
      for (let epoch = 0; epoch < 3; epoch++) {
        for (let n = 0; n < 2; n++) {
          meddler.cut();
          await says(`${epoch}.${n}: lost`, `${epoch}.${n}: shown`);
          // Whoever waits for a room doesn't wait until the client would try again unasked.
          await people().ben.syncs(room);
          await people().ben.hears(room, `${epoch}.${n}: shown`);
        }
        await people().ana.profile.call('invite', { room, expiresMs: undefined, uses: 1, waitMs: WAIT_MS });
      }
      const counted = async () =>
        (await benTold()).reduce((sum, warning) => sum + ('count' in warning ? warning.count : 0), 0);
      await people().ben.until(async () => (await counted()) >= dropped, 'ben is warned of each loss');
      expect(await counted()).toBe(dropped);
      expect(dropped).toBe(6);
      const kinds = new Set((await benTold()).map(({ warning }) => warning));
      expect(kinds.has('expired')).toBe(called === 'expired');
      expect(kinds.has('expired-of')).toBe(called === 'expired');
      expect(kinds.has('withheld')).toBe(called === 'withheld');
      expect((await benTold()).filter(({ warning }) => warning === 'shorter-retention')).toEqual(
        retainMs === undefined ? [] : [{ warning: 'shorter-retention', ms: retainMs }],
      );
      // Once the connection stays, a device's first message ends the excuse.
      for (const text of ['shown again', 'shown at last']) {
        await says('lost', text);
        await people().ben.hears(room, text);
      }
      await benIsTold('missing');
      expect((await benTold()).map(({ warning }) => warning)).toContain('withheld');
    },
  );

  test('it says that entries are ten minutes younger than they are: each is marked, and the next message proves it', async () => {
    const [shift, minute] = [10 * 60_000, 60_000];
    meddler.meddling = {
      down: (frame) => [frame.type === 'entry' ? { ...frame, at: frame.at + shift } : frame],
    };
    await says('late');
    await says('later');
    await people().ben.hears(room, 'later');
    const marks = async (who: Someone) => {
      const shown = (await who.messages(room)).filter(({ text }) => text.startsWith('late'));
      return shown.map(({ timeMark }) => timeMark);
    };
    const about = (ms: number) => Math.abs(ms - shift) < minute;
    const shown = await marks(people().ben);
    expect(shown).toHaveLength(2);
    for (const mark of shown) {
      expect(about(mark?.offMs ?? 0)).toBe(true);
      expect(about(mark?.aheadMs ?? 0)).toBe(true);
    }
    expect(await marks(people().ana)).toEqual([undefined, undefined]);
    await benIsTold('forked');
    // Honest again: the first time after those of the server's lie runs backwards.
    meddler.meddling = {};
    await says('true again');
    await people().ben.hears(room, 'true again');
    const honest = (await people().ben.messages(room)).at(-1)?.timeMark;
    expect(about(honest?.backMs ?? 0)).toBe(true);
    expect(honest?.offMs).toBeUndefined();
  });

  test.each(['position', 'time'])(
    'it changes the %s of entries by one: the next message proves it',
    async (what) => {
      const by = (frame: Entry): Entry =>
        what === 'time'
          ? { ...frame, at: frame.at + 1 }
          : { ...frame, seq: String(Number(frame.seq) + 1) as Position };
      meddler.meddling = { down: (frame) => [frame.type === 'entry' ? by(frame) : frame] };
      const { ana, ben } = people();
      const secret = await ana.says(room, 'a secret');
      await ana.delivered(room, [secret]);
      await ben.hears(room, 'a secret');
      const sent = (await ana.profile.call('history', { room, after: '0', limit: 500 })).find(
        (item) => item.kind === 'text' && item.id === secret,
      );
      if (sent === undefined) throw new Error('ana has what she said');
      const ref = { seq: sent.seq, id: secret };
      const reply = newId<string>(env);
      await ana.profile.call('queue', {
        room,
        id: reply,
        content: { kind: 'text', text: 'this', reply: ref },
      });
      await ben.hears(room, 'this');
      await benIsTold('forked');
      // What refers to the message still does, and says so.
      const answer = (await ben.profile.call('history', { room, after: '0', limit: 500 })).find(
        (item) => item.kind === 'text' && item.id === reply,
      );
      const shown = String(Number(sent.seq) + (what === 'position' ? 1 : 0));
      expect(answer).toMatchObject({ reply: { seq: shown, id: secret } });
      await ana.profile.call('queue', { room, id: newId<string>(env), content: { kind: 'delete', of: ref } });
      await ben.until(async () => !(await ben.read(room)).includes('ana: a secret'), 'the secret is deleted');
      expect((await benTold()).some(({ warning }) => warning === 'misplaced')).toBe(what === 'position');
    },
  );

  test('it shows ben another log: the room codes are equal and the log codes differ, from the changed entry on', async () => {
    const codes = async (at?: number) => {
      const { ana, ben } = people();
      const [hers, his] = await Promise.all(
        [ana, ben].map((who) =>
          who.profile.call('safety', { room, member: undefined, ...(at !== undefined && { at }) }),
        ),
      );
      expect(his?.code).toBe(hers?.code);
      return [hers?.log, his?.log];
    };
    const [hers, his] = await codes();
    expect([hers?.at, hers]).toEqual([0, his]);
    await says('one');
    await people().ben.hears(room, 'one');
    meddler.meddling = { down: (frame) => [isMessage(frame) ? { ...frame, at: frame.at + 1 } : frame] };
    await says('two', 'three', 'four', 'five', 'six', 'seven');
    await people().ben.hears(room, 'seven');
    const [same, alsoSame] = await codes(3);
    expect(same).toEqual(alsoSame);
    const [one, other] = await codes();
    expect([one?.at, other?.at]).toEqual([8, 8]);
    expect(one?.code).not.toBe(other?.code);
  });

  test('it serves an older GroupInfo: the joiner does not join an old state of the room', async () => {
    const old: Down[] = [];
    meddler.meddling = {
      down: (frame) => {
        if (frame.type !== 'groupinfo') return [frame];
        old.push(frame);
        return [frame];
      },
    };
    const url = benLink();
    const carl = await Someone.open('carl', join(home.path, 'carl'));
    await carl.joins(url);
    const [stale] = old;
    meddler.meddling = {
      down: (frame) =>
        frame.type === 'groupinfo' && stale?.type === 'groupinfo' ? [{ ...stale, id: frame.id }] : [frame],
    };
    const dan = await Someone.open('dan', join(home.path, 'dan'));
    await expect(dan.profile.call('join', { link: url, as: 'dan', waitMs: 3_000 })).rejects.toThrow();
    const names = (await people().ana.profile.call('members', { room })).map(({ name }) => name);
    expect(names).not.toContain('dan');
    await Promise.all([carl.close(), dan.close()]);
  });

  test("it substitutes another room's GroupInfo: the join fails with the reason", async () => {
    const other = await people().ana.hosts(server.url, 'cellar');
    const carl = await Someone.open('carl', join(home.path, 'carl'));
    meddler.meddling = {
      down: (frame) =>
        frame.type === 'groupinfo'
          ? [{ ...frame, groupInfo: frame.groupInfo.replace(/^.{40}/, 'A'.repeat(40)) }]
          : [frame],
    };
    await expect(carl.profile.call('join', { link: benLink(), as: 'carl', waitMs: 3_000 })).rejects.toThrow();
    expect((await carl.profile.call('rooms', {})).filter(({ status }) => status === 'active')).toEqual([]);
    expect(other.room).not.toBe(room);
    await carl.close();
  });

  test('it sends an invalid frame: the connection ends, and he reconnects', async () => {
    let connections = 0;
    meddler.meddling = {
      down: (frame, connection) => {
        connections = Math.max(connections, connection);
        return isMessage(frame) && connection === 0 ? [{ ...frame, at: -5 } as Down] : [frame];
      },
    };
    await says('garbled on the first connection');
    await people().ben.hears(room, 'garbled on the first connection');
    expect(connections).toBeGreaterThan(0);
  });
});

/** The link, by way of the server that lies. */
function benLink(): string {
  return link.replace(/^http:\/\/[^/]+/, meddlerUrl);
}
