import type { Actions } from '@gochat/view/actions';
import type { TrayItem } from '@gochat/view/snapshot';
import type { ComponentChildren } from 'preact';
import { fileOf } from '../../files/attached.ts';
import { trayPicture } from '../../files/preview.ts';
import { Icon } from '../icons.tsx';
import { useText } from '../words.ts';
import { useBlobUrl } from './blob-url.ts';
import { FileIcon } from './file-line.tsx';
import { Glyph } from './glyph.tsx';

const LONGEST_ALT = 1000;

interface TrayProps {
  readonly tray: readonly TrayItem[];
  readonly actions: Actions;
}

/** The files that are sent with the text, above it. */
export function TrayView({ tray, actions }: TrayProps) {
  const text = useText().composer;
  return (
    <>
      <ul class="tray" aria-label={text.tray}>
        {tray.map((item) => (
          <li key={item.key} aria-label={item.spoken}>
            <Item item={item} actions={actions} />
          </li>
        ))}
      </ul>
      <p class="hidden" role="status">
        {text.trayOf(tray.length)} {tray.map(({ error }) => error).join(' ')}
      </p>
    </>
  );
}

function Item({ item, actions }: { readonly item: TrayItem; readonly actions: Actions }) {
  const text = useText();
  const { key, name, size, kind, alt, state, progress, note, error } = item;
  const change = (by: Parameters<Actions['tray']>[1]) => actions.tray(key, by);
  return (
    <>
      <Thumb item={item} actions={actions} />
      <div class="about">
        <p class="words" title={name}>
          <bdi>{name}</bdi> <span class="facts">{size}</span>
        </p>
        {kind !== 'other' && (
          <input
            class="alt"
            aria-label={text.composer.altOf(name)}
            placeholder={text.composer.alt}
            maxLength={LONGEST_ALT}
            autocomplete="off"
            dir="auto"
            defaultValue={alt}
            onInput={(event) => change({ alt: event.currentTarget.value })}
          />
        )}
        {state === 'preparing' && (
          <progress aria-label={text.files.progress(name)} value={progress} max={1} />
        )}
        {note !== '' && <p class="tray-note">{note}</p>}
        {error !== '' && <p class="error">{error}</p>}
      </div>
      {state === 'failed' && (
        <Tool icon={<Glyph name="again" />} label={text.composer.retry(name)} act={() => change('retry')} />
      )}
      <Tool icon={<Icon name="close" />} label={text.composer.remove(name)} act={() => change('remove')} />
    </>
  );
}

/** The picture of a picture, whatever its name says; of all else what kind it is. */
function Thumb({ item: { key, kind }, actions }: { readonly item: TrayItem; readonly actions: Actions }) {
  const url = useBlobUrl(key, kind, async () => {
    const given = actions.attached(key);
    const file = given && fileOf(given);
    return file && kind === 'picture' ? trayPicture(file) : undefined;
  });
  return url === undefined ? <FileIcon kind={kind} /> : <img class="file-icon" src={url} alt="" />;
}

interface ToolProps {
  readonly icon: ComponentChildren;
  readonly label: string;
  readonly act: () => void;
}

function Tool({ icon, label, act }: ToolProps) {
  return (
    <button type="button" class="quiet small" aria-label={label} title={label} onClick={act}>
      {icon}
    </button>
  );
}
