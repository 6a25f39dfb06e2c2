import type { Actions } from '@gochat/view/actions';
import type { Lock, RoomScreen, Search } from '@gochat/view/snapshot';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Avatar } from '../avatar.tsx';
import { isComposingKey } from '../composing-key.ts';
import { Icon, type IconName } from '../icons.tsx';
import { useText } from '../words.ts';

interface DetailsProps {
  readonly room: RoomScreen;
  readonly actions: Actions;
  readonly close: () => void;
}

/** What can be done with the room, its members, and whether it is verified; or why it is closed to this profile. */
export function DetailsView({ room, actions, close }: DetailsProps) {
  const { close: closeText, details: text } = useText();
  const { lock, ended, members, commands } = room;
  return (
    <aside class="details" aria-label={text.title} data-landmark="">
      <header>
        <h2>{ended === '' ? text.members : text.closed}</h2>
        <button type="button" class="quiet" aria-label={closeText} title={closeText} onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {lock !== undefined && (
        <LockText lock={lock} compare={() => actions.run(lock.state === 'stranger' ? 'devices' : 'code')} />
      )}
      {room.rules.map((rule) => (
        <p key={rule} class="rule">
          {rule}
        </p>
      ))}
      {room.knocks !== '' && (
        <button type="button" class="requests" onClick={() => actions.run('knocks')}>
          {room.knocks}
        </button>
      )}
      {ended === '' ? (
        <ul class="members">
          {members.map((member) => (
            <li key={member.identity}>
              <button
                type="button"
                aria-label={member.spoken}
                title={member.name}
                onClick={() => actions.member(member.identity)}
              >
                <span class={member.here ? 'presence here' : 'presence'}>
                  <Avatar name={member.name} colour={member.colour} />
                </span>
                <span class={member.ignored ? 'name ignored' : 'name'} dir="auto">
                  {member.name}
                </span>
                {member.verified && <Icon name="shield" />}
                <small>{member.office}</small>
              </button>
            </li>
          ))}
        </ul>
      ) : (
        <p class="ended">{ended}</p>
      )}
      <footer>
        {commands.map(({ name, label, danger }) => (
          <button
            key={name}
            type="button"
            class={danger ? 'quiet danger-text' : 'quiet'}
            onClick={() => actions.run(name)}
          >
            <Icon name={ICONS[name] ?? 'dots'} /> <span>{label}</span>
          </button>
        ))}
      </footer>
    </aside>
  );
}

const ICONS: Readonly<Record<string, IconName>> = {
  invite: 'invite',
  invites: 'link',
  knocks: 'invite',
  rename: 'pencil',
  rules: 'lock',
  bans: 'warning',
  code: 'shield',
  notify: 'bell',
  mute: 'muted',
  privacy: 'lock',
  inspect: 'eye',
  return: 'back',
  leave: 'leave',
  forget: 'bin',
};

/** The state of the encryption. A room that is not confirmed leads to what confirms it. */
function LockText({ lock, compare }: { readonly lock: Lock; readonly compare: () => void }) {
  const icon = <Icon name={LOCKS[lock.state]} />;
  if (lock.state !== 'unconfirmed' && lock.state !== 'stranger')
    return (
      <p class={`lock ${lock.state}`}>
        {icon} {lock.text}
      </p>
    );
  return (
    <button type="button" class={`lock ${lock.state}`} onClick={compare}>
      {icon} <span>{lock.text}</span>
    </button>
  );
}

const LOCKS = { unconfirmed: 'warning', stranger: 'warning', sealed: 'lock', verified: 'shield' } as const;

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
  // Before the next key arrives.
  useLayoutEffect(() => field.current?.focus(), []);
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
