import pg, { type Connection, type QueryResultRow, type Submittable } from "pg";

export interface Statement {
  /** Each connection prepares it once under this name; one name, one text. */
  readonly name: string;
  readonly text: string;
  /** In Postgres' text format. */
  readonly values: readonly (string | null)[];
}

export interface Answer<Row extends QueryResultRow> {
  /** The last statement's command tag. */
  readonly tag: string;
  /** Of the last statement, when they were asked for. */
  readonly rows: Row[];
}

interface Field {
  readonly name: string;
  readonly dataTypeID: number;
}

/** What each connection has prepared. */
const prepared = new WeakMap<Connection, Set<string>>();

/**
 * Statements that do not need each other's answers, in one round trip: written at once, with a single Sync at their end. Outside of a
 * transaction block they are a transaction by themselves: the Sync commits all of them, or none after an error
 * (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING). Rows are passed over, but for the last
 * statement's when they are asked for.
 *
 * pg's own pipeline mode sends a Sync after each statement: it needs `begin` and `commit`, and makes the server answer each apart.
 */
export class StatementBatch<Row extends QueryResultRow> implements Submittable {
  /** Once all are done, and committed unless a block is open. */
  readonly answer: Promise<Answer<Row>>;
  readonly #statements: readonly Statement[];
  readonly #wantsRows: boolean;
  readonly #outcome = Promise.withResolvers<Answer<Row>>();
  #tag = "";
  #fields: readonly Field[] | undefined;
  #parsers: ((value: string) => unknown)[] = [];
  readonly #rows: Row[] = [];
  #connection: Connection | undefined;

  constructor(statements: readonly Statement[], rows?: "rows") {
    this.#statements = statements;
    this.#wantsRows = rows === "rows";
    this.answer = this.#outcome.promise;
  }

  submit(connection: Connection): void {
    this.#connection = connection;
    const names = prepared.get(connection);
    const last = this.#wantsRows ? this.#statements.length - 1 : -1;
    connection.stream.cork(); // one packet
    for (const [index, { name, text, values }] of this.#statements.entries()) {
      if (!names?.has(name)) {
        // A batch that failed may have prepared it nevertheless. Closing what is not there is no error.
        connection.close({ type: "S", name }, true);
        connection.parse({ name, text, types: [] }, true);
      }
      connection.bind({ statement: name, values: values as (string | null)[] }, true);
      if (index === last) connection.describe({ type: "P", name: "" }, true);
      connection.execute(null, true);
    }
    connection.sync();
    connection.stream.uncork();
  }

  // What pg's client calls as the server's messages come in.
  handleCommandComplete({ text }: { text: string }): void {
    this.#tag = text;
  }
  /** Comes for the one statement that was asked to be described, before its rows. */
  handleRowDescription({ fields }: { fields: readonly Field[] }): void {
    this.#fields = fields;
    this.#parsers = fields.map(({ dataTypeID }) => pg.types.getTypeParser(dataTypeID, "text"));
  }
  handleDataRow({ fields: values }: { fields: readonly (string | null)[] }): void {
    if (!this.#fields) return;
    const row: Record<string, unknown> = {};
    for (const [index, { name }] of this.#fields.entries()) {
      const value = values[index] as string | null;
      row[name] = value === null ? null : this.#parsers[index]?.(value);
    }
    this.#rows.push(row as Row);
  }
  handleEmptyQuery(): void {}
  handleError(error: Error): void {
    this.#outcome.reject(error);
  }
  handleReadyForQuery(): void {
    const connection = this.#connection as Connection;
    const names = prepared.get(connection) ?? new Set();
    for (const { name } of this.#statements) names.add(name);
    prepared.set(connection, names);
    this.#outcome.resolve({ tag: this.#tag, rows: this.#rows });
  }
}
