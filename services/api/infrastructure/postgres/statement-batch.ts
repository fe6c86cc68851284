import type { Connection, Submittable } from "pg";

export interface Statement {
  /** Each connection prepares it once under this name; one name, one text. */
  readonly name: string;
  readonly text: string;
  /** In Postgres' text format. */
  readonly values: readonly (string | null)[];
}

/** What each connection has prepared. */
const prepared = new WeakMap<Connection, Set<string>>();

/**
 * Statements that do not need each other's answers, in one round trip: written at once, with a single Sync at their end. Outside of a
 * transaction block they are a transaction by themselves: the Sync commits all of them, or none after an error
 * (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING). Rows are passed over.
 *
 * pg's own pipeline mode sends a Sync after each statement: it needs `begin` and `commit`, and makes the server answer each apart.
 */
export class StatementBatch implements Submittable {
  /** The last statement's command tag, once all are done, and committed unless a block is open. */
  readonly done: Promise<string>;
  readonly #statements: readonly Statement[];
  readonly #outcome = Promise.withResolvers<string>();
  #tag = "";
  #connection: Connection | undefined;

  constructor(statements: readonly Statement[]) {
    this.#statements = statements;
    this.done = this.#outcome.promise;
  }

  submit(connection: Connection): void {
    this.#connection = connection;
    const names = prepared.get(connection);
    connection.stream.cork(); // one packet
    for (const { name, text, values } of this.#statements) {
      if (!names?.has(name)) {
        // A batch that failed may have prepared it nevertheless. Closing what is not there is no error.
        connection.close({ type: "S", name }, true);
        connection.parse({ name, text, types: [] }, true);
      }
      connection.bind({ statement: name, values: values as (string | null)[] }, true);
      connection.execute(null, true);
    }
    connection.sync();
    connection.stream.uncork();
  }

  // What pg's client calls as the server's messages come in.
  handleCommandComplete({ text }: { text: string }): void {
    this.#tag = text;
  }
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}
  handleError(error: Error): void {
    this.#outcome.reject(error);
  }
  handleReadyForQuery(): void {
    const connection = this.#connection as Connection;
    const names = prepared.get(connection) ?? new Set();
    for (const { name } of this.#statements) names.add(name);
    prepared.set(connection, names);
    this.#outcome.resolve(this.#tag);
  }
}
