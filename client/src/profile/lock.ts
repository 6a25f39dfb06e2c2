/** The part of Web Locks that is used; tests pass their own. */
export type Locks = Pick<LockManager, 'request'>;

export interface HeldLock {
  release(): void;
  /** Resolves when another tab has stolen the lock. */
  readonly stolen: Promise<void>;
}

/** Takes an exclusive lock, which the browser frees when this tab closes. Rejects when `signal` aborts first. */
export function holdLock(
  locks: Locks,
  name: string,
  options: { readonly signal?: AbortSignal; readonly steal?: true } = {},
): Promise<HeldLock> {
  return new Promise((resolve, reject) => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((end) => {
      release = end;
    });
    const stolen = new Promise<void>((end) => {
      const ended = locks.request(name, options, () => {
        resolve({ release, stolen });
        return released;
      });
      ended.catch((error: unknown) => {
        end();
        reject(error);
      });
    });
  });
}
