import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

interface Asked {
  answered(lines: string): void;
  refused(error: Error): void;
}

/**
 * A client of a running tmux in its control mode: a line for each command, a block of lines for each answer. A process for each command
 * takes thirty times as much of the processor, and tests look at screens all the time. It has no size, so that windows keep theirs.
 */
export class TmuxControl {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #asked: Asked[] = [];
  readonly #ended: Promise<unknown>;
  /** The end of the block that is being read, and its lines so far. */
  #block: { readonly id: string; readonly lines: string[] } | undefined;

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stdin.on('error', () => undefined);
    createInterface({ input: child.stdout, crlfDelay: 0 }).on('line', (line) => this.#read(line));
    this.#ended = once(child, 'close').then(() => {
      for (const { refused } of this.#asked.splice(0)) refused(new Error('tmux has ended'));
    });
  }

  /** @param socket of a tmux with one session */
  static async attach(tmux: string, socket: string): Promise<TmuxControl> {
    const control = new TmuxControl(
      spawn(tmux, ['-u', '-S', socket, '-C', 'attach-session', '-f', 'ignore-size,no-output']),
    );
    // Attaching is the first command, and has an answer.
    await new Promise<string>((answered, refused) => control.#asked.push({ answered, refused }));
    return control;
  }

  /** @returns what a command prints. @throws Error with what tmux says when it fails, or once tmux has ended */
  ask(...words: readonly string[]): Promise<string> {
    if (this.#child.exitCode !== null) throw new Error('tmux has ended');
    return new Promise((answered, refused) => {
      this.#asked.push({ answered, refused });
      this.#child.stdin.write(`${words.map(quoted).join(' ')}\n`);
    });
  }

  /** Ends tmux, and its programs with it. */
  async endServer(): Promise<void> {
    this.#child.stdin.write('kill-server\n');
    await this.#ended;
  }

  #read(line: string): void {
    if (this.#block === undefined) {
      const [, id] = /^%begin (\d+ \d+ \d+)$/.exec(line) ?? [];
      if (id !== undefined) this.#block = { id, lines: [] };
      return;
    }
    const { id, lines } = this.#block;
    const isError = line === `%error ${id}`;
    if (!isError && line !== `%end ${id}`) {
      lines.push(line);
      return;
    }
    this.#block = undefined;
    const asked = this.#asked.shift();
    if (isError) asked?.refused(new Error(lines.join('\n')));
    else asked?.answered(lines.join('\n'));
  }
}

/** Nothing between single quotes is special to tmux. Control characters would end the line. */
function quoted(word: string): string {
  const octal = (chars: string) =>
    [...chars].map((char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`).join('');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it finds them
  return `'${word.replace(/['\u0000-\u001f\u007f]+/g, (chars) => `'"${octal(chars)}"'`)}'`;
}
