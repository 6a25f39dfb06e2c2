/** The heights of a list's rows, measured or estimated, and the position of each row. All in pixels. */
export class RowHeights {
  readonly #measured = new Map<string, number>();
  readonly #estimate: number;
  readonly #index = new Map<string, number>();
  #keys: readonly string[] = [];
  /** The top of each row, then the end of the last one. */
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

  /** The index of the row with this key; undefined when there is none. */
  index(key: string): number | undefined {
    return this.#index.get(key);
  }

  /** Sets the rows. The cost grows with the number of rows after the first changed one. */
  lay(keys: readonly string[]): void {
    const before = this.#keys;
    let same = 0;
    while (same < keys.length && keys[same] === before[same]) same++;
    for (let i = same; i < before.length; i++) this.#index.delete(before[i] ?? '');
    for (let i = same; i < keys.length; i++) this.#index.set(keys[i] ?? '', i);
    this.#keys = keys;
    this.#sum(same);
  }

  /** Takes measured heights. @returns whether any of them is new. */
  measure(heights: Iterable<readonly [string, number]>): boolean {
    let from = this.#keys.length;
    for (const [key, height] of heights) {
      if (this.#measured.get(key) === height) continue;
      this.#measured.set(key, height);
      from = Math.min(from, this.#index.get(key) ?? from);
    }
    const changed = from < this.#keys.length;
    if (changed) this.#sum(from);
    return changed;
  }

  /** Forgets all measured heights, because the width has changed. */
  forget(): void {
    this.#measured.clear();
    this.#sum(0);
  }

  /** The index of the row at this distance from the top. */
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

  /** The rows between `from` and `to` pixels: the first one's index, and the last one's plus one. */
  between(from: number, to: number): readonly [number, number] {
    return [this.at(Math.max(0, from)), Math.min(this.#keys.length, this.at(to) + 1)];
  }

  #sum(from: number): void {
    const count = this.#keys.length;
    if (this.#tops.length <= count) {
      const wider = new Float64Array(Math.max(count + 1, this.#tops.length * 2));
      wider.set(this.#tops);
      this.#tops = wider;
    }
    for (let i = from; i < count; i++) {
      const height = this.#measured.get(this.#keys[i] ?? '') ?? this.#estimate;
      this.#tops[i + 1] = (this.#tops[i] ?? 0) + height;
    }
  }
}
