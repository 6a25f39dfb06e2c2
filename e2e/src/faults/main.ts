import { readRunOptions } from '../run-options.ts';
import { FAULTS, LONG_FAULTS } from './kinds.ts';
import { isPassed, runFaults } from './run.ts';

/** `npm run faults -- --seconds 60 [--seed N] [--only KIND …]` */
const options = readRunOptions(process.argv.slice(2), Object.keys({ ...FAULTS, ...LONG_FAULTS }));
const { seconds, ...others } = options;
process.stdout.write(`seed ${options.seed}, ${seconds} s of faults\n`);
const print = (line: string) => void process.stdout.write(`${line}\n`);
const report = await runFaults({ ...others, length: { seconds }, print });
const { warnings, ...figures } = report;
for (const warning of warnings) print(`unexplained warning: ${warning}`);
print(JSON.stringify(figures));
process.exit(isPassed(report) ? 0 : 1);
