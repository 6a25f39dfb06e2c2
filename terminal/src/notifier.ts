import { UsageError } from '@gochat/server/usage-error';

const NOTIFIERS = ['bell', 'osc9', 'osc777', 'osc99', 'none'] as const;
/** How a terminal shows a notification. */
export type Notifier = (typeof NOTIFIERS)[number];

/** @returns what `GOCHAT_NOTIFY` names, if it is set. @throws UsageError for another value */
export function chosenNotifier({
  GOCHAT_NOTIFY,
}: Readonly<Record<string, string | undefined>>): Notifier | undefined {
  const chosen = NOTIFIERS.find((name) => name === GOCHAT_NOTIFY);
  if (chosen === undefined && GOCHAT_NOTIFY)
    throw new UsageError(`GOCHAT_NOTIFY must be one of ${NOTIFIERS.join(', ')}`);
  return chosen;
}
