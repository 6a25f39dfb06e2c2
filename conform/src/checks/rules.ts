import { setTimeout as wait } from 'node:timers/promises';
import type { Check } from '../bench.ts';
import { must, mustEqual } from '../failure.ts';
import { KeyPair } from '../key-pair.ts';
import { enterFrame, postFrame } from '../member.ts';

/** Longer than a run of the suite. */
const LONG_MS = 3_600_000;
/** The time that the server keeps the message of the check of `retainMs`. */
const BRIEF_MS = 1_000;

export const ruleChecks: readonly Check[] = [
  {
    name: 'rules: entered has those of create, then those of an order, which replaces all of them',
    run: async (bench) => {
      const connection = await bench.connect();
      const voice = new KeyPair().public;
      const rules = { voice, quietBytes: 4137, quietMs: 10_000, retainMs: 86_400_000 };
      const { room, admin, access } = await bench.found(connection, [], rules);
      const enter = async () =>
        (await connection.expect('entered', enterFrame(connection, room, access))).rules;
      mustEqual(await enter(), rules, 'the rules of entered');
      const order = { keys: admin, rules: { quietMs: 0 } };
      await bench.commit(connection, room, access, { order });
      mustEqual(await enter(), { quietMs: 0 }, 'the rules of entered after the order');
    },
  },
  {
    name: 'quiet: without a voice a connection posts quietBytes in quietMs, or one larger post; other rooms count apart',
    run: async (bench) => {
      const connection = await bench.connect();
      const found = () => bench.found(connection, [], { quietBytes: 1000, quietMs: LONG_MS });
      const [small, large] = [await found(), await found()];
      for (const { room, access } of [small, large]) await bench.follow(connection, room, access);
      const post = (size: number, { room, access } = small) => postFrame(room, access.at, undefined, size);
      await connection.expect('ack', post(600));
      await connection.expect('ack', post(400));
      const over = post(1);
      const { retryAfterMs = 0 } = await connection.refused('quiet', over);
      must(retryAfterMs > 0 && retryAfterMs <= LONG_MS, `the wait is ${retryAfterMs} ms`);
      await connection.refused('quiet', over);
      await connection.expect('ack', post(5000, large));
      await connection.refused('quiet', post(1, large));
    },
  },
  {
    name: 'quiet: the interval goes on on a connection that enters again; new rules apply at once',
    run: async (bench) => {
      const connection = await bench.connect();
      const rules = { quietBytes: 1, quietMs: LONG_MS };
      const { room, admin, access } = await bench.found(connection, [], rules);
      await bench.follow(connection, room, access);
      await connection.expect('ack', postFrame(room, access.at));
      await bench.follow(connection, room, access);
      await connection.refused('quiet', postFrame(room, access.at));
      const order = { keys: admin, rules: { quietMs: 0 } };
      const next = await bench.commit(connection, room, access, { order });
      for (let i = 0; i < 3; i += 1) await connection.expect('ack', postFrame(room, next.at));
    },
  },
  {
    name: 'voice: whoever proves the voice key posts freely, until it is replaced; another proof gives no voice',
    run: async (bench) => {
      const [ana, ben] = [await bench.connect(), await bench.connect()];
      const [voice, heir] = [new KeyPair(), new KeyPair()];
      const rules = { voice: voice.public, quietBytes: 1, quietMs: LONG_MS };
      const { room, admin, access } = await bench.found(ana, [], rules);
      await bench.follow(ben, room, access, undefined, new KeyPair());
      await ben.expect('ack', postFrame(room, access.at));
      await ben.refused('quiet', postFrame(room, access.at));
      await bench.follow(ana, room, access, undefined, voice);
      for (let i = 0; i < 3; i += 1) await ana.expect('ack', postFrame(room, access.at));
      const order = { keys: admin, rules: { ...rules, voice: heir.public } };
      const next = await bench.commit(ana, room, access, { order });
      await bench.follow(ben, room, next, undefined, heir);
      for (let i = 0; i < 3; i += 1) await ben.expect('ack', postFrame(room, next.at));
    },
  },
  {
    name: 'retainMs: a message that is older is not sent any more, and floor says so; handshakes are',
    run: async (bench) => {
      const [ana, ben] = [await bench.connect(), await bench.connect()];
      const { room, access } = await bench.found(ana, [], { retainMs: BRIEF_MS });
      await bench.follow(ana, room, access);
      const { seq } = await ana.expect('ack', postFrame(room, access.at));
      await wait(2 * BRIEF_MS);
      const { floor } = await ben.expect('entered', enterFrame(ben, room, access));
      must(Number(floor) >= Number(seq), `the floor is ${floor}, the position of the message ${seq}`);
      await ben.next('live');
      const entries = (await ben.rest()).map((frame) => frame.type === 'entry' && frame.seq);
      mustEqual(entries, [access.at], 'the entries that are sent');
    },
  },
];
