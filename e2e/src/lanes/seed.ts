/** The seed of all property tests. */
export const PROPERTY_SEED = Number(process.env.GOCHAT_PROPERTY_SEED ?? 1);
