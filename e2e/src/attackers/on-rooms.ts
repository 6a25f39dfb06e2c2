import { type KeyObject, sign } from 'node:crypto';
import type { InviteId, Position, RequestId, RoomId } from '@gochat/protocol/fields';
import { signedInvitation, signedJoin } from '@gochat/protocol/signed';
import type { InviteGrant, UpOf } from '@gochat/protocol/up';
import { newPrivateKey, RawMember, text } from '../people/raw-member.ts';
import { WAIT_MS } from '../waits.ts';
import { type Attack, tally } from './attack.ts';
import { crowd, Intruder, pause } from './intruder.ts';

/** The default limits for one address: invites tried a minute, and rooms created an hour. */
const INVITES_PER_MINUTE = 60;
const CREATES_PER_HOUR = 60;
/** The default limits for one connection. */
const POSTS_PER_SECOND = 1_000;
const POSTS_BURST = 2_000;
/** The default limits for one room. */
const HANDSHAKES_PER_SECOND = 2;
const HANDSHAKES_BURST = 120;
/** A removal conflicts only with a handshake that is appended in the same instant. */
const REMOVAL_TRIES = 20;
/** Long enough to create the invite on a busy machine. */
const EXPIRES_MS = 5_000;

async function greeted(port: number, from: number): Promise<{ intruder: Intruder; nonce: string }> {
  const opened = await Intruder.welcomed(port, from);
  if (opened === undefined) throw new Error('an attacker was not let near enough to try');
  return opened;
}

/** Asks for a room with invented invites. */
export const inviteGuessing: Attack = async ({ port, room }) => {
  const answers = await crowd(10, async (i) => {
    // No other attack tries invites from these addresses.
    const { intruder } = await greeted(port, 150 + i);
    const heard: string[] = [];
    for (let guess = 0; guess < INVITES_PER_MINUTE + 20; guess++) {
      const frame = {
        type: 'invitation',
        id: `${guess}`,
        room,
        invite: text(16),
        nonce: text(16),
        proof: text(64),
      };
      heard.push(await intruder.ask(frame));
    }
    intruder.close();
    return heard;
  });
  const all = answers.flat();
  return {
    tried: all.length,
    got: all.filter((answer) => answer !== 'invite' && answer !== 'rate-limited').length,
    details: tally(all),
  };
};

/** Copied proofs, and proofs for another room, key or server. */
export const replayedProofs: Attack = async ({ port, room }) => {
  const member = new RawMember(port);
  const own = text(16) as RoomId;
  const other = text(16) as RoomId;
  const answers = await crowd(10, async (i) => {
    const { intruder, nonce } = await greeted(port, i);
    const second = await greeted(port, i);
    if (i === 0) {
      if ((await intruder.ask(JSON.parse(member.create(own)) as object)) !== 'ack')
        throw new Error('no room was made');
      if ((await intruder.ask(JSON.parse(new RawMember(port).create(other)) as object)) !== 'ack')
        throw new Error('no other room was made');
    }
    const proof = JSON.parse(member.enter(own, nonce, '0')) as Record<string, unknown>;
    const heard = [
      // Copied to another connection.
      await second.intruder.ask(proof),
      // For another room, for that of the bystanders, with another key, from elsewhere.
      await intruder.ask({ ...proof, nonce: text(16), room: other }),
      await intruder.ask({ ...proof, nonce: text(16), room }),
      await intruder.ask({ ...proof, nonce: text(16) }),
      await intruder.ask({ ...proof, since: '1' }),
      await intruder.ask({ ...proof, key: '2' }),
      // A member of another room asks for the bystanders' room.
      await intruder.ask(JSON.parse(member.enter(room, nonce, '0')) as object),
      await intruder.ask({ type: 'fetch', id: 'f', room }),
      await intruder.ask({ type: 'read', id: 'r', room, after: '0', limit: 10 }),
      await intruder.ask({ type: 'post', id: text(16), room, base: '1', body: text(100) }),
      await intruder.ask(JSON.parse(member.handshake(room, '1', '1').frame) as object),
    ];
    intruder.close();
    second.intruder.close();
    return heard;
  });
  const all = answers.flat();
  const welcome = ['entered', 'ack', 'groupinfo', 'page', 'silence', 'entry'];
  return {
    tried: all.length,
    got: all.filter((answer) => welcome.includes(answer)).length,
    details: tally(all),
  };
};

interface Invite {
  readonly id: InviteId;
  readonly key: KeyObject;
  readonly grant: InviteGrant;
}

function inviteOf(limits: { readonly uses?: number; readonly expires?: number }): Invite {
  const privateKey = newPrivateKey();
  const id = text(16) as InviteId;
  const join = privateKey.export({ format: 'jwk' }).x ?? '';
  return { id, key: privateKey, grant: { invite: id, wrapped: text(60), join, ...limits } };
}

/** Fifty at once want the last use of an invite; and an invite that has just expired. */
export const invitesRaced: Attack = async ({ port }) => {
  const member = new RawMember(port);
  const origin = `127.0.0.1:${port}`;
  const maker = await greeted(port, 1);

  async function race(limits: Parameters<typeof inviteOf>[0], waitMs: number): Promise<string[]> {
    const room = text(16) as RoomId;
    const invite = inviteOf(limits);
    const made = await maker.intruder.ask(JSON.parse(member.create(room, [invite.grant])) as object);
    if (made !== 'ack') throw new Error(`no room with an invite was made: ${made}`);
    const racers = await crowd(50, (i) => greeted(port, i));
    const proven = async ({ intruder, nonce }: (typeof racers)[number]) => {
      const asked = {
        type: 'invitation',
        id: 'i' as RequestId,
        room,
        invite: invite.id,
        nonce: text(16) as UpOf<'join'>['nonce'],
      } as const;
      const proof = sign(null, signedInvitation({ origin, nonce }, asked), invite.key).toString('base64url');
      return intruder.ask({ ...asked, proof });
    };
    // Each is entitled to look before the race; those of the expired one come late.
    if (waitMs > 0) await pause(waitMs);
    const looked = await Promise.all(racers.map(proven));
    const answers = await Promise.all(
      racers.map(({ intruder, nonce }) => {
        const frame = {
          type: 'join' as const,
          id: text(16) as RequestId,
          room,
          invite: invite.id,
          after: '1' as Position,
          body: text(300),
          access: member.accessKey,
          groupInfo: text(900),
          member: text(60),
          invites: [{ invite: invite.id, wrapped: text(60) }],
          nonce: text(16) as UpOf<'join'>['nonce'],
        };
        const proof = sign(null, signedJoin({ origin, nonce }, frame), invite.key).toString('base64url');
        return intruder.ask({ ...frame, proof });
      }),
    );
    for (const { intruder } of racers) intruder.close();
    return waitMs > 0 ? [...looked, ...answers] : answers;
  }

  const last = await race({ uses: 1 }, 0);
  const expired = await race({ expires: Date.now() + EXPIRES_MS }, EXPIRES_MS + 500);
  maker.intruder.close();
  const winners = last.filter((answer) => answer === 'ack').length;
  const late = expired.filter((answer) => answer === 'ack' || answer === 'groupinfo').length;
  return {
    tried: last.length + expired.length,
    // Nobody at all would be as wrong as two.
    got: Math.abs(winners - 1) + late,
    details: `the last use: ${tally(last)}; expired: ${tally(expired)}`,
  };
};

/** Creates a room and enters it. */
async function home(
  port: number,
  from: number,
): Promise<{ intruder: Intruder; member: RawMember; room: RoomId }> {
  const { intruder, nonce } = await greeted(port, from);
  const member = new RawMember(port);
  const room = text(16) as RoomId;
  if ((await intruder.ask(JSON.parse(member.create(room)) as object)) !== 'ack')
    throw new Error('no room was made');
  intruder.heard = '';
  intruder.write(`${member.enter(room, nonce, '0')}\n`);
  if (!(await intruder.hears(/"live"/))) throw new Error(`its own room was not entered: ${intruder.heard}`);
  return { intruder, member, room };
}

/** A member that posts as quickly as it can, from several connections. */
export const memberFlood: Attack = async ({ port, seconds }) => {
  const floods = await crowd(4, async (i) => {
    const { intruder, room } = await home(port, i);
    const body = text(400);
    const post = () => `{"type":"post","id":"${text(16)}","room":"${room}","base":"1","body":"${body}"}\n`;
    const from = performance.now();
    let posts = 0;
    await intruder.pours(seconds, () => {
      posts += 50;
      return Array.from({ length: 50 }, post).join('');
    });
    const { acknowledged } = intruder;
    const refused = intruder.errors.get('rate-limited') ?? 0;
    intruder.close();
    const allowed = POSTS_BURST + POSTS_PER_SECOND * ((performance.now() - from) / 1000 + 1);
    return { posts, acknowledged, refused, over: Math.max(0, acknowledged - allowed) };
  });
  const sum = (of: keyof (typeof floods)[number]) => floods.reduce((total, flood) => total + flood[of], 0);
  const details = `${sum('acknowledged')} acknowledged, ${sum('refused')} refused`;
  return { tried: sum('posts'), got: Math.round(sum('over')), details };
};

const LARGE_POSTS = 300;
const LARGE_BODY = 64 * 1024;

/** Followers of a busy room that never read what they receive. */
export const neverReading: Attack = async ({ port, crowd: size }) => {
  const { intruder: speaker, member, room } = await home(port, 1);
  const idlers = await crowd(Math.min(20, Math.ceil(size / 100)), async (i) => {
    const { intruder, nonce } = await greeted(port, 2 + i);
    intruder.write(`${member.enter(room, nonce, '0')}\n`);
    await intruder.hears(/"live"/);
    intruder.heard = '';
    intruder.socket.pause();
    return intruder;
  });
  const body = text(LARGE_BODY);
  for (let sent = 0; sent < LARGE_POSTS && !speaker.ended; sent++) {
    speaker.heard = '';
    speaker.write(`{"type":"post","id":"${text(16)}","room":"${room}","base":"1","body":"${body}"}\n`);
    await speaker.hears(/"ack"/);
  }
  // Each still receives what was written before it was cut, and then the end.
  const fates = await Promise.all(
    idlers.map(async (intruder) => {
      intruder.socket.resume();
      await Promise.race([intruder.gone, pause(WAIT_MS)]);
      const fate = intruder.ended ? 'cut' : 'still there';
      intruder.close();
      return fate;
    }),
  );
  speaker.close();
  return { tried: fates.length, got: fates.filter((fate) => fate !== 'cut').length, details: tally(fates) };
};

/** A member whose handshakes are based on positions that don't exist. */
export const handshakeSpam: Attack = async ({ port, seconds }) => {
  const answers = await crowd(4, async (i) => {
    const { intruder, member, room } = await home(port, i);
    const heard: string[] = [];
    const until = performance.now() + seconds * 1000;
    while (performance.now() < until && !intruder.ended)
      heard.push(await intruder.ask(JSON.parse(member.handshake(room, '9999', '1').frame) as object));
    intruder.close();
    return heard;
  });
  const all = answers.flat();
  return { tried: all.length, got: all.filter((answer) => answer === 'ack').length, details: tally(all) };
};

/** A member appends handshakes of garbage without end, while an admin tries to remove it. */
export const garbageHandshakes: Attack = async ({ port, seconds }) => {
  // Addresses that sent no handshakes in what was tried before: those have used up what an address may send.
  const [{ intruder }, { intruder: admin }] = [await greeted(port, 190), await greeted(port, 191)];
  const member = new RawMember(port);
  const room = text(16) as RoomId;
  const from = performance.now();
  if ((await admin.ask(JSON.parse(member.create(room)) as object)) !== 'ack')
    throw new Error('no room was made');
  const first = seqOf(admin.heard) ?? '1';
  let last = first;
  const heard: string[] = [];
  const swap = async (by: Intruder, retires: boolean) => {
    const answer = await by.ask(JSON.parse(member.handshake(room, last, first, retires).frame) as object);
    // The position of its own handshake, or that of the one which came first.
    last = seqOf(by.heard) ?? last;
    return answer;
  };
  const removes = async () => {
    // Before the limit holds, each try would lose against garbage. On a busy machine that takes longer than the attack.
    while (heard.at(-1) !== 'rate-limited' && performance.now() < from + WAIT_MS) await pause(1);
    for (let tries = 1; tries <= REMOVAL_TRIES; tries++)
      if ((await swap(admin, true)) === 'ack') return tries;
    return undefined;
  };
  const removal = removes();
  while (heard.at(-1) !== 'retired' && performance.now() < from + seconds * 1000 + WAIT_MS)
    heard.push(await swap(intruder, false));
  const tries = await removal;
  intruder.close();
  admin.close();
  const appended = heard.filter((answer) => answer === 'ack').length;
  const allowed = HANDSHAKES_BURST + HANDSHAKES_PER_SECOND * ((performance.now() - from) / 1000 + 1);
  return {
    tried: heard.length,
    got: Math.max(0, Math.ceil(appended - allowed)) + (tries === undefined ? 1 : 0),
    details: `${tally(heard)}; removed at try ${tries ?? 'never'}`,
  };
};

/** The position that an `ack` or a conflict names. */
function seqOf(frame: string): string | undefined {
  return /"(?:seq|handshake)":"(\d+)"/.exec(frame)?.[1];
}

/** Fills the disk with rooms. */
export const roomFlood: Attack = async ({ port }) => {
  const answers = await crowd(10, async (i) => {
    // Addresses that made no room in what was tried before.
    const { intruder } = await greeted(port, 100 + i);
    const member = new RawMember(port);
    const heard: string[] = [];
    for (let n = 0; n < CREATES_PER_HOUR + 20; n++)
      heard.push(await intruder.ask(JSON.parse(member.create(text(16) as RoomId)) as object));
    intruder.close();
    return heard;
  });
  const all = answers.flat();
  const made = all.filter((answer) => answer === 'ack').length;
  return { tried: all.length, got: Math.max(0, made - 10 * CREATES_PER_HOUR), details: tally(all) };
};
