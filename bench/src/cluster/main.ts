import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { buildGochat } from '@gochat/e2e/gochat-process';
import { findNatsServer } from '@gochat/e2e/nats-server';
import { findTool } from '@gochat/e2e/tool';
import { buildPrograms } from '../build.ts';
import { inNewHome } from '../home.ts';
import { measureDeath } from './death.ts';
import { type ClusterLoad, measureRoom } from './fan-out.ts';
import { measureManyRooms } from './many-rooms.ts';
import { measureOneMachine } from './one-machine.ts';
import { measurePosts } from './posts.ts';
import { BenchStage, type StageOptions } from './stage.ts';

const USAGE = `npm run bench:cluster -- [options]
  --only NAME   posts, fan-out, latency, crowd, death, rooms, streams, servers or
                one-machine; repeats
  --rooms N     how many rooms \`rooms\` makes (100000)
  --save        replace the results in bench/results
`;
const RESULTS = new URL('../../results/cluster.json', import.meta.url);
const ROOMS = 100_000;
const CROWD = 10_000;
/** How many rooms are made to see what an operation costs with so many NATS servers. */
const ROOMS_PER_COST = 6_000;

/** Without NATS, with one NATS server, and with three that share the machine's disk. */
const ONE_MACHINE: readonly { readonly name: string; readonly stage: StageOptions }[] = [
  { name: 'one machine, LMDB', stage: { nodes: 1, engines: 0 } },
  { name: 'one machine, NATS', stage: { nodes: 1, engines: 1 } },
  { name: 'one machine, NATS', stage: { nodes: 1, engines: 1, processes: 2 } },
  { name: 'one machine, NATS', stage: { nodes: 1, engines: 1, processes: 4 } },
  { name: 'one machine, NATS, 16 streams', stage: { nodes: 1, engines: 1, processes: 2, streams: 16 } },
  { name: 'one machine, three NATS servers', stage: { nodes: 1, engines: 3, processes: 2 } },
];

type Result = Readonly<Record<string, number | string>>;

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    rooms: { type: 'string', default: String(ROOMS) },
    save: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) process.stdout.write(USAGE);
else await measure();

async function measure(): Promise<void> {
  const found = await findNatsServer();
  if (!('path' in found)) throw new Error(found.missing);
  const compiler = await findTool('cc', ['gcc', 'libc6-dev']);
  if ('missing' in compiler) throw new Error(`the load generator is in C: ${compiler.missing}`);
  buildGochat();
  const results: Result[] = [];
  const add = (name: string, nodes: number, figures: object) => {
    const rounded = Object.entries(figures).flatMap(([key, value]) =>
      typeof value === 'number' ? [[key, Number(value.toPrecision(4))] as const] : [],
    );
    const result = { case: name, nodes, ...Object.fromEntries(rounded) };
    results.push(result);
    process.stdout.write(`${JSON.stringify(result)}\n`);
  };
  const on = (wish: number | StageOptions, work: (stage: BenchStage, home: string) => Promise<void>) =>
    inNewHome(async (home) => {
      const options = typeof wish === 'number' ? { nodes: wish } : wish;
      const stage = await BenchStage.open(found.path, home, options);
      try {
        await work(stage, home);
      } finally {
        await stage.stop();
      }
    });
  const wanted = (name: string) => values.only.length === 0 || values.only.includes(name);
  await inNewHome(async (home) => {
    const { load } = buildPrograms(home);
    const room = async (name: string, stage: BenchStage, wish: ClusterLoad) => {
      const { loaded, idle, enginesLoad, nodesLoad } = await measureRoom(load, stage, wish);
      const kb = idle === undefined ? {} : { joined: idle.joined, kbPerConnection: idle.kbPerConnection };
      add(name, stage.size, { ...loaded, ...kb, enginesLoad, nodesLoad });
    };
    for (const nodes of [1, 2, 3]) {
      if (wanted('posts'))
        await on(nodes, async (stage) => {
          await room('posts, 1 room', stage, { receivers: 0, senders: 100, phase: 'posts:5:1.5' });
          add('posts, 100 rooms', nodes, await measurePosts(stage, 100));
        });
      if (wanted('fan-out'))
        await on(nodes, async (stage) => {
          for (const window of [10, 100])
            await room(`fan-out to 1,000, ${window} outstanding`, stage, {
              receivers: 1_000,
              senders: 20,
              phase: `closed:${window}:5:1.5`,
            });
        });
    }
    if (wanted('one-machine'))
      for (const { name, stage: wish } of ONE_MACHINE)
        await on(wish, async (stage) => add(name, stage.size, await measureOneMachine(load, stage)));
    if (wanted('latency'))
      await on(2, async (stage) => {
        const quiet = { receivers: 100, senders: 10, phase: 'rate:20:10:2' };
        await room('latency on one node', stage, { ...quiet, receiveAt: [0], sendAt: [0] });
        await room('latency from one node to another', stage, { ...quiet, receiveAt: [1], sendAt: [0] });
      });
    const idle: ClusterLoad = { receivers: CROWD, senders: 0, phase: 'idle:3' };
    if (wanted('crowd')) await on(1, async (stage) => room(`${CROWD} connections, idle`, stage, idle));
    if (wanted('crowd'))
      await on(2, async (stage) => {
        await room(`${CROWD} connections, idle`, stage, idle);
        await room(`${CROWD} connections, 2 a second`, stage, {
          receivers: CROWD,
          senders: 10,
          phase: 'rate:2:10:3',
        });
      });
  });
  if (wanted('death')) await on(2, async (stage) => add('death of a node', 2, await measureDeath(stage)));
  if (wanted('rooms'))
    await on(3, async (stage) => {
      const tell = (line: string) => void process.stderr.write(`${line}\n`);
      add('many rooms', 3, await measureManyRooms(stage, Number(values.rooms), tell));
    });
  if (wanted('streams'))
    for (const streams of [1, 2, 4])
      await on({ nodes: 3, streams }, async (stage) =>
        add('posts, 100 rooms', 3, { streams, ...(await measurePosts(stage, 100)) }),
      );
  if (wanted('servers'))
    for (const engines of [3, 6, 9])
      await on({ nodes: 3, engines, streams: engines }, async (stage) => {
        const made = await measureManyRooms(stage, ROOMS_PER_COST, () => undefined);
        add('many rooms', 3, { engines, streams: engines, ...made });
        add('posts, 100 rooms', 3, { engines, streams: engines, ...(await measurePosts(stage, 100)) });
      });
  if (values.save) await writeFile(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`);
}
