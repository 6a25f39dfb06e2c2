/** A part of a line of text. Text is sanitized; links are only those that may be opened. */
export type Inline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'strong' | 'emphasis' | 'strike'; readonly inside: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string }
  /** `href` is http, https or mailto, absolute. */
  | { readonly kind: 'link'; readonly href: string; readonly inside: readonly Inline[] }
  /** A mention of a member. `self`: of this profile. */
  | { readonly kind: 'mention'; readonly text: string; readonly self: boolean }
  /** An emoji that was written by its name: `text` is the emoji, `name` is without colons. */
  | { readonly kind: 'emoji'; readonly text: string; readonly name: string }
  | { readonly kind: 'break' };

/** A part of highlighted code: `scope` is its class in highlight.js (`keyword`, `string`, …), empty for none. */
export interface CodePart {
  readonly scope: string;
  readonly text: string;
}

/** A cell of a table. */
export type Cell = readonly Inline[];

/** How a column of a table is aligned; undefined: as the text runs. */
export type Align = 'left' | 'center' | 'right' | undefined;

export type Block =
  | { readonly kind: 'paragraph'; readonly inside: readonly Inline[] }
  | { readonly kind: 'heading'; readonly level: number; readonly inside: readonly Inline[] }
  /** `language` as written after the fence, or empty. `highlight` highlights it. */
  | { readonly kind: 'code'; readonly language: string; readonly text: string }
  | { readonly kind: 'quote'; readonly inside: readonly Block[] }
  | {
      readonly kind: 'list';
      /** The first number of an ordered list; undefined for bullets. */
      readonly start: number | undefined;
      /** What follows each number, unless it is a full stop. */
      readonly delimiter?: ')';
      readonly items: readonly (readonly Block[])[];
    }
  /** `head` has as many cells as `align`; a row may have fewer, never more. */
  | {
      readonly kind: 'table';
      readonly align: readonly Align[];
      readonly head: readonly Cell[];
      readonly rows: readonly (readonly Cell[])[];
    }
  | { readonly kind: 'rule' };
