/** The event by which the page says that its room was left. */
export const ROOM_LEFT = 'gochat-room-left';
