import type { FileId, RoomId } from '@gochat/protocol/fields';
import { CHUNK_OVERHEAD, paddedBytes } from '@gochat/protocol/file-chunks';
import { RawMember, text } from '../people/raw-member.ts';
import { type Attack, tally } from './attack.ts';
import { crowd, Intruder, pause } from './intruder.ts';

/** The default limit for one address: chunks that it may send at the same time. */
const TRANSFERS = 50;
const ADDRESSES = 4;
const FILE_BYTES = paddedBytes(1);
/** How much later than after its patience a busy server may cut a connection. */
const GRACE_MS = 20_000;

/** A room of the attacker's own, as anybody may create one. */
async function roomOf(member: RawMember, port: number, from: number): Promise<RoomId> {
  const room = text(16) as RoomId;
  const opened = await Intruder.welcomed(port, from);
  if (opened === undefined) throw new Error('an attacker was not let near enough to try');
  const answer = await opened.intruder.ask(JSON.parse(member.create(room)) as object);
  opened.intruder.close();
  if (answer !== 'ack') throw new Error(`the attacker got no room: ${answer}`);
  return room;
}

/** The head of a request to store a file of one chunk, which waits until it is asked for it. */
function putHead(member: RawMember, room: RoomId): string {
  const id = text(16) as FileId;
  return [
    `PUT /files/${id}/0 HTTP/1.1`,
    `Host: ${member.origin}`,
    `Authorization: ${member.filePass('put', id, room, FILE_BYTES)}`,
    `Content-Length: ${FILE_BYTES + CHUNK_OVERHEAD}`,
    'Expect: 100-continue',
    '\r\n',
  ].join('\r\n');
}

const statusOf = ({ heard }: Intruder) => /HTTP\/1\.1 (\d{3})/.exec(heard)?.[1];

/** Stores chunks, a byte at a time, on more connections than an address may have for that. None may be left after the server's patience. */
export const slowFiles: Attack = async ({ port, patienceMs }) => {
  const member = new RawMember(port);
  const room = await roomOf(member, port, 160);
  const each = TRANSFERS + 20;
  const all = await crowd(ADDRESSES * each, async (i) => {
    const intruder = await Intruder.open(port, 160 + (i % ADDRESSES));
    intruder.write(putHead(member, room));
    await intruder.hears(/HTTP/);
    return intruder;
  });
  const taken = all.filter((intruder) => statusOf(intruder) === '100');
  const until = performance.now() + patienceMs + GRACE_MS;
  while (performance.now() < until && taken.some(({ ended }) => !ended)) {
    for (const intruder of taken) intruder.write('x');
    await pause(100);
  }
  const left = taken.filter(({ ended }) => !ended).length;
  for (const intruder of all) intruder.close();
  return {
    tried: all.length,
    got: left + Math.max(0, taken.length - ADDRESSES * TRANSFERS),
    details: `${tally(all.map((intruder) => statusOf(intruder) ?? 'ended'))}; ${taken.length - left} cut`,
  };
};

/** Begins files without ever sending one, and asks for others' with passes of its own room and with forged ones. */
export const halfFiles: Attack = async ({ port, room: theirs, seconds }) => {
  const member = new RawMember(port);
  const room = await roomOf(member, port, 170);
  const until = performance.now() + seconds * 1000;
  const statuses = await crowd(16, async (i) => {
    const heard: string[] = [];
    while (performance.now() < until) {
      const intruder = await Intruder.open(port, 170 + (i % ADDRESSES));
      intruder.write(putHead(member, i % 4 === 0 ? theirs : room));
      await intruder.hears(/HTTP/);
      heard.push(`${i % 4 === 0 ? 'theirs ' : ''}${statusOf(intruder) ?? 'ended'}`);
      intruder.close();
    }
    return heard;
  });
  const all = statuses.flat();
  const got = all.filter((status) =>
    ['201', '200', 'theirs 100', 'theirs 200', 'theirs 201'].includes(status),
  );
  return { tried: all.length, got: got.length, details: tally(all) };
};
