/** What is known of how high the rows of a list are, and so where each begins. Pixels. */
export class Heights {
  readonly #measured = new Map<string, number>();
  readonly #estimate: number;
  #keys: readonly string[] = [];
  /** Where each row begins; one more than there are rows. */
  #tops: Float64Array = new Float64Array(1);

  constructor(estimate: number) {
    this.#estimate = estimate;
  }

  get total(): number {
    return this.#tops[this.#keys.length] ?? 0;
  }

  top(index: number): number {
    return this.#tops[Math.max(0, Math.min(index, this.#keys.length))] ?? 0;
  }

  /** The rows as they stand now. */
  lay(keys: readonly string[]): void {
    this.#keys = keys;
    this.#sum();
  }

  /** @returns whether any height differs from what was thought. */
  measure(heights: Iterable<readonly [string, number]>): boolean {
    let changed = false;
    for (const [key, height] of heights) {
      if (this.#measured.get(key) === height) continue;
      this.#measured.set(key, height);
      changed = true;
    }
    if (changed) this.#sum();
    return changed;
  }

  /** All was measured for another width. */
  forget(): void {
    this.#measured.clear();
    this.#sum();
  }

  /** The row at a distance from the top. */
  at(offset: number): number {
    let low = 0;
    let high = this.#keys.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#tops[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The rows from `from` to `to` pixels with a margin above and below: [first, behind the last]. */
  between(from: number, to: number): readonly [number, number] {
    return [this.at(Math.max(0, from)), Math.min(this.#keys.length, this.at(to) + 1)];
  }

  #sum(): void {
    const tops = new Float64Array(this.#keys.length + 1);
    let top = 0;
    this.#keys.forEach((key, i) => {
      tops[i] = top;
      top += this.#measured.get(key) ?? this.#estimate;
    });
    tops[this.#keys.length] = top;
    this.#tops = tops;
  }
}
