import { type Attack, tally } from './attack.ts';
import { crowd, Intruder } from './intruder.ts';

const FLOODERS = 20;
/** The default limit of frames for one connection: the server reads faster ones later. */
const FRAMES_PER_SECOND = 2_000;
const FRAMES_BURST = 1_000;

/** Sends pings as fast as possible. */
export const frameFlood: Attack = async ({ port, seconds }) => {
  const pings = Array.from({ length: 200 }, (_, i) => `{"type":"ping","id":"${i}"}\n`).join('');
  const floods = await crowd(FLOODERS, async (i) => {
    const opened = await Intruder.welcomed(port, i);
    if (opened === undefined) return { asked: 0, answered: 0, over: 0 };
    const { intruder } = opened;
    const from = performance.now();
    const asked = 200 * (await intruder.pours(seconds, () => pings));
    const answered = intruder.frames;
    intruder.close();
    // One more second, for frames that were answered before the count started.
    const allowed = FRAMES_BURST + FRAMES_PER_SECOND * ((performance.now() - from) / 1000 + 1);
    return { asked, answered, over: Math.max(0, answered - allowed) };
  });
  const sum = (of: 'asked' | 'answered' | 'over') => floods.reduce((total, flood) => total + flood[of], 0);
  return { tried: sum('asked'), got: Math.round(sum('over')), details: `${sum('answered')} answered` };
};

const HUGE = 8 * 1024 * 1024;
const PIECE = 'a'.repeat(64 * 1024);

/** Frames that don't end: before the `hello`, of small types, of the largest type, and of unknown type. */
export const hugeFrames: Attack = async ({ port }) => {
  const beginnings = [
    '{"type":"hello","id":"',
    '{"type":"ping","id":"',
    '{"type":"post","id":"AAAAAAAAAAAAAAAAAAAAAA","room":"AAAAAAAAAAAAAAAAAAAAAA","base":"1","body":"',
    '{"type":"create","id":"AAAAAAAAAAAAAAAAAAAAAA","body":"',
    '{"id":"',
    '{',
  ];
  const fates = await crowd(96, async (i) => {
    const beginning = beginnings[i % beginnings.length] ?? '';
    const greets = i % beginnings.length > 0;
    const opened = greets ? await Intruder.welcomed(port, i) : { intruder: await Intruder.open(port, i) };
    if (opened === undefined) return 'refused';
    const { intruder } = opened;
    intruder.write(beginning);
    let sent = 0;
    while (sent < HUGE && !intruder.ended) {
      sent += PIECE.length;
      if (!intruder.write(PIECE))
        await Promise.race([new Promise((r) => intruder.socket.once('drain', r)), intruder.gone]);
      else await new Promise((resolve) => setImmediate(resolve));
    }
    await intruder.hears(/"error"/);
    const fate = [...intruder.errors.keys()].at(-1) ?? (intruder.ended ? 'ended' : 'taken');
    intruder.close();
    return fate;
  });
  return { tried: fates.length, got: fates.filter((fate) => fate === 'taken').length, details: tally(fates) };
};

/** Objects in objects, thousands of levels deep, within the sizes that are allowed. */
export const deepJson: Attack = async ({ port, seconds }) => {
  const nested = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);
  const frames = [
    `{"type":"ping","id":${nested('[', ']', 1_900)}}`,
    `{"type":"post","id":"AAAAAAAAAAAAAAAAAAAAAA","room":"AAAAAAAAAAAAAAAAAAAAAA","base":"1","body":${nested('[', ']', 50_000)}}`,
    `{"type":"create","invites":${nested('[', ']', 1_000_000)}}`,
    `{"type":"create","invites":${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}}`,
    `{"type":"post","__proto__":{"id":1},"constructor":{"prototype":{"x":1}}}`,
  ];
  const answers: string[] = [];
  const until = performance.now() + seconds * 1000;
  await crowd(4, async (i) => {
    for (let at = i; performance.now() < until || at < i + frames.length; at += 1) {
      const opened = await Intruder.welcomed(port, i);
      if (opened === undefined) break;
      opened.intruder.write(`${frames[at % frames.length] ?? ''}\n`);
      await opened.intruder.hears(/\n/);
      answers.push([...opened.intruder.errors.keys()].at(-1) ?? (opened.intruder.ended ? 'ended' : 'taken'));
      opened.intruder.close();
    }
  });
  return {
    tried: answers.length,
    got: answers.filter((answer) => answer === 'taken').length,
    details: tally(answers),
  };
};
