import { isMethod, isRepeatable } from '../api/methods.ts';

/** The calls of guests that are not answered yet, and that must not be made again. */
export class GuestCalls {
  readonly #unanswered = new Set<Promise<unknown>>();

  /** @returns the same answer */
  track<T>(method: string, answer: Promise<T>): Promise<T> {
    if (!isMethod(method) || isRepeatable(method)) return answer;
    const settled: Promise<unknown> = answer.then(
      () => this.#unanswered.delete(settled),
      () => this.#unanswered.delete(settled),
    );
    this.#unanswered.add(settled);
    return answer;
  }

  /** Waits until all are answered, at most so long. */
  async answered(withinMs: number): Promise<void> {
    if (this.#unanswered.size === 0) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
    });
    await Promise.race([late, this.#all()]);
    clearTimeout(timer);
  }

  async #all(): Promise<void> {
    while (this.#unanswered.size > 0) await Promise.all(this.#unanswered);
  }
}
