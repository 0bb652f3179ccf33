/** Whether who opened a stream may still read it: a key can be revoked, and a session end, while an answer lasts. */

export interface Standing {
  holds(): boolean | Promise<boolean>
}
