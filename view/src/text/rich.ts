/** A piece of a line of text. Text is as it was written, freed of what could disturb a screen; links are only such as may be opened. */
export type Inline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'strong' | 'emphasis' | 'strike'; readonly inside: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string }
  /** `href` is http, https or mailto, absolute. */
  | { readonly kind: 'link'; readonly href: string; readonly inside: readonly Inline[] }
  /** A member called by name. `self`: it is this profile. */
  | { readonly kind: 'mention'; readonly text: string; readonly self: boolean }
  | { readonly kind: 'break' };

/** A part of highlighted code: `scope` is highlight.js's word for it (`keyword`, `string`, …), empty for none. */
export interface CodePart {
  readonly scope: string;
  readonly text: string;
}

export type Block =
  | { readonly kind: 'paragraph'; readonly inside: readonly Inline[] }
  | { readonly kind: 'heading'; readonly level: number; readonly inside: readonly Inline[] }
  /** `language` as written behind the fence, or empty. Highlighting is asked for with `highlight`. */
  | { readonly kind: 'code'; readonly language: string; readonly text: string }
  | { readonly kind: 'quote'; readonly inside: readonly Block[] }
  | {
      readonly kind: 'list';
      /** Where an ordered list begins to count; undefined for bullets. */
      readonly start: number | undefined;
      readonly items: readonly (readonly Block[])[];
    }
  | { readonly kind: 'rule' };
