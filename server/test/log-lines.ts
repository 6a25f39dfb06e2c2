import { isDeepStrictEqual } from 'node:util';
import pino, { type Logger } from 'pino';

/** A log whose lines can be searched. */
export class LogLines {
  readonly logger: Logger;
  readonly lines: Record<string, unknown>[] = [];

  constructor(level = 'debug') {
    this.logger = pino({ level }, { write: (line: string) => void this.lines.push(JSON.parse(line)) });
  }

  has(fields: Readonly<Record<string, unknown>>): boolean {
    const wanted = Object.entries(fields);
    return this.lines.some((line) => wanted.every(([name, value]) => isDeepStrictEqual(line[name], value)));
  }
}
