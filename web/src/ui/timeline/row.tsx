import type { Actions } from '@gochat/view/actions';
import type { NoticeRow, Row } from '@gochat/view/row';
import { Component } from 'preact';
import { Icon } from '../icons.tsx';
import { Deleted, Message, messageClass } from './message.tsx';

interface RowProps {
  readonly row: Row;
  readonly actions: Actions;
  /** Whether the row and its controls are tab stops. One row at a time is. */
  readonly tabbable: boolean;
  readonly marked: boolean;
  /** Whether something can be written in the room: if not, a message has no controls that would. */
  readonly writable: boolean;
}

/** The most of a row that a screen reader reads. */
const SPOKEN_CHARS = 2000;

/** One row of the timeline. It is drawn again only when its props have changed. */
export class RowView extends Component<RowProps> {
  override shouldComponentUpdate({ row, tabbable, marked, writable }: RowProps): boolean {
    const { props } = this;
    return (
      row !== props.row ||
      tabbable !== props.tabbable ||
      marked !== props.marked ||
      writable !== props.writable
    );
  }

  override render(props: RowProps) {
    return <OneRow {...props} />;
  }
}

function OneRow({ row, actions, tabbable, marked, writable }: RowProps) {
  const tabIndex = tabbable ? 0 : -1;
  const common = { 'data-key': row.key, 'data-kind': row.kind, tabIndex };
  const named = { ...common, 'aria-label': row.spoken.slice(0, SPOKEN_CHARS) };
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
        <article class="row start" {...named}>
          <Icon name="lock" />
          <p>{row.text}</p>
          {row.invite !== '' && writable && (
            <button type="button" class="accent" tabIndex={tabIndex} onClick={() => actions.run('invite')}>
              <Icon name="invite" /> {row.invite}
            </button>
          )}
          {row.back !== '' && (
            <button type="button" tabIndex={tabIndex} onClick={() => actions.run('close-thread')}>
              {row.back}
            </button>
          )}
        </article>
      );
    case 'message':
      return (
        <article class={messageClass(row, marked)} {...named}>
          <Message row={row} actions={actions} tabIndex={tabIndex} writable={writable} />
        </article>
      );
    case 'deleted':
      return (
        <article class={`row message${row.first ? ' first' : ''}`} {...named}>
          <Deleted row={row} actions={actions} />
        </article>
      );
    case 'ignored':
      return (
        <article class="row notice" {...named}>
          <p>{row.text}</p>
        </article>
      );
    case 'notice':
      return (
        <article class="row notice" {...named}>
          <Notice row={row} tabIndex={tabIndex} />
        </article>
      );
    case 'warning':
      return (
        <article class="row warning" {...named}>
          <div>
            <Icon name="warning" />
            <p>
              <time>{row.time}</time> {row.text}
            </p>
          </div>
        </article>
      );
    default:
      return row satisfies never;
  }
}

function Notice({ row, tabIndex }: { readonly row: NoticeRow; readonly tabIndex: number }) {
  const all = (
    <>
      <bdi>{row.text}</bdi> <time>{row.time}</time>
    </>
  );
  if (row.details.length < 2) return <p>{all}</p>;
  return (
    <details>
      <summary tabIndex={tabIndex}>{all}</summary>
      <ul>
        {row.details.map((one, i) => (
          <li key={i}>
            <time>{one.time}</time> <bdi>{one.text}</bdi>
          </li>
        ))}
      </ul>
    </details>
  );
}
