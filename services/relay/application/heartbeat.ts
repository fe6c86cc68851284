/** Port: writes a tick into the WAL; it comes back through the stream. */
export interface Heartbeat {
  tick(id: string): Promise<void>;
}
