import { spawnSync } from 'node:child_process';
import { isPassed } from '../faults/run.ts';
import { readRunOptions } from '../run-options.ts';
import { findNatsServer } from '../servers/nats-server.ts';
import { findTool } from '../tool.ts';
import { CLUSTER_FAULTS } from './kinds.ts';
import { runClusterFaults } from './run.ts';

/** `npm run cluster -- --seconds 60 [--seed N] [--only KIND …]`, or `--faults N` in place of `--seconds` */
const OWN_NETWORK = 'GOCHAT_OWN_NETWORK';
const inOwnNetwork = process.env[OWN_NETWORK] === '1';
const options = readRunOptions(process.argv.slice(2), Object.keys(CLUSTER_FAULTS));
const found = await findNatsServer();
if (!('path' in found)) {
  process.stderr.write(`${found.missing}\n`);
  process.exit(1);
}
const mayMakeNetworks =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  'path' in (await findTool('ip', ['iproute2'])) &&
  'path' in (await findTool('unshare', ['util-linux'])) &&
  spawnSync('unshare', ['--net', 'true']).status === 0;
if (mayMakeNetworks && !inOwnNetwork) process.exit(againInOwnNetwork());
if (inOwnNetwork) spawnSync('ip', ['link', 'set', 'lo', 'up']);

const { seconds, faults, ...others } = options;
const length = faults === undefined ? { seconds } : { faults };
process.stdout.write(`seed ${options.seed}, ${faults === undefined ? `${seconds} s of` : faults} faults\n`);
const print = (line: string) => void process.stdout.write(`${line}\n`);
const report = await runClusterFaults({
  ...others,
  length,
  print,
  binary: found.path,
  ownNetwork: inOwnNetwork,
});
const { warnings, ...figures } = report;
for (const warning of warnings) print(`unexplained warning: ${warning}`);
print(JSON.stringify(figures));
process.exit(isPassed(report) ? 0 : 1);

/** Nothing of what we cut there is the machine's. @returns how it ended */
function againInOwnNetwork(): number {
  const { status } = spawnSync(
    'unshare',
    ['--net', process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    { stdio: 'inherit', env: { ...process.env, [OWN_NETWORK]: '1' } },
  );
  return status ?? 1;
}
