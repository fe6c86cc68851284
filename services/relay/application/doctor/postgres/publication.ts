import { walCheck } from "../check.ts";
import { failed, ok, skipped, warning } from "../finding.ts";
import { identifier, tableName } from "../sql-text.ts";

const asOwner =
  "as the owner of the table; the relay makes its slot anew then, and publishes meanwhile from the table";

export const publication = walCheck("publication", ["publication"], ({ publication: found }, settings) => {
  const name = identifier(settings.publication);
  const table = tableName(settings.table);
  const make = `create publication ${name} for table ${table} with (publish = 'insert', publish_via_partition_root = true);`;
  if (!found)
    return failed(`there is no publication ${name}`, { sql: [make], note: "as the owner of the table" });
  if (!found.hasTable) {
    return failed(`${name} does not have ${table}`, {
      sql: [`alter publication ${name} add table ${table};`],
      note: asOwner,
    });
  }
  if (!found.publishesInserts) {
    return failed(`${name} does not publish inserts`, {
      sql: [`alter publication ${name} set (publish = 'insert');`],
      note: asOwner,
    });
  }
  if (found.hasRowFilter || found.missingColumns.length > 0) {
    const what = found.hasRowFilter ? "some rows" : `no ${found.missingColumns.join(", ")}`;
    return failed(`${name} publishes ${what} of ${table}: all is needed`, {
      sql: [`alter publication ${name} set table ${table};`],
      note: `${asOwner}. It takes all other tables out of the publication`,
    });
  }
  return ok(`${name} has ${table}`);
});

export const publicationOperations = walCheck(
  "publication operations",
  ["publication", "table"],
  ({ publication: found, table }, settings) => {
    if (!found) return skipped("there is no publication");
    const name = identifier(settings.publication);
    const others = found.otherOperations.join(", ");
    if (others === "") return ok("insert");
    const repair = { sql: [`alter publication ${name} set (publish = 'insert');`], note: asOwner };
    const isRefused =
      table && (table.replicaIdentity === "n" || (table.replicaIdentity === "d" && !table.hasPrimaryKey));
    if (isRefused) {
      const what = `without a replica identity Postgres refuses them on ${tableName(settings.table)}, outbox reset too`;
      return failed(`${others} as well: ${what}`, repair);
    }
    return warning(
      `${others} as well: the relay passes over them, and Postgres decodes them for nothing`,
      repair,
    );
  },
);

export const publicationRoot = walCheck(
  "publish_via_partition_root",
  ["publication", "table"],
  ({ publication: found, table }, settings) => {
    if (!found || !table) return skipped(`there is no ${found ? "outbox" : "publication"}`);
    if (!table.isPartitioned) return ok("not needed: the outbox is not partitioned");
    if (found.viaRoot) return ok("on");
    return failed("off: events come under their partitions' names, which the relay does not know", {
      sql: [`alter publication ${identifier(settings.publication)} set (publish_via_partition_root = true);`],
      note: asOwner,
    });
  },
);

export const replicaIdentity = walCheck("replica identity", ["table"], ({ table }) => {
  if (!table) return skipped("there is no outbox");
  return ok("none is needed: an insert has the whole row in the WAL, and the relay reads nothing else");
});
