import type { Position as PositionText } from '@gochat/protocol/fields';
import type { LogPosition } from '../log/log.ts';

/** A position as frames write it. */
export function positionText(position: LogPosition): PositionText {
  return String(position) as PositionText;
}

/** The inverse of {@link positionText}; the protocol's schema has bounded the text already. */
export function positionOf(text: PositionText): LogPosition {
  return Number(text);
}
