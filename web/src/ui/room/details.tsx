import type { Actions } from '@gochat/view/actions';
import type { MemberRow, RoomScreen, Search } from '@gochat/view/snapshot';
import type { WebText } from '@gochat/view/web-words';
import { useEffect, useRef } from 'preact/hooks';
import { Avatar } from '../avatar.tsx';
import { isComposingKey } from '../composing-key.ts';
import { Icon } from '../icons.tsx';
import { useText } from '../words.ts';

interface DetailsProps {
  readonly room: RoomScreen;
  readonly actions: Actions;
  readonly close: () => void;
}

/** The members, and whether the room is verified. */
export function DetailsView({ room, actions, close }: DetailsProps) {
  const { close: closeText, details: text } = useText();
  return (
    <aside class="details" aria-label={text.title} data-landmark="">
      <header>
        <h2>{text.members}</h2>
        <button type="button" class="quiet" aria-label={closeText} title={closeText} onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <p class={`lock ${room.lock.state}`}>
        <Icon name={LOCKS[room.lock.state]} /> {room.lock.text}
      </p>
      <ul class="members">
        {room.members.map((member) => (
          <li key={member.device}>
            <button type="button" aria-label={member.spoken} onClick={() => actions.member(member.device)}>
              <span class={member.here ? 'presence here' : 'presence'}>
                <Avatar name={member.name} colour={member.colour} />
              </span>
              <span class={member.ignored ? 'name ignored' : 'name'} dir="auto">
                {member.name}
              </span>
              {member.verified && <Icon name="shield" />}
              <small>{roleOf(member, text)}</small>
            </button>
          </li>
        ))}
      </ul>
      <footer>
        <button type="button" class="quiet" onClick={() => actions.run('invite')}>
          <Icon name="invite" /> {text.invite}
        </button>
        <button type="button" class="quiet" onClick={() => actions.run('notify')}>
          <Icon name="bell" /> {text.notifications}
        </button>
        <button type="button" class="quiet" onClick={() => actions.run('privacy')}>
          <Icon name="lock" /> {text.privacy}
        </button>
        <button type="button" class="quiet" onClick={() => actions.run('inspect')}>
          <Icon name="eye" /> {text.inspect}
        </button>
      </footer>
    </aside>
  );
}

function roleOf({ self, admin }: MemberRow, text: WebText['web']['details']): string {
  if (self) return admin ? text.youAdmin : text.you;
  return admin ? text.admin : '';
}

const LOCKS = { unconfirmed: 'warning', sealed: 'lock', verified: 'shield' } as const;

/** Searches the whole open room. The browser's own search sees only the rows that are in the document. */
export function SearchView({
  search,
  actions,
  close,
}: {
  readonly search: Search | undefined;
  readonly actions: Actions;
  readonly close: () => void;
}) {
  const { close: closeText, search: text } = useText();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposingKey(event)) return;
    if (event.key === 'Escape') {
      event.stopPropagation();
      close();
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (search !== undefined && field.current?.value === search.text) actions.hit(event.shiftKey ? -1 : 1);
      else actions.search(field.current?.value ?? '');
    }
  };
  return (
    <search class="search">
      <div class="search-field">
        <input
          ref={field}
          type="search"
          aria-label={text.field}
          placeholder={text.field}
          dir="auto"
          autocomplete="off"
          defaultValue={search?.text}
          onKeyDown={onKeyDown}
        />
        <span role="status">{search?.summary ?? ''}</span>
        <button
          type="button"
          class="quiet small"
          aria-label={text.older}
          title={text.older}
          onClick={() => actions.hit(1)}
        >
          <Icon name="up" />
        </button>
        <button
          type="button"
          class="quiet small"
          aria-label={text.newer}
          title={text.newer}
          onClick={() => actions.hit(-1)}
        >
          <Icon name="down" />
        </button>
        <button type="button" class="quiet small" aria-label={closeText} title={closeText} onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      {search !== undefined && search.hits.length > 0 && (
        <ul class="hits">
          {search.hits.map((hit, i) => (
            <li key={hit.seq}>
              <button
                type="button"
                class="bare"
                aria-current={i === search.at ? 'true' : undefined}
                onClick={() => actions.jump(hit.seq)}
              >
                <span class={`name colour-${hit.colour}`} dir="auto">
                  {hit.from}
                </span>{' '}
                <time>{hit.time}</time>
                <span class="words" dir="auto">
                  {hit.text}
                </span>
              </button>
            </li>
          ))}
          {search.more && (
            <li>
              <button type="button" class="quiet" onClick={() => actions.searchMore()}>
                {text.more}
              </button>
            </li>
          )}
        </ul>
      )}
    </search>
  );
}
