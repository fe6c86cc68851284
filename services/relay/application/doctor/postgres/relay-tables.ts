import { postgresCheck } from "../check.ts";
import { failed, ok, skipped, warning } from "../finding.ts";
import { plural } from "../quantities.ts";
import { identifier } from "../sql-text.ts";

export const migrations = postgresCheck(
  "migrations",
  ["relayTables", "rights"],
  ({ relayTables, rights }) => {
    const missing = [
      ...relayTables.flatMap(({ name, exists, missingColumns }) =>
        exists ? missingColumns.map((column) => `${name}.${column}`) : [name],
      ),
      ...rights
        .filter(({ object, exists }) => !exists && object.startsWith("function "))
        .map(({ object }) => object),
    ];
    if (missing.length === 0) return ok("all that the relay keeps its state in is there");
    return failed(`missing: ${missing.join(", ")}`, {
      commands: ["npm run migrate"],
      note: "with DATABASE_URL of the owner; then run sql/roles.sql",
    });
  },
);

export const rights = postgresCheck("rights", ["rights", "role"], ({ rights: found, role }) => {
  const refused = found.filter(({ exists, granted }) => exists && !granted);
  if (refused.length === 0)
    return ok(`role ${role.name} has the ${found.length} rights that the relay needs`);
  const objects = Map.groupBy(refused, ({ object }) => object);
  const named = Array.from(objects, ([object, each]) => [each.map(({ right }) => right).join(", "), object]);
  return failed(
    `role ${role.name} lacks ${named.map(([right, object]) => `${right} on ${object}`).join("; ")}`,
    {
      sql: named.map(([right, object]) => `grant ${right} on ${object} to ${identifier(role.name)};`),
      note: "as the owner, or run sql/roles.sql",
    },
  );
});

export const checkpoint = postgresCheck("checkpoint", ["checkpoint"], ({ checkpoint: found }, { relay }) => {
  if (!found) return ok(`relay ${relay} has not run here yet`);
  const { systemIdentifier, foundIdentifier, isAhead } = found;
  const isOther = systemIdentifier !== undefined && systemIdentifier !== foundIdentifier;
  if (!isOther && !isAhead) return ok(`relay ${relay} has one, and it belongs to this database`);
  const what = isOther
    ? "was made in another cluster"
    : "is ahead of this database, as after restoring an older state";
  return failed(
    `the checkpoint of relay ${relay} ${what}: the relay publishes nothing until someone decides`,
    {
      commands: ["npx outbox reset --adopt"],
      note: "takes all that is in the outbox now as published; or npx outbox reset --republish, to publish all of it again",
    },
  );
});

export const relayRuns = postgresCheck("relay", ["checkpoint"], ({ checkpoint: found }, { relay }) => {
  if (!found) return skipped(`relay ${relay} has not run here yet`);
  const { sessions, leader } = found;
  if (leader !== undefined && sessions > 0)
    return ok(`${leader} leads, ${plural(sessions, "relay")} connected`);
  if (sessions > 0) return ok(`${plural(sessions, "relay")} connected, none leads yet`);
  return warning(`no relay ${relay} is connected: nothing is published`, {
    note: "start it: node services/relay/main.ts",
  });
});
