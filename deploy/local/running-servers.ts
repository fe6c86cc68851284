/** Something that runs until it is stopped. */
export interface RunningServer {
  readonly name: string;
  /** Settles, with how, when it has ended. */
  readonly exited: Promise<string>;
  stop(): Promise<void>;
  /** The end of its log, where that is worth showing. */
  lastOutput?(): string;
}

export interface RunningServers {
  readonly count: number;
  /** Takes charge of a server: it is stopped with the others. */
  add(server: RunningServer): void;
  /** Stops them one after the other, the last one first, so that nothing loses what it needs; returns what went wrong. */
  stop(): Promise<readonly string[]>;
}

/** `onLoss` is called when a server ends before it is stopped. */
export function createRunningServers(onLoss: (server: RunningServer, how: string) => void): RunningServers {
  const running = new Set<RunningServer>();
  let stopping = false;
  return {
    get count() {
      return running.size;
    },
    add(server) {
      running.add(server);
      void server.exited.then((how) => {
        if (stopping) return;
        running.delete(server);
        onLoss(server, how);
      });
    },
    async stop() {
      stopping = true;
      const problems: string[] = [];
      for (const server of [...running].reverse()) {
        await server.stop().catch((error: Error) => problems.push(error.message));
      }
      running.clear();
      return problems;
    },
  };
}
