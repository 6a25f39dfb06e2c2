import type { Actions } from '@gochat/view/actions';
import type { RoomScreen, Search } from '@gochat/view/snapshot';
import { useEffect, useRef } from 'preact/hooks';
import { Avatar } from '../avatar.tsx';
import { Icon } from '../icons.tsx';
import { WORDS } from '../words.ts';

interface DetailsProps {
  readonly room: RoomScreen;
  readonly actions: Actions;
  readonly close: () => void;
}

/** Who is in, and how sure that is. */
export function DetailsView({ room, actions, close }: DetailsProps) {
  return (
    <aside class="details" aria-label={WORDS.details} data-landmark="">
      <header>
        <h2>{WORDS.members}</h2>
        <button type="button" class="quiet" aria-label={WORDS.close} title={WORDS.close} onClick={close}>
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
              <small>
                {[member.self ? WORDS.you : '', member.admin ? WORDS.admin : '']
                  .filter((word) => word !== '')
                  .join(', ')}
              </small>
            </button>
          </li>
        ))}
      </ul>
      <footer>
        <button type="button" class="quiet" onClick={() => actions.run('invite')}>
          <Icon name="invite" /> {WORDS.invite}
        </button>
        <button type="button" class="quiet" onClick={() => actions.run('notify')}>
          <Icon name="bell" /> {WORDS.notifications}
        </button>
        <button type="button" class="quiet" onClick={() => actions.run('privacy')}>
          <Icon name="lock" /> {WORDS.privacy}
        </button>
        <button type="button" class="quiet" onClick={() => actions.run('inspect')}>
          <Icon name="eye" /> {WORDS.inspect}
        </button>
      </footer>
    </aside>
  );
}

const LOCKS = { unconfirmed: 'warning', sealed: 'lock', verified: 'shield' } as const;

/** Finds in the open room: what is on the page at a time is a part of it only. */
export function SearchView({
  search,
  actions,
  close,
}: {
  readonly search: Search | undefined;
  readonly actions: Actions;
  readonly close: () => void;
}) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const onKeyDown = (event: KeyboardEvent) => {
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
          aria-label={WORDS.searchField}
          placeholder={WORDS.searchField}
          dir="auto"
          autocomplete="off"
          defaultValue={search?.text}
          onKeyDown={onKeyDown}
        />
        <span role="status">{search?.summary ?? ''}</span>
        <button
          type="button"
          class="quiet small"
          aria-label={WORDS.searchOlder}
          title={WORDS.searchOlder}
          onClick={() => actions.hit(1)}
        >
          <Icon name="up" />
        </button>
        <button
          type="button"
          class="quiet small"
          aria-label={WORDS.searchNewer}
          title={WORDS.searchNewer}
          onClick={() => actions.hit(-1)}
        >
          <Icon name="down" />
        </button>
        <button
          type="button"
          class="quiet small"
          aria-label={WORDS.close}
          title={WORDS.close}
          onClick={close}
        >
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
                {WORDS.searchMore}
              </button>
            </li>
          )}
        </ul>
      )}
    </search>
  );
}
