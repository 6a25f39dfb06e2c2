/** A part of a line of text. Text is sanitized; links are only those that may be opened. */
export type Inline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'strong' | 'emphasis' | 'strike'; readonly inside: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string }
  /** `href` is http, https or mailto, absolute. */
  | { readonly kind: 'link'; readonly href: string; readonly inside: readonly Inline[] }
  /** A mention of a member. `self`: of this profile. */
  | { readonly kind: 'mention'; readonly text: string; readonly self: boolean }
  | { readonly kind: 'break' };

/** A part of highlighted code: `scope` is its class in highlight.js (`keyword`, `string`, …), empty for none. */
export interface CodePart {
  readonly scope: string;
  readonly text: string;
}

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
      readonly items: readonly (readonly Block[])[];
    }
  | { readonly kind: 'rule' };
