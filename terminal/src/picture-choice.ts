import { UsageError } from '@gochat/server/usage-error';

const CHOICES = ['none', 'blocks', 'kitty', 'sixel', 'iterm2'] as const;
/** How the user wants pictures to be shown. */
export type PictureChoice = (typeof CHOICES)[number];

/** @returns what `GOCHAT_PICTURES` names, if it is set. @throws UsageError for another value */
export function chosenPictures({
  GOCHAT_PICTURES,
}: Readonly<Record<string, string | undefined>>): PictureChoice | undefined {
  const chosen = CHOICES.find((name) => name === GOCHAT_PICTURES);
  if (chosen === undefined && GOCHAT_PICTURES)
    throw new UsageError(`GOCHAT_PICTURES must be one of ${CHOICES.join(', ')}`);
  return chosen;
}
