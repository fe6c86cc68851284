/** As it has to be typed: with quotes only where they are needed. */
export function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function tableName({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return schema === "public" ? identifier(name) : `${identifier(schema)}.${identifier(name)}`;
}

/** A setting of the server that takes effect without a restart. */
export function alterSystem(name: string, value: string): readonly string[] {
  return [`alter system set ${name} = ${literal(value)};`, "select pg_reload_conf();"];
}
