import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { inNewHome } from '../home.ts';
import { type Samples, table } from './ratios.ts';

const USAGE = `npm run bench:compare -- OTHER [options]
  OTHER         another checkout of GoChat, with its dependencies installed: it is measured beside this one, by turns
  --rounds N    how often both are measured (5)
  --only NAME   room or server
  --json FILE   append the samples of each round to FILE as they come
`;
const SIZES = [2, 100, 1_000];
/** Of the room that is measured first, so that the code is compiled. */
const SMALL = 3;
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const FOLDER = fileURLToPath(new URL('.', import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const [other] = positionals;

/** A checkout, and the folder in which it has the programs that measure it. */
interface Checkout {
  readonly name: 'before' | 'now';
  readonly root: string;
  readonly folder: string;
}

/** @returns what the program prints, as JSON */
async function run(
  { name, root, folder }: Checkout,
  program: string,
  args: readonly string[],
): Promise<string> {
  process.stderr.write(`${name}: ${program} ${args.join(' ')}\n`);
  const child = spawn(process.execPath, ['--import', 'tsx', join(folder, `${program}.ts`), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (code !== 0) throw new Error(`${program} in ${root} ended with ${String(code)}`);
  return printed;
}

async function measure(checkouts: readonly Checkout[], home: string, rounds: number): Promise<Samples[]> {
  const all: Samples[] = [];
  const keep = (round: number, { name }: Checkout, group: string, printed: string) => {
    const samples = { round, checkout: name, group, cases: JSON.parse(printed) as Samples['cases'] };
    all.push(samples);
    if (values.json !== undefined) appendFileSync(values.json, `${JSON.stringify(samples)}\n`);
  };
  const fileOf = ({ name }: Checkout, members: number) => join(home, `${name}-${members}.json`);
  const [wantsRoom, wantsServer] = [values.only !== 'server', values.only !== 'room'];
  for (const checkout of wantsRoom ? checkouts : [])
    for (const members of [SMALL, ...SIZES])
      await run(checkout, 'room', ['setup', fileOf(checkout, members), String(members)]);
  for (let round = 0; round < rounds; round++) {
    for (const members of wantsRoom ? SIZES : [])
      for (const checkout of checkouts) {
        const files = [fileOf(checkout, members), fileOf(checkout, SMALL)];
        keep(round, checkout, `${members} members`, await run(checkout, 'room', ['measure', ...files]));
      }
    for (const checkout of wantsServer ? checkouts : [])
      keep(round, checkout, 'server', await run(checkout, 'server', []));
  }
  return all;
}

if (values.help || other === undefined) {
  process.stdout.write(USAGE);
} else {
  const root = resolve(other);
  const copy = mkdtempSync(join(root, 'bench/src/compare-'));
  try {
    cpSync(FOLDER, copy, { recursive: true });
    const checkouts: Checkout[] = [
      { name: 'before', root, folder: copy },
      { name: 'now', root: ROOT, folder: FOLDER },
    ];
    const samples = await inNewHome((home) => measure(checkouts, home, Number(values.rounds)));
    process.stdout.write(table(samples));
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
