import { type Attack, tally } from './attack.ts';
import { crowd, Intruder, pause } from './intruder.ts';

const DRIP_MS = 250;
/** The server checks its deadlines at intervals, and on a busy machine everything may be delayed. */
const SLACK_MS = 30_000;
/** The default limit of connections for one address. */
const PER_ADDRESS = 500;

/** Sends a `hello` or an HTTP request one byte at a time, and never completes it. */
export const slowLoris: Attack = async ({ port, patienceMs }) => {
  const began = performance.now();
  const texts = [
    `{"type":"hello","id":"${'a'.repeat(2_000)}`,
    `GET / HTTP/1.1\r\nX-Slow: ${'a'.repeat(2_000)}`,
  ];
  const fates = await crowd(200, async (i) => {
    const intruder = await Intruder.open(port, i);
    const text = texts[i % texts.length] ?? '';
    for (let at = 0; !intruder.ended && performance.now() - began < patienceMs + SLACK_MS; at += 1) {
      intruder.write(text[at] ?? 'a');
      await Promise.race([pause(DRIP_MS), intruder.gone]);
    }
    const fate = intruder.ended ? 'ended' : 'still there';
    intruder.close();
    return fate;
  });
  return { tried: fates.length, got: fates.filter((fate) => fate !== 'ended').length, details: tally(fates) };
};

/** Sends nothing after its `hello`, like a client whose cable was cut. */
export const halfOpen: Attack = async ({ port, silenceMs }) => {
  const fates = await crowd(200, async (i) => {
    const opened = await Intruder.welcomed(port, i);
    if (opened === undefined) return 'refused';
    const { intruder } = opened;
    await Promise.race([intruder.gone, pause(silenceMs + SLACK_MS)]);
    const fate = intruder.ended ? 'ended' : 'still there';
    intruder.close();
    return fate;
  });
  return {
    tried: fates.length,
    got: fates.filter((fate) => fate === 'still there').length,
    details: tally(fates),
  };
};

/** Opens idle connections from many addresses, then from one address more than its limit. */
export const idleCrowd: Attack = async ({ port, crowd: size, seconds }) => {
  const intruders: Intruder[] = [];
  const joins = async (from: number): Promise<boolean> => {
    const opened = await Intruder.welcomed(port, from);
    if (opened !== undefined) intruders.push(opened.intruder);
    return opened !== undefined;
  };
  for (let done = 0; done < size; done += 250)
    await crowd(Math.min(250, size - done), (i) => joins(done + i));
  const stood = intruders.length;
  await pause(seconds * 1000);
  for (const intruder of intruders.splice(0)) intruder.close();
  // The same address each time.
  const one = (await crowd(PER_ADDRESS + 100, () => joins(7))).filter(Boolean).length;
  for (const intruder of intruders) intruder.close();
  return {
    tried: size + PER_ADDRESS + 100,
    got: Math.max(0, one - PER_ADDRESS),
    details: `${stood} idle ones stood; of ${PER_ADDRESS + 100} from one address ${one} did`,
  };
};

/** Connects and resets at once, as often as possible, half of them in the middle of a frame. */
export const churn: Attack = async ({ port, seconds }) => {
  const until = performance.now() + seconds * 1000;
  let tried = 0;
  await crowd(20, async (i) => {
    while (performance.now() < until) {
      const intruder = await Intruder.open(port, i);
      if (tried % 2 === 0) intruder.write('{"type":"hel');
      tried += 1;
      intruder.socket.resetAndDestroy();
      await intruder.gone;
    }
  });
  return { tried, got: 0, details: 'each gone at once' };
};
