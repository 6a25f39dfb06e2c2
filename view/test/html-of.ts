import type { Block, Inline } from '../src/text/rich.ts';

/** Blocks as HTML, to compare them at a glance. */
export function htmlOf(blocks: readonly Block[]): string {
  return blocks.map(blockHtml).join('');
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return `<p>${inlineHtml(block.inside)}</p>`;
    case 'heading':
      return `<h${block.level}>${inlineHtml(block.inside)}</h${block.level}>`;
    case 'code':
      return `<pre ${block.language}>${block.text}</pre>`;
    case 'quote':
      return `<quote>${htmlOf(block.inside)}</quote>`;
    case 'list': {
      const sign = block.start === undefined ? '*' : `${block.start}${block.delimiter ?? '.'}`;
      return `<list ${sign}>${block.items.map((item) => `<li>${htmlOf(item)}</li>`).join('')}</list>`;
    }
    case 'table': {
      const rows = [block.head, ...block.rows];
      const cells = rows.map(
        (row) => `<tr>${row.map((cell) => `<td>${inlineHtml(cell)}</td>`).join('')}</tr>`,
      );
      return `<table ${block.align.map((align) => align ?? '-').join(' ')}>${cells.join('')}</table>`;
    }
    case 'rule':
      return '<hr>';
    default:
      return block satisfies never;
  }
}

function inlineHtml(inlines: readonly Inline[]): string {
  return inlines
    .map((one) => {
      switch (one.kind) {
        case 'text':
          return one.text;
        case 'break':
          return '<br>';
        case 'link': {
          const inside = inlineHtml(one.inside);
          return inside === one.href ? `<a>${inside}</a>` : `<a ${one.href}>${inside}</a>`;
        }
        case 'mention':
          return `<at>${one.text}</at>`;
        case 'emoji':
          return `<emoji>${one.text}</emoji>`;
        case 'code':
          return `<code>${one.text}</code>`;
        case 'strong':
          return `<b>${inlineHtml(one.inside)}</b>`;
        case 'emphasis':
          return `<i>${inlineHtml(one.inside)}</i>`;
        case 'strike':
          return `<s>${inlineHtml(one.inside)}</s>`;
        default:
          return one satisfies never;
      }
    })
    .join('');
}
