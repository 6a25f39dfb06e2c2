import { platform } from '@gochat/client/internal/profile/platform';

/** The platform, with devices that spare their server less: what they keep reaches the others after half a second, not ten. Who knocks asks as often. */
export const brisk = { ...platform, postsApartMs: 500, asksApartMs: 500 };
