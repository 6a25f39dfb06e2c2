import type { CodePart } from '@gochat/view/rich';
import type { View } from '@gochat/view/view';
import type { CodeBlock } from './draw/blocks.ts';

/** The highlighted parts of code blocks, which the view computes in the background. */
export class Highlighter {
  readonly #parts = new WeakMap<CodeBlock, readonly CodePart[] | 'requested'>();
  readonly #view: View;
  readonly #changed: () => void;

  /** @param changed is called when parts have arrived: the rows have to be drawn again. */
  constructor(view: View, changed: () => void) {
    this.#view = view;
    this.#changed = changed;
  }

  /** The first call for a block requests its parts. @returns undefined until they have arrived, and for an unknown language */
  partsOf(block: CodeBlock): readonly CodePart[] | undefined {
    const known = this.#parts.get(block);
    if (known !== undefined) return known === 'requested' ? undefined : known;
    this.#parts.set(block, 'requested');
    if (block.language !== '') void this.#request(block);
    return undefined;
  }

  async #request(block: CodeBlock): Promise<void> {
    // A block whose highlighting fails stays plain.
    const parts = await this.#view.actions.highlight(block.language, block.text).catch(() => undefined);
    if (parts === undefined) return;
    this.#parts.set(block, parts);
    this.#changed();
  }
}
