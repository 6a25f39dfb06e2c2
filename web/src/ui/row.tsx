import type { Actions } from '@gochat/view/actions';
import type { Author, MessageRow, Row } from '@gochat/view/row';
import type { Quote } from '@gochat/view/snapshot';
import { Component } from 'preact';
import { Avatar } from './avatar.tsx';
import { Icon, type IconName } from './icons.tsx';
import { Blocks } from './rich.tsx';
import { WORDS } from './words.ts';

interface RowProps {
  readonly row: Row;
  readonly actions: Actions;
  /** Whether Tab leads to it: one row at a time. */
  readonly tabbable: boolean;
  readonly marked: boolean;
}

/** One row of the timeline, drawn anew only when something of it has changed. */
export class RowView extends Component<RowProps> {
  override shouldComponentUpdate({ row, tabbable, marked }: RowProps): boolean {
    const { props } = this;
    return row !== props.row || tabbable !== props.tabbable || marked !== props.marked;
  }

  override render(props: RowProps) {
    return <OneRow {...props} />;
  }
}

function OneRow({ row, actions, tabbable, marked }: RowProps) {
  const common = {
    'data-key': row.key,
    'data-kind': row.kind,
    tabIndex: tabbable ? 0 : -1,
  };
  switch (row.kind) {
    case 'day':
      return (
        <div class="row day" {...common}>
          <h2>{row.text}</h2>
        </div>
      );
    case 'unread':
      return (
        <div class="row unread-line" {...common}>
          <span>{row.text}</span>
        </div>
      );
    case 'start':
      return (
        <div class="row start" {...common}>
          <Icon name="lock" />
          <p>{row.text}</p>
        </div>
      );
    case 'message':
      return (
        <article class={messageClass(row, marked)} aria-label={row.spoken} {...common}>
          <Message row={row} actions={actions} />
        </article>
      );
    case 'deleted':
      return (
        <article
          class={`row message deleted${row.first ? ' first' : ''}`}
          aria-label={row.spoken}
          {...common}
        >
          <Gutter author={row.author} first={row.first} time={row.time} actions={actions} />
          <div class="said">
            {row.first && <Heading author={row.author} time={row.time} actions={actions} />}
            <p class="gone">{row.text}</p>
          </div>
        </article>
      );
    case 'ignored':
      return (
        <div class="row notice" {...common}>
          <p>{row.text}</p>
        </div>
      );
    case 'notice':
      return (
        <div class="row notice" {...common}>
          {row.details.length === 1 ? (
            <p>
              {row.text} <time>{row.time}</time>
            </p>
          ) : (
            <details>
              <summary>
                {row.text} <time>{row.time}</time>
              </summary>
              <ul>
                {row.details.map((one, i) => (
                  <li key={i}>
                    <time>{one.time}</time> {one.text}
                  </li>
                ))}
              </ul>
            </details>
          )}
        </div>
      );
    case 'trouble':
      return (
        <div class="row trouble" {...common}>
          <Icon name="warning" />
          <p>
            <time>{row.time}</time> {row.text}
          </p>
        </div>
      );
    default:
      return row satisfies never;
  }
}

function messageClass(row: MessageRow, marked: boolean): string {
  return [
    'row message',
    row.first ? 'first' : '',
    row.author.own ? 'own' : '',
    row.mentioned ? 'mentioned' : '',
    row.delivery === 'waiting' ? 'waiting' : '',
    row.me ? 'me' : '',
    marked ? 'marked' : '',
  ]
    .filter((name) => name !== '')
    .join(' ');
}

function Message({ row, actions }: { readonly row: MessageRow; readonly actions: Actions }) {
  const { author } = row;
  return (
    <>
      <Gutter author={author} first={row.first && !row.me} time={row.time} actions={actions} />
      <div class="said">
        {row.first && !row.me && (
          <Heading author={author} time={row.time} date={row.date} actions={actions} />
        )}
        {row.reply !== undefined && <QuoteButton quote={row.reply} actions={actions} />}
        <div class="body">
          {row.me && <span class={`name colour-${author.colour}`}>{author.name} </span>}
          <Blocks blocks={row.body} highlight={actions.highlight} />
        </div>
        <Foot row={row} actions={actions} />
      </div>
      <Toolbar row={row} actions={actions} />
    </>
  );
}

function Gutter({
  author,
  first,
  time,
  actions,
}: {
  readonly author: Author;
  readonly first: boolean;
  readonly time: string;
  readonly actions: Actions;
}) {
  if (!first)
    return (
      <span class="gutter">
        <time>{time}</time>
      </span>
    );
  return (
    <button
      type="button"
      class="gutter bare"
      tabIndex={-1}
      aria-hidden="true"
      onClick={() => actions.member(author.device)}
    >
      <Avatar name={author.name} colour={author.colour} />
    </button>
  );
}

function Heading({
  author,
  time,
  date,
  actions,
}: {
  readonly author: Author;
  readonly time: string;
  readonly date?: string;
  readonly actions: Actions;
}) {
  return (
    <header>
      <button
        type="button"
        class={`bare name colour-${author.colour}`}
        dir="auto"
        tabIndex={-1}
        onClick={() => actions.member(author.device)}
      >
        {author.name}
      </button>
      {author.verified && (
        <span class="verified" title={WORDS.verified}>
          <Icon name="shield" />
        </span>
      )}
      <time title={date}>{time}</time>
    </header>
  );
}

function QuoteButton({ quote, actions }: { readonly quote: Quote; readonly actions: Actions }) {
  return (
    <button
      type="button"
      class={`quote bare colour-${quote.colour}`}
      tabIndex={-1}
      onClick={() => actions.jump(quote.seq)}
    >
      {quote.from !== '' && <span class="name">{quote.from}</span>}
      <span class="words" dir="auto">
        {quote.text}
      </span>
    </button>
  );
}

const DELIVERY: Readonly<Record<NonNullable<MessageRow['delivery']>, IconName>> = {
  waiting: 'clock',
  sent: 'check',
  read: 'checks',
};

function Foot({ row, actions }: { readonly row: MessageRow; readonly actions: Actions }) {
  if (row.reactions.length === 0 && row.edited === '' && row.delivery === undefined) return null;
  return (
    <footer>
      {row.reactions.map((one) => (
        <button
          key={one.emoji}
          type="button"
          class="reaction"
          aria-pressed={one.own}
          title={one.by}
          aria-label={`${one.emoji} ${one.by}`}
          tabIndex={-1}
          onClick={() => actions.react(row.key, one.emoji)}
        >
          <span>{one.emoji}</span> {one.count}
        </button>
      ))}
      {row.edited !== '' && <span class="edited">{row.edited}</span>}
      {row.delivery !== undefined && (
        <span class={`delivery ${row.delivery}`} title={row.deliveryText}>
          <Icon name={DELIVERY[row.delivery]} />
          <span class="hidden">{row.deliveryText}</span>
        </span>
      )}
    </footer>
  );
}

/** Shown while the row has the pointer or the focus, and by a press on touch. */
function Toolbar({ row, actions }: { readonly row: MessageRow; readonly actions: Actions }) {
  const tool = (name: string, icon: IconName, label: string) => (
    <button
      type="button"
      class="quiet small"
      tabIndex={-1}
      aria-label={label}
      title={label}
      onClick={() => actions.run(name, '', row.key)}
    >
      <Icon name={icon} />
    </button>
  );
  const sent = row.seq !== '';
  return (
    <div class="toolbar">
      {sent && tool('react', 'smile', WORDS.react)}
      {sent && tool('reply', 'reply', WORDS.reply)}
      {sent && row.author.own && tool('edit', 'pencil', WORDS.edit)}
      <button
        type="button"
        class="quiet small"
        tabIndex={-1}
        aria-label={WORDS.actions}
        title={WORDS.actions}
        onClick={() => actions.menu(row.key)}
      >
        <Icon name="dots" />
      </button>
    </div>
  );
}
