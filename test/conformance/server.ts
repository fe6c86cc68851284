import { once } from "node:events";
import { readFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import {
  create,
  createFileRegistry,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Hono } from "hono";
import { pino } from "pino";
import { openGate } from "../../services/api/transport/gate.ts";
import { startServers } from "../../services/api/transport/servers.ts";
import { createLifecycle } from "../../services/platform/lifecycle.ts";
import { noTracer } from "../../services/platform/tracing/tracer.ts";
import { conformanceRoutes } from "./conformance-service.ts";

/** The suite starts this for each kind of server that it tries: our listeners, adapter and interceptors, with the suite's service. */
const HTTP_VERSION_2 = 2;
const contract = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(process.argv[2] ?? "")));
const requestDesc = contract.getMessage("connectrpc.conformance.v1.ServerCompatRequest") as DescMessage;
const responseDesc = contract.getMessage("connectrpc.conformance.v1.ServerCompatResponse") as DescMessage;

const input = await buffer(process.stdin);
const asked = fromBinary(requestDesc, input.subarray(4)) as unknown as {
  readonly httpVersion: number;
  readonly messageReceiveLimit: number;
};

const log = pino({ level: "error" }, pino.destination(2));
const lifecycle = createLifecycle({ timeoutMs: 1_000, log });
const host = "127.0.0.1";
const { httpPort, grpcPort } = await startServers({
  host,
  httpPort: 0,
  grpcPort: 0,
  rest: new Hono(),
  routes: conformanceRoutes(contract),
  gate: openGate,
  certificate: undefined,
  observeRpc: () => {},
  tracer: noTracer,
  maxBodyBytes: asked.messageReceiveLimit || 1_048_576,
  maxTimeoutMs: 30_000,
  stopping: new AbortController().signal,
  corsOrigins: [],
  connectionMaxAgeMs: 300_000,
  longestCallMs: 30_000,
  drainMs: 500,
  lifecycle,
  log,
});

const port = asked.httpVersion === HTTP_VERSION_2 ? grpcPort : httpPort;
const answer = toBinary(responseDesc, create(responseDesc, { host, port } as MessageInitShape<DescMessage>));
const length = Buffer.alloc(4);
length.writeUInt32BE(answer.length);
process.stdout.write(Buffer.concat([length, answer]));
await once(process, "SIGTERM");
await lifecycle.stop();
process.exit(0);
