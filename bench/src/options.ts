import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Only the fan-out to a thousand, of GoChat, redis and the C reference: a few minutes. */
  readonly quick: boolean;
  /** Only what people wait for on their own devices: a few minutes. */
  readonly client: boolean;
  /** Where the rows go as JSON. */
  readonly json: string | undefined;
  /** Cases and systems, of which only these are measured; all where it is empty. */
  readonly only: readonly string[];
  /** Whether peers that are absent may be installed, where that is ours to do. */
  readonly install: boolean;
  /** Whether the results in the repository are replaced. */
  readonly save: boolean;
}

export const USAGE = `npm run bench -- [options]
  --quick        only the fan-out to 1,000 connections: GoChat over TCP and WebSocket, redis, the C reference
  --client       only what people wait for: "device" (catching up, sending in bulk, starting a command), "browser",
                 "files" (100 MB both ways, beside curl), and what catching up costs clients of "peers", which decrypt nothing
  --json FILE    write the rows to FILE
  --only TEXT    only cases, systems and groups whose name begins so; repeats
  --no-install   list peers that are absent, even where Debian's packages could be installed
  --save         replace the results in bench/results and the plot in docs/pictures
`;

/** @throws TypeError when an option is none of these. */
export function readOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      client: { type: 'boolean', default: false },
      json: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      'no-install': { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    quick: values.quick,
    client: values.client,
    json: values.json,
    only: values.only,
    install: !values['no-install'],
    save: values.save,
  };
}
