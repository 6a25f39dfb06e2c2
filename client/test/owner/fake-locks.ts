import type { Locks } from '../../src/profile/lock.ts';

interface Wish {
  readonly options: LockOptions;
  grant(): void;
}

/** Web Locks of one browser: exclusive, in the order of asking. Node.js 20 has none. */
export class FakeLocks {
  readonly #lines = new Map<string, Wish[]>();
  readonly #holders = new Map<string, { steal(): void }>();

  readonly request = ((name: string, options: LockOptions, work: () => Promise<unknown>) =>
    new Promise<unknown>((resolve, reject) => {
      const { signal, steal } = options;
      const grant = () => {
        const holder = { steal: () => reject(new DOMException('stolen', 'AbortError')) };
        this.#holders.set(name, holder);
        queueMicrotask(() => {
          void Promise.resolve(work())
            .then(resolve, reject)
            .finally(() => {
              if (this.#holders.get(name) !== holder) return;
              this.#holders.delete(name);
              this.#next(name);
            });
        });
      };
      if (steal === true) {
        this.#holders.get(name)?.steal();
        grant();
        return;
      }
      if (signal?.aborted === true) return reject(signal.reason);
      const line = this.#lines.get(name) ?? [];
      this.#lines.set(name, line);
      const wish = { options, grant };
      line.push(wish);
      signal?.addEventListener('abort', () => {
        const at = line.indexOf(wish);
        if (at < 0) return;
        line.splice(at, 1);
        reject(signal.reason);
      });
      this.#next(name);
    })) as Locks['request'];

  #next(name: string): void {
    if (!this.#holders.has(name)) this.#lines.get(name)?.shift()?.grant();
  }
}
