/** Longest deadline that a caller can have. */
export const MAX_TIMEOUT_MS = 30_000;
