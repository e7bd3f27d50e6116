/** Somebody else does now what one alone may do. Nothing was done and nothing is wrong: try again later. */
export class Busy extends Error {}
