import type { Actions } from '@gochat/view/actions';
import type { Block, CodePart, Inline } from '@gochat/view/rich';
import { createContext } from 'preact';
import { useContext, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../icons.tsx';
import { openHere } from '../page/hooks.ts';
import { useText } from '../words.ts';

type CodeActions = Pick<Actions, 'highlight' | 'copy'>;

/** The `tabIndex` of links and buttons. Only those of one row are tab stops. */
export const Reach = createContext(0);

export function Blocks({
  blocks,
  actions,
}: {
  readonly blocks: readonly Block[];
  readonly actions: CodeActions;
}) {
  return (
    <>
      {blocks.map((block, i) => (
        <OneBlock key={i} block={block} actions={actions} />
      ))}
    </>
  );
}

function OneBlock({ block, actions }: { readonly block: Block; readonly actions: CodeActions }) {
  switch (block.kind) {
    case 'paragraph':
      return <p dir="auto">{inlines(block.inside)}</p>;
    case 'heading':
      return (
        <p dir="auto" class={`heading level-${Math.min(block.level, 3)}`}>
          {inlines(block.inside)}
        </p>
      );
    case 'code':
      return <Code language={block.language} text={block.text} actions={actions} />;
    case 'quote':
      return (
        <blockquote dir="auto">
          <Blocks blocks={block.inside} actions={actions} />
        </blockquote>
      );
    case 'list': {
      const items = block.items.map((item, i) => (
        <li key={i} dir="auto">
          <Blocks blocks={item} actions={actions} />
        </li>
      ));
      if (block.start === undefined) return <ul>{items}</ul>;
      const digits = String(block.start + block.items.length - 1).length;
      return (
        <ol start={block.start} class={block.delimiter && 'round'} style={`--digits: ${digits}`}>
          {items}
        </ol>
      );
    }
    case 'table':
      return <Table table={block} />;
    case 'rule':
      return <hr />;
    default:
      return block satisfies never;
  }
}

function Table({ table }: { readonly table: Extract<Block, { kind: 'table' }> }) {
  const style = (i: number) => {
    const align = table.align[i];
    return align && `text-align: ${align}`;
  };
  const scrolls = useScrolling<HTMLDivElement>();
  return (
    <div class="table" ref={scrolls}>
      <table>
        <thead>
          <tr>
            {table.head.map((cell, i) => (
              <th key={i} dir="auto" style={style(i)}>
                {inlines(cell)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, n) => (
            <tr key={n}>
              {table.head.map((_, i) => (
                <td key={i} dir="auto" style={style(i)}>
                  {inlines(row[i] ?? [])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What scrolls must be reachable by keyboard (WCAG 2.1.1); what doesn't should not be a tab stop. */
function useScrolling<T extends HTMLElement>() {
  const box = useRef<T>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const scrolls = element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight;
    element.tabIndex = scrolls ? 0 : -1;
  });
  return box;
}

function inlines(all: readonly Inline[]) {
  return all.map((inline, i) => <OneInline key={i} inline={inline} />);
}

function OneInline({ inline }: { readonly inline: Inline }) {
  const tabIndex = useContext(Reach);
  switch (inline.kind) {
    case 'text':
      return <>{inline.text}</>;
    case 'strong':
      return <strong>{inlines(inline.inside)}</strong>;
    case 'emphasis':
      return <em>{inlines(inline.inside)}</em>;
    case 'strike':
      return <s>{inlines(inline.inside)}</s>;
    case 'code':
      return <code>{inline.text}</code>;
    case 'link':
      return (
        <a
          href={inline.href}
          target="_blank"
          rel="noopener noreferrer"
          title={inline.href}
          dir="auto"
          tabIndex={tabIndex}
          onClick={(event) => openHere(event, inline.href)}
        >
          {inlines(inline.inside)}
        </a>
      );
    case 'mention':
      return (
        <span class={inline.self ? 'mention self' : 'mention'} dir="auto">
          {inline.text}
        </span>
      );
    case 'emoji':
      return <span title={`:${inline.name}:`}>{inline.text}</span>;
    case 'break':
      return <br />;
    default:
      return inline satisfies never;
  }
}

function Code({
  language,
  text,
  actions,
}: {
  readonly language: string;
  readonly text: string;
  readonly actions: CodeActions;
}) {
  const words = useText().message;
  const [parts, setParts] = useState<readonly CodePart[] | undefined>(undefined);
  const tabIndex = useContext(Reach);
  useEffect(() => {
    let wanted = true;
    setParts(undefined);
    if (language === '') return;
    void actions.highlight(language, text).then((found) => wanted && setParts(found));
    return () => {
      wanted = false;
    };
  }, [language, text, actions]);
  const box = useScrolling<HTMLPreElement>();
  return (
    <figure class="code">
      <figcaption>
        <span>{language}</span>
        <button type="button" class="quiet small" tabIndex={tabIndex} onClick={() => actions.copy(text)}>
          <Icon name="copy" /> {words.copy}
        </button>
      </figcaption>
      <pre ref={box} dir="ltr">
        <code>
          {parts === undefined
            ? text
            : parts.map((part, i) => (
                <span key={i} class={part.scope === '' ? undefined : `scope-${part.scope}`}>
                  {part.text}
                </span>
              ))}
        </code>
      </pre>
    </figure>
  );
}
