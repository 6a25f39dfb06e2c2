import type { Position as PositionText } from '@gochat/protocol/fields';
import type { LogPosition } from '../log/log.ts';

/** A position as frames carry it. */
export function positionText(position: LogPosition): PositionText {
  return String(position) as PositionText;
}

/** The inverse of {@link positionText}. The protocol's schema has validated the text already. */
export function positionOf(text: PositionText): LogPosition {
  return Number(text);
}
