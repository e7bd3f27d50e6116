import type { Answer, Json } from './client.ts';

/** A tenant to look as, with a grant for it. */
export type SmokeTenant = { id: string; slug: string; grant: string };
/** Asks Metabase for one card's rows as a guest does. */
export type Ask = (
  params: Record<string, unknown>,
  more?: { secret?: string; expiresAt?: Date; query?: Json },
) => Promise<Answer>;
