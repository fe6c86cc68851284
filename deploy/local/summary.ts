import { spawnSync } from "node:child_process";
import { relative } from "node:path";
import { styleText } from "node:util";
import { dataIn } from "./data-folder.ts";
import { kafkaLibraries } from "./kafka-libraries.ts";
import type { LocalConfig } from "./local-config.ts";
import type { DatabaseUrls } from "./prepare-database.ts";

export interface SummaryOptions {
  readonly config: LocalConfig;
  readonly database: DatabaseUrls;
  readonly docker: boolean;
  readonly serversOnly: boolean;
  readonly observability: boolean;
}

/** What to open and what to try, once everything runs. */
export async function summary(options: SummaryOptions): Promise<string> {
  const { serversOnly, docker } = options;
  const bold = (text: string) => styleText("bold", text);
  const reset = docker ? "npm run reset -- --docker" : "npm run reset";
  return [
    "",
    bold(`Everything runs. Ctrl-C stops it; the data stays until \`${reset}\`.`),
    "",
    ...addresses(options).map(([name, address]) => `  ${name.padEnd(11)}${address}`),
    ...(serversOnly ? [] : ["", ...access(options.config)]),
    ...(serversOnly
      ? []
      : ["", bold("Try, in another terminal in this folder:"), ...(await commands(options))]),
    "",
  ].join("\n");
}

function access({ AUTH }: LocalConfig): string[] {
  if (AUTH === "jwt") return ["The API asks for tokens: npm run --silent token -- --help"];
  const warning = styleText(
    ["bold", "yellow"],
    "AUTH=off: whoever reaches the API may read and change every order.",
  );
  return [`${warning} With tokens: AUTH=jwt npm start`];
}

type Address = [name: string, address: string];

function addresses({ config, database, serversOnly, observability }: SummaryOptions): Address[] {
  const ops = (port: number) => `http://127.0.0.1:${port}/metrics, /readyz, /livez`;
  const services: Address[] = [
    ["orders", `http://127.0.0.1:${config.API_PORT}/ (place an order, and watch it)`],
    ["REST", `http://127.0.0.1:${config.API_PORT}/orders (Connect and gRPC-Web on the same port)`],
    ["gRPC", `http://127.0.0.1:${config.API_GRPC_PORT} (HTTP/2 without TLS; Connect and gRPC-Web as well)`],
    ["live", `http://127.0.0.1:${config.RELAY_OPS_PORT}/ (whether events flow, how late they are, and why)`],
    ["API", ops(config.API_OPS_PORT)],
    ["relay", ops(config.RELAY_OPS_PORT)],
    ["projector", ops(config.PROJECTOR_OPS_PORT)],
  ];
  return [
    ...(serversOnly ? [] : services),
    ["Postgres", database.owner],
    ["Kafka", `127.0.0.1:${config.KAFKA_PORT}`],
    ["Redis", `redis://127.0.0.1:${config.REDIS_PORT}`],
    ...(observability
      ? [
          [
            "Prometheus",
            `http://127.0.0.1:${config.PROMETHEUS_PORT} (alerts at /alerts; Debian's has them at /classic/alerts)`,
          ] as Address,
        ]
      : []),
    ...(serversOnly ? [] : [["logs", `${dataIn(config.DATA_FOLDER).logs}/*.log`] as Address]),
  ];
}

async function commands(options: SummaryOptions): Promise<string[]> {
  const { API_PORT, API_GRPC_PORT, AUTH } = options.config;
  const token = AUTH === "jwt" ? ` -H "authorization: Bearer $(npm run --silent token)"` : "";
  const order = `'{"customerId":"c-1","pickupPointId":"p-7","currency":"EUR","lines":[{"sku":"book","quantity":"1","unitPriceMinor":"1990"}]}'`;
  return [
    "",
    "  # an order over REST",
    `  curl -sS -w '\\n' -H 'content-type: application/json'${token} http://127.0.0.1:${API_PORT}/orders -d \\`,
    `    ${order}`,
    "",
    "  # one over gRPC",
    `  npx buf curl --protocol grpc --http2-prior-knowledge --schema .${token} \\`,
    `    http://127.0.0.1:${API_GRPC_PORT}/orders.v1.OrderService/CreateOrder -d \\`,
    `    ${order}`,
    "",
    "  # the events on the topic, as they come",
    `  ${await watchCommand(options)}`,
  ];
}

async function watchCommand({ config, docker }: SummaryOptions): Promise<string> {
  const consumer = (brokers: string) =>
    `--bootstrap-server ${brokers} --topic orders-events --from-beginning --formatter-property print.key=true --formatter-property print.headers=true`;
  const brokers = `127.0.0.1:${config.KAFKA_PORT}`;
  const hasKcat = spawnSync("kcat", ["-V"], { stdio: "ignore" }).status === 0;
  if (hasKcat) return `kcat -q -b ${brokers} -C -t orders-events -o beginning -f '%h\\n%k %s\\n\\n'`;
  if (docker)
    return `docker compose exec kafka /opt/kafka/bin/kafka-console-consumer.sh ${consumer("kafka:9092")}`;
  const libraries = relative(".", await kafkaLibraries(() => {}));
  return `java -cp '${libraries}/*' org.apache.kafka.tools.consumer.ConsoleConsumer ${consumer(brokers)}`;
}
