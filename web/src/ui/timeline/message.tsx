import type { Actions } from '@gochat/view/actions';
import type { Author, DeletedRow, MessageRow, Quote } from '@gochat/view/row';
import { useMemo, useState } from 'preact/hooks';
import { Avatar } from '../avatar.tsx';
import { Icon, type IconName } from '../icons.tsx';
import { useText, useWords } from '../words.ts';
import { clip } from './clip.ts';
import { FileList } from './files.tsx';
import { Poll } from './poll.tsx';
import { Blocks, Reach } from './rich.tsx';

interface MessageProps {
  readonly row: MessageRow;
  readonly actions: Actions;
  /** The tab index of the controls inside. */
  readonly tabIndex: number;
  /** Whether something can be written in the room. */
  readonly writable: boolean;
}

export function messageClass(row: MessageRow, marked: boolean): string {
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

export function Message({ row, actions, tabIndex, writable }: MessageProps) {
  const text = useText().message;
  const { author } = row;
  const heads = row.first && !row.me;
  const [unfolded, unfold] = useState(false);
  const folded = useMemo(() => clip(row.body), [row.body]);
  return (
    <Reach value={tabIndex}>
      <Gutter author={author} first={heads} time={row.time} actions={actions} />
      <div class="said">
        {heads && <Heading author={author} time={row.time} date={row.date} actions={actions} />}
        <div class={isOneParagraph(row) ? 'card' : 'card tall'}>
          {row.reply !== undefined && <QuoteButton quote={row.reply} actions={actions} tabIndex={tabIndex} />}
          {row.forwarded !== '' && <p class="forwarded">{row.forwarded}</p>}
          {row.newer !== '' && <p class="forwarded">{row.newer}</p>}
          <div class={row.large ? 'body large' : 'body'} dir="auto" hidden={row.body.length === 0 && !row.me}>
            {row.me && (
              <span class={`name colour-${author.colour}`} dir="auto">
                {author.name}{' '}
              </span>
            )}
            <Blocks blocks={unfolded ? row.body : folded} actions={actions} />
          </div>
          {row.poll !== undefined && (
            <Poll row={row} poll={row.poll} actions={actions} tabIndex={tabIndex} writable={writable} />
          )}
          <FileList row={row} actions={actions} tabIndex={tabIndex} />
          <State row={row} />
          {row.timeMark !== '' && <p class="time-mark">{row.timeMark}</p>}
          {folded !== row.body && (
            <button
              type="button"
              class="bare unfold"
              tabIndex={tabIndex}
              aria-expanded={unfolded}
              onClick={() => unfold(!unfolded)}
            >
              {unfolded ? text.fold : text.unfold}
            </button>
          )}
        </div>
        <Reactions row={row} actions={actions} tabIndex={tabIndex} writable={writable} />
        {row.replies !== '' && (
          <button
            type="button"
            class="bare replies"
            tabIndex={tabIndex}
            onClick={() => actions.run('thread', '', row.key)}
          >
            {row.replies}
          </button>
        )}
      </div>
      <Toolbar row={row} actions={actions} tabIndex={tabIndex} writable={writable} />
    </Reach>
  );
}

/** If so, the delivery state is shown after the text instead of below it. */
function isOneParagraph({ body, files, poll, forwarded, newer }: MessageRow): boolean {
  return (
    files.length === 0 &&
    poll === undefined &&
    forwarded === '' &&
    newer === '' &&
    body.length === 1 &&
    body[0]?.kind === 'paragraph'
  );
}

export function Deleted({ row, actions }: { readonly row: DeletedRow; readonly actions: Actions }) {
  return (
    <>
      <Gutter author={row.author} first={row.first} time={row.time} actions={actions} />
      <div class="said">
        {row.first && <Heading author={row.author} time={row.time} actions={actions} />}
        <p class="gone" dir="auto">
          {row.text}
        </p>
      </div>
    </>
  );
}

interface AuthorProps {
  readonly author: Author;
  readonly time: string;
  readonly actions: Actions;
}

function Gutter({ author, first, time, actions }: AuthorProps & { readonly first: boolean }) {
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
      onClick={() => actions.member(author.identity)}
    >
      <Avatar name={author.name} colour={author.colour} />
    </button>
  );
}

function Heading({ author, time, date, actions }: AuthorProps & { readonly date?: string }) {
  return (
    <header>
      <button
        type="button"
        class={`bare name colour-${author.colour}`}
        dir="auto"
        tabIndex={-1}
        onClick={() => actions.member(author.identity)}
      >
        {author.name}
      </button>
      {author.verified && (
        <span class="verified" title={useText().message.verified}>
          <Icon name="shield" />
        </span>
      )}
      <time title={date}>{time}</time>
    </header>
  );
}

function QuoteButton({
  quote,
  actions,
  tabIndex,
}: {
  readonly quote: Quote;
  readonly actions: Actions;
  readonly tabIndex: number;
}) {
  const lost = quote.from === '';
  return (
    <button
      type="button"
      class={lost ? 'quote bare lost' : `quote bare colour-${quote.colour}`}
      tabIndex={tabIndex}
      onClick={() => actions.jump(quote.seq)}
    >
      {!lost && (
        <span class="name" dir="auto">
          {quote.from}
        </span>
      )}
      <span class="words" dir="auto">
        {quote.text}
      </span>
    </button>
  );
}

const DELIVERY: Readonly<Record<NonNullable<MessageRow['delivery']>, IconName>> = {
  waiting: 'clock',
  refused: 'warning',
  sent: 'check',
  read: 'checks',
};

function State({ row }: { readonly row: MessageRow }) {
  if (row.edited === '' && row.shared === '' && row.delivery === undefined) return null;
  return (
    <div class="state">
      {row.edited !== '' && <span class="edited">{row.edited}</span>}
      {row.shared !== '' && <span class="shared">{row.shared}</span>}
      {row.delivery !== undefined && (
        <span class={`delivery ${row.delivery}`} title={row.deliveryText}>
          <Icon name={DELIVERY[row.delivery]} />
          <span class={row.delivery === 'refused' ? '' : 'hidden'}>{row.deliveryText}</span>
        </span>
      )}
    </div>
  );
}

function Reactions({ row, actions, tabIndex, writable }: MessageProps) {
  const words = useWords();
  if (row.reactions.length === 0) return null;
  return (
    <div class="reactions">
      {row.reactions.map((one) => (
        <button
          key={one.emoji}
          type="button"
          class="reaction"
          aria-pressed={one.own}
          disabled={!writable}
          title={one.by}
          aria-label={words.text.web.message.reaction(one.emoji, one.count, one.by)}
          tabIndex={tabIndex}
          onClick={() => actions.react(row.key, one.emoji)}
        >
          <span>{one.emoji}</span> {words.number(one.count)}
        </button>
      ))}
    </div>
  );
}

/** Shown while the row is hovered or focused. On a touch screen a tap focuses the row. */
function Toolbar({ row, actions, tabIndex, writable }: MessageProps) {
  const text = useText().message;
  const tool = (icon: IconName, label: string, act: () => void) => (
    <button
      type="button"
      class="quiet small"
      tabIndex={tabIndex}
      aria-label={label}
      title={label}
      onClick={act}
    >
      <Icon name={icon} />
    </button>
  );
  const run = (name: string) => () => actions.run(name, '', row.key);
  const sent = row.seq !== '' && writable;
  return (
    <div class="toolbar">
      {sent && tool('smile', text.react, run('react'))}
      {sent && tool('reply', text.reply, run('reply'))}
      {sent && row.author.own && tool('pencil', text.edit, run('edit'))}
      {tool('dots', text.actions, () => actions.menu(row.key))}
    </div>
  );
}
