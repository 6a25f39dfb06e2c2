import type { Actions } from '@gochat/view/actions';
import type {
  HelpDialog,
  InspectDialog,
  InviteDialog,
  InvitesDialog,
  MemberDialog,
  MenuDialog,
  MenuItem,
} from '@gochat/view/dialog';
import { Avatar } from '../avatar.tsx';
import { Icon, type IconName } from '../icons.tsx';
import { useText } from '../words.ts';

interface With<D> {
  readonly dialog: D;
  readonly actions: Actions;
}

function Items({ items, actions }: { readonly items: readonly MenuItem[]; readonly actions: Actions }) {
  return (
    <ul class="list">
      {items.map((item, i) => (
        <li key={item.name}>
          <button
            type="button"
            class={item.danger ? 'danger-text' : undefined}
            data-first={i === 0 ? '' : undefined}
            onClick={() => actions.pick(item.name)}
          >
            <span>
              <span dir="auto">{item.label}</span>
              {item.detail !== undefined && <small dir="auto">{item.detail}</small>}
            </span>{' '}
            <kbd>{item.hint}</kbd>
          </button>
        </li>
      ))}
    </ul>
  );
}

export function MenuView({ dialog, actions }: With<MenuDialog>) {
  return (
    <>
      {dialog.quoted !== undefined && (
        <blockquote class="quoted" dir="auto">
          {dialog.quoted}
        </blockquote>
      )}
      {dialog.text.map((line) => (
        <p key={line}>{line}</p>
      ))}
      <Groups groups={dialog.code} />
      <Items items={dialog.items} actions={actions} />
    </>
  );
}

/** Digits to compare. */
function Groups({ groups }: { readonly groups: readonly string[] }) {
  if (groups.length === 0) return null;
  return (
    <p class="safety">
      {groups.map((group, i) => (
        <span key={i}>{group}</span>
      ))}
    </p>
  );
}

export function InviteView({ dialog, actions }: With<InviteDialog>) {
  const text = useText().dialogs;
  return (
    <div class="invite" aria-busy={dialog.busy}>
      {dialog.text.map((line) => (
        <p key={line}>{line}</p>
      ))}
      <p class="error" role="alert">
        {dialog.error}
      </p>
      {dialog.link !== '' && (
        <>
          <Qr modules={dialog.qr} />
          <output class="link">{dialog.link}</output>
          <div class="answers">
            {dialog.mayRevoke && (
              <button type="button" class="quiet danger-text" onClick={() => actions.pick('revoke')}>
                {text.revoke}
              </button>
            )}
            {dialog.paper === undefined ? (
              <button type="button" class="quiet" onClick={() => actions.pick('terms')}>
                {text.otherTerms}
              </button>
            ) : (
              <button type="button" class="soft" onClick={() => print()}>
                {text.print}
              </button>
            )}
            <button type="button" class="accent" data-first="" onClick={() => actions.pick('copy')}>
              {text.copyLink}
            </button>
          </div>
          {dialog.paper !== undefined && <Paper lines={dialog.paper} link={dialog.link} qr={dialog.qr} />}
        </>
      )}
    </div>
  );
}

type PaperProps = Pick<InviteDialog, 'link' | 'qr'> & { readonly lines: readonly string[] };

/** What is printed in place of the page. It isn't shown on the screen. */
function Paper({ lines: [title, ...lines], link, qr }: PaperProps) {
  return (
    <section class="paper">
      <h1 dir="auto">{title}</h1>
      {lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
      <Qr modules={qr} />
      <p class="link">{link}</p>
    </section>
  );
}

const QUIET = 4;

/** Dark on light in every theme, as cameras need it. */
function Qr({ modules }: { readonly modules: InviteDialog['qr'] }) {
  const size = modules.length + 2 * QUIET;
  const path = modules
    .flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x + QUIET} ${y + QUIET}h1v1h-1z`] : [])))
    .join('');
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={useText().dialogs.qr}
      shape-rendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

export function InvitesView({ dialog, actions }: With<InvitesDialog>) {
  const text = useText().dialogs;
  const tool = (icon: IconName, label: string, name: string) => (
    <button
      type="button"
      class="quiet small"
      aria-label={label}
      title={label}
      onClick={() => actions.pick(name)}
    >
      <Icon name={icon} />
    </button>
  );
  return (
    <div aria-busy={dialog.busy}>
      <p class="error" role="alert">
        {dialog.error}
      </p>
      <ul class="rows">
        {dialog.items.map((item) => (
          <li key={item.id}>
            <span dir="auto">{item.text}</span>
            {item.hasLink && tool('copy', text.copyLink, `copy ${item.id}`)}
            {item.hasLink && tool('eye', text.showLink, item.id)}
            {item.mayRevoke && tool('bin', text.revoke, `revoke ${item.id}`)}
          </li>
        ))}
      </ul>
      <p role="status">{dialog.items.length === 0 && !dialog.busy ? dialog.empty : ''}</p>
    </div>
  );
}

export function MemberView({ dialog, actions }: With<MemberDialog>) {
  const text = useText().dialogs;
  return (
    <div class="member">
      <div class="person">
        <Avatar name={dialog.name} colour={dialog.colour} />
        {dialog.verified && (
          <p class="lock verified">
            <Icon name="shield" /> {text.verified}
          </p>
        )}
      </div>
      {dialog.text.map((line) => (
        <p key={line} dir="auto">
          {line}
        </p>
      ))}
      <Groups groups={dialog.safety} />
      <Items items={dialog.items} actions={actions} />
    </div>
  );
}

export function HelpView({ dialog }: { readonly dialog: HelpDialog }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys (WCAG 2.1.1)
    <section class="help" tabIndex={0} data-first="" aria-label={dialog.title}>
      {dialog.groups.map((group) => (
        <table key={group.title}>
          <caption>{group.title}</caption>
          <tbody>
            {group.items.map((item) => (
              <tr key={`${item.usage}${item.keys}`}>
                <th scope="row">
                  {item.keys !== '' && <kbd>{item.keys}</kbd>}{' '}
                  {item.usage !== '' && <code>{item.usage}</code>}
                </th>
                <td>{item.text}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ))}
    </section>
  );
}

export function InspectView({ dialog }: { readonly dialog: InspectDialog }) {
  return (
    <div class="inspect" aria-busy={dialog.busy}>
      {dialog.text.map((line) => (
        <p key={line}>{line}</p>
      ))}
      <dl>
        {dialog.parts.map((part, i) => (
          <div key={i}>
            <dt>{part.label}</dt>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys (WCAG 2.1.1) */}
            <dd dir="auto" tabIndex={0}>
              {part.value}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
