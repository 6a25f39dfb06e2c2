import { readRunOptions } from '../run-options.ts';
import { runFuzz } from './run.ts';

/** `npm run fuzz -- --seconds 60 [--seed N]` */
const options = readRunOptions(process.argv.slice(2));
const print = (line: string) => void process.stdout.write(`${line}\n`);
print(`seed ${options.seed}, ${options.seconds} s of mutated bytes`);
const report = await runFuzz({ ...options, print });
const { byTarget, memory, ...figures } = report;
for (const [target, cases] of Object.entries(byTarget)) print(`${String(cases).padStart(9)}  ${target}`);
if (memory !== undefined) print(`the server held ${memory.before} MB before and ${memory.after} MB after`);
print(JSON.stringify(figures));
process.exit(report.crashes + report.hangs === 0 && report.cases > 0 ? 0 : 1);
