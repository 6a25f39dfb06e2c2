/** What of the platform's Web Locks is used; tests bring their own. */
export type Locks = Pick<LockManager, 'request'>;

export interface HeldLock {
  release(): void;
  /** Resolves when another took it by force. */
  readonly stolen: Promise<void>;
}

/** Takes a lock that no other tab holds then; the browser frees it when this tab goes away. Rejects when `signal` aborts first. */
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
