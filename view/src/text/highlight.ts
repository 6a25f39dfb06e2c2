import type { CodePart } from './rich.ts';

/** Longer code is shown plain: highlighting it would block the screen. */
const CODE_CHARS = 20_000;
const LANGUAGE_CHARS = 32;

interface Element {
  readonly type: 'element';
  readonly properties: { readonly className?: unknown };
  readonly children: readonly Node[];
}
type Node = Element | { readonly type: 'text'; readonly value: string } | { readonly type: string };

/**
 * Code in parts with highlight.js's scopes. The library is loaded at the first call.
 * @returns undefined for a language that it doesn't know, and for code above 20,000 characters.
 */
export async function highlight(language: string, code: string): Promise<readonly CodePart[] | undefined> {
  if (language === '' || language.length > LANGUAGE_CHARS || code.length > CODE_CHARS) return undefined;
  const { common, createLowlight } = await import('lowlight');
  const lowlight = createLowlight(common);
  if (!lowlight.registered(language)) return undefined;
  return [...parts(lowlight.highlight(language, code).children as readonly Node[], '')];
}

function* parts(nodes: readonly Node[], scope: string): Generator<CodePart> {
  for (const node of nodes) {
    if (isText(node)) yield { scope, text: node.value };
    else if (isElement(node)) yield* parts(node.children, scopeOf(node) ?? scope);
  }
}

function isText(node: Node): node is { readonly type: 'text'; readonly value: string } {
  return node.type === 'text';
}

function isElement(node: Node): node is Element {
  return node.type === 'element';
}

/** `hljs-title function_` is scope `title`. */
function scopeOf({ properties }: Element): string | undefined {
  const classes = Array.isArray(properties.className) ? properties.className.map(String) : [];
  return classes.find((name) => name.startsWith('hljs-'))?.slice('hljs-'.length);
}
