// The part in use; the package brings no types.
declare module 'fs-native-extensions' {
  /** Locks `length` bytes from `offset` on for this open file; false where another open file has them. */
  export function tryLock(fd: number, offset: number, length: number, options?: { shared?: boolean }): boolean;
}
