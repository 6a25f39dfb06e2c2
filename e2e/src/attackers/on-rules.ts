import type { RoomId } from '@gochat/protocol/fields';
import type { Rules } from '@gochat/protocol/rules';
import { newPrivateKey, RawMember, text } from '../people/raw-member.ts';
import { type Attack, tally } from './attack.ts';
import { crowd, Intruder, pause } from './intruder.ts';

/** Half of the connections come from one address, the others from several. */
const CONNECTIONS = 50;
const OTHER_ADDRESSES = 5;
/** Addresses that no other attack uses. */
const FIRST_ADDRESS = 170;
/** Longer than any attack. */
const INTERVAL_MS = 24 * 3600_000;
const BODY_BYTES = 400;
/** How long each connection pauses between its posts. */
const EVERY_MS = 20;
/** So many that each address uses up its limit, however short the attack. */
const LEAST_POSTS = 5;
const SPOKEN = 20;

/** What a room's admins order, and how many posts that leaves to each address. */
const ROOMS: readonly { readonly name: string; readonly rules: Rules; readonly allowed: number }[] = [
  {
    name: 'announcements',
    rules: { quietBytes: 4137, quietMs: INTERVAL_MS },
    allowed: Math.floor(4137 / BODY_BYTES),
  },
  { name: 'slow mode', rules: { quietBytes: 1, quietMs: INTERVAL_MS }, allowed: 1 },
];

/** Members without a voice that post where they may hardly, while one with a voice is to be heard. */
export const voiceless: Attack = async ({ port, seconds }) => {
  const details: string[] = [];
  let [tried, got] = [0, 0];
  for (const { name, rules, allowed } of ROOMS) {
    const outcome = await against(port, rules, seconds);
    const most = allowed * (1 + OTHER_ADDRESSES);
    tried += outcome.posts;
    // Fewer would be as wrong as more: then a connection would take away what another one may.
    got += Math.abs(outcome.acknowledged - most) + (SPOKEN - outcome.spoken);
    details.push(`${name}: ${tally(outcome.answers)}; the voice ${outcome.spoken}`);
  }
  return { tried, got, details: details.join('; ') };
};

async function against(port: number, rules: Rules, seconds: number) {
  const member = new RawMember(port);
  const room = text(16) as RoomId;
  const voice = newPrivateKey();
  const key = voice.export({ format: 'jwk' }).x ?? '';
  const [speaker, nonce] = await greeted(port, FIRST_ADDRESS);
  const create = member.create(room, [], { ...rules, voice: key as NonNullable<Rules['voice']> });
  if ((await speaker.ask(JSON.parse(create) as object)) !== 'ack') throw new Error('no room was made');
  await enter(speaker, member.enter(room, nonce, '0', '1', voice));
  const post = () =>
    `{"type":"post","id":"${text(16)}","room":"${room}","base":"1","body":"${text(BODY_BYTES)}"}\n`;
  const intruders = await crowd(CONNECTIONS, async (i) => {
    const other = i % 2 === 0 ? 0 : 1 + (((i - 1) / 2) % OTHER_ADDRESSES);
    const [intruder, own] = await greeted(port, FIRST_ADDRESS + other);
    await enter(intruder, member.enter(room, own, '0'));
    return intruder;
  });
  const flood = Promise.all(intruders.map((intruder) => tries(intruder, post, seconds)));
  for (let i = 0; i < SPOKEN; i++) {
    speaker.heard = '';
    speaker.write(post());
    if (!(await speaker.hears(/"ack"|"error"/))) break;
  }
  const posts = (await flood).reduce((sum, count) => sum + count, 0);
  const acknowledged = intruders.reduce((sum, one) => sum + one.acknowledged, 0);
  const answers = [
    ...Array.from({ length: acknowledged }, () => 'ack'),
    ...intruders.flatMap(({ errors }) =>
      [...errors].flatMap(([code, count]) => Array.from({ length: count }, () => code)),
    ),
  ];
  const spoken = speaker.acknowledged - 1;
  for (const one of [speaker, ...intruders]) one.close();
  return { posts, acknowledged, answers, spoken };
}

/** Posts again and again. @returns how often */
async function tries(intruder: Intruder, post: () => string, seconds: number): Promise<number> {
  const until = performance.now() + seconds * 1000;
  let posts = 0;
  while ((posts < LEAST_POSTS || performance.now() < until) && !intruder.ended) {
    posts += 1;
    intruder.heard = '';
    intruder.write(post());
    await intruder.hears(/"ack"|"error"/);
    await pause(EVERY_MS);
  }
  return posts;
}

async function greeted(port: number, from: number): Promise<[Intruder, string]> {
  const opened = await Intruder.welcomed(port, from);
  if (opened === undefined) throw new Error('an attacker was not let near enough to try');
  return [opened.intruder, opened.nonce];
}

async function enter(intruder: Intruder, frame: string): Promise<void> {
  intruder.heard = '';
  intruder.write(`${frame}\n`);
  if (!(await intruder.hears(/"live"/))) throw new Error(`its own room was not entered: ${intruder.heard}`);
}
