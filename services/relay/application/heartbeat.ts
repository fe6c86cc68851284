/** Port: writes a tick into the WAL; it comes back through the stream. */
export interface Heartbeat {
  /**
   * With `publication`, no tick is written unless the publication still has that identity: a tick says that what came before it
   * was decoded. Resolves with the tick's snapshot.
   * @throws RelayError PUBLICATION_INCOMPLETE when it has another.
   */
  tick(id: string, publication?: string): Promise<string>;
}
