/** Another worker has the lock for this work. Nothing was done and nothing is wrong: retry later. */
export class Busy extends Error {}
