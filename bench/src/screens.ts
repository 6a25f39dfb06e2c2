import { UNICODE } from '@gochat/terminal/internal/screen/draw/symbols';
import { Screen } from '@gochat/terminal/internal/screen/screen';
import { type Input, InputDecoder } from '@gochat/terminal/internal/screen/terminal/input-decoder';
import { Painter } from '@gochat/terminal/internal/screen/terminal/painter';
import { Palette } from '@gochat/terminal/internal/screen/terminal/palette';
import { createView } from '@gochat/view/chat-view-model';
import type { Platform } from '@gochat/view/platform';
import { NO_FILES } from '@gochat/view/platform-files';
import { terminalEnglish } from '@gochat/view/terminal-words';
import type { View } from '@gochat/view/view';
import { Words } from '@gochat/view/words';
import { LongRoom } from './long-room.ts';

const ROWS = 10_000;
const SNAPSHOTS = 500;
const KEYS = 400;
const KEY_EVERY_MS = 25;
const PER_SECOND = 200;

const platform: Platform = {
  now: Date.now,
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  copy: async () => true,
  openLink: () => undefined,
  notify: () => undefined,
  files: NO_FILES,
  pickText: async () => undefined,
  keepsProfile: async () => true,
  deviceName: 'bench',
  quit: () => undefined,
  keysOf: () => '',
  writingKeys: [],
  settings: [],
};

const words = new Words('en-GB', terminalEnglish);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A view on a room of so many messages, all of them loaded. */
async function openLong(profile: LongRoom): Promise<View> {
  const view = await createView({
    profile,
    platform,
    words,
    server: 'http://127.0.0.1:4040',
  });
  while (view.getSnapshot().room?.timeline.more === true) {
    view.actions.loadEarlier();
    await pause(0);
  }
  return view;
}

function summary(what: string, all: number[]): string {
  const sorted = [...all].sort((a, b) => a - b);
  const at = (part: number) => (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(2);
  return `${what.padEnd(58)} ${at(0.5).padStart(8)} ${at(0.99).padStart(8)} ${(sorted.at(-1) ?? 0).toFixed(2).padStart(8)}\n`;
}

async function measureSnapshots(): Promise<string> {
  const profile = new LongRoom(ROWS);
  const view = await openLong(profile);
  view.getSnapshot();
  const times: number[] = [];
  for (let i = 0; i < SNAPSHOTS; i++) {
    const begun = performance.now();
    profile.says();
    view.getSnapshot();
    times.push(performance.now() - begun);
    await pause(0);
  }
  await view.close();
  return summary(`snapshot for one new message, ${ROWS} rows`, times);
}

async function measureKeys(): Promise<string> {
  const profile = new LongRoom(ROWS);
  const view = await openLong(profile);
  let written = 0;
  const screen = new Screen(view, {
    painter: new Painter(new Palette('dark', 'truecolor'), { links: true, unicode: true }),
    symbols: UNICODE,
    text: words.text.screen,
    titled: true,
    keys: 'readline',
    settings: () => undefined,
    host: {
      size: () => ({ columns: 120, rows: 40 }),
      write: (text) => {
        written += text.length;
      },
      isHeldUp: () => false,
      mouse: () => undefined,
      openLink: () => true,
      copy: async () => true,
      edit: async (text) => text,
      stopPlaying: () => false,
      suspend: () => undefined,
    },
  });
  const keys = new InputDecoder((input: Input) => screen.take(input));
  screen.paint();
  const begun = performance.now();
  let said = 0;
  const talk = setInterval(() => {
    for (; said < ((performance.now() - begun) / 1000) * PER_SECOND; said++) profile.says();
  }, 1);
  const times: number[] = [];
  const cpu = process.cpuUsage();
  for (let i = 0; i < KEYS; i++) {
    await pause(KEY_EVERY_MS);
    const before = written;
    const pressed = performance.now();
    keys.write(Buffer.from(i % 40 === 39 ? '\u0015' : 'x'));
    while (written === before) await Promise.resolve();
    times.push(performance.now() - pressed);
  }
  clearInterval(talk);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - begun) / 1000;
  keys.close();
  screen.close();
  await view.close();
  const load = ((user + system) / 1e6 / seconds) * 100;
  return (
    summary(`keystroke to paint, ${ROWS} rows, ${Math.round(said / seconds)} messages/s`, times) +
    `${''.padEnd(58)} ${load.toFixed(0).padStart(7)}% of a core meanwhile\n`
  );
}

process.stdout.write(`${'milliseconds'.padEnd(58)}   median      p99      max\n`);
process.stdout.write(await measureSnapshots());
process.stdout.write(await measureKeys());
process.exit(0);
