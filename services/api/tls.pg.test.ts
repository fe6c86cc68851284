import { once } from "node:events";
import { copyFile, rename } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { Agent, request } from "node:https";
import { connect as connectTcp } from "node:net";
import { json } from "node:stream/consumers";
import { type ConnectionOptions, connect, type PeerCertificate } from "node:tls";
import { type Client, createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { expect, onTestFinished, test } from "vitest";
import { makeCertificate, temporaryFolder } from "../../test/support/certificates.ts";
import { createTestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { OrderService } from "../gen/orders/v1/order_service_pb.ts";
import { startApi } from "./testing/running-api.ts";

const order = { customerId: "c", pickupPointId: "p", currency: "EUR", lines: [{ sku: "s", quantity: 1n }] };

async function startSecureApi(more: Readonly<Record<string, string>> = {}) {
  const folder = await temporaryFolder();
  const certificate = await makeCertificate(folder, "first");
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const api = await startApi(database.apiUrl, {
    API_TLS_CERT_FILE: certificate.certFile,
    API_TLS_KEY_FILE: certificate.keyFile,
    SHUTDOWN_TIMEOUT_MS: "600000", // longer than a test: no connection is waited for
    ...more,
  });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= api.stop();
    return stopped;
  };
  onTestFinished(stop);
  return { api, certificate, folder, stop, ca: certificate.cert };
}

/** What a client and the server agree on. */
async function handshake(url: string, options: ConnectionOptions) {
  const { port } = new URL(url);
  const socket = connect({ host: "127.0.0.1", port: Number(port), ...options });
  try {
    await once(socket, "secureConnect");
    const { fingerprint256 } = socket.getPeerCertificate() as PeerCertificate;
    return { protocol: socket.alpnProtocol, version: socket.getProtocol(), fingerprint: fingerprint256 };
  } finally {
    socket.destroy();
  }
}

async function postOverHttp1(url: string, agent: Agent) {
  const call = request(`${url}/orders`, {
    method: "POST",
    agent,
    headers: { "content-type": "application/json" },
  });
  call.end('{"customerId":"c","pickupPointId":"p","currency":"EUR","lines":[{"sku":"s","quantity":"1"}]}');
  const [response] = await once(call, "response");
  return {
    status: response.statusCode as number,
    connection: response.headers.connection as string | undefined,
    body: await json(response),
  };
}

test("with a certificate both ports speak TLS, and HTTP/2 or HTTP/1.1 as the client asks by ALPN", async () => {
  const { api, ca, certificate } = await startSecureApi();
  for (const url of [api.restUrl, api.grpcUrl]) {
    const both = await handshake(url, { ca, ALPNProtocols: ["h2", "http/1.1"] });
    expect(both).toEqual({ protocol: "h2", version: "TLSv1.3", fingerprint: certificate.fingerprint });
    expect(await handshake(url, { ca, ALPNProtocols: ["http/1.1"] })).toMatchObject({ protocol: "http/1.1" });
    expect(await handshake(url, { ca })).toMatchObject({ protocol: false });
    expect(await handshake(url, { ca, maxVersion: "TLSv1.2" })).toMatchObject({ version: "TLSv1.2" });
    const old: ConnectionOptions = { ca, minVersion: "TLSv1", maxVersion: "TLSv1.1" };
    await expect(handshake(url, { ...old, ciphers: "DEFAULT@SECLEVEL=0" })).rejects.toThrow(/version/i);
  }
});

test("every door works over TLS on either port", async () => {
  const { api, ca } = await startSecureApi();
  const agent = new Agent({ ca, keepAlive: true });
  onTestFinished(() => agent.destroy());
  const nodeOptions = { ca };
  for (const baseUrl of [api.restUrl, api.grpcUrl]) {
    const clients: Record<string, Client<typeof OrderService>> = {
      gRPC: createClient(OrderService, createGrpcTransport({ baseUrl, nodeOptions })),
      "gRPC-Web": createClient(
        OrderService,
        createGrpcWebTransport({ baseUrl, httpVersion: "1.1", nodeOptions }),
      ),
      Connect: createClient(OrderService, createConnectTransport({ baseUrl, httpVersion: "2", nodeOptions })),
    };
    for (const client of Object.values(clients)) {
      const created = (await client.createOrder(order)).order;
      expect((await client.getOrder({ id: created?.id ?? "" })).order).toEqual(created);
    }
    expect(await postOverHttp1(baseUrl, agent)).toMatchObject({ status: 201, body: { customerId: "c" } });
  }
});

test("who speaks no TLS gets no answer", async () => {
  const { api } = await startSecureApi();
  for (const url of [api.restUrl, api.grpcUrl]) {
    const socket = connectTcp(Number(new URL(url).port), "127.0.0.1");
    const received: Buffer[] = [];
    socket.on("data", (chunk) => received.push(chunk));
    socket.write("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(socket, "close");
    expect(Buffer.concat(received).toString("latin1")).not.toContain("HTTP/1.1");
  }
});

test("a new certificate is shown to new connections, and those that are open work on", async () => {
  const { api, certificate, folder, ca } = await startSecureApi();
  const session = connectHttp2(api.grpcUrl, { ca });
  onTestFinished(() => session.destroy());
  const isAlive = async () => {
    const [headers] = await once(session.request({ ":path": "/livez" }), "response");
    return headers[":status"];
  };
  expect(await isAlive()).toBe(200);

  const second = await makeCertificate(folder, "second");
  await copyFile(second.keyFile, certificate.keyFile); // does not fit the certificate that is there
  await copyFile(second.certFile, `${certificate.certFile}.new`);
  await rename(`${certificate.certFile}.new`, certificate.certFile);
  for (const url of [api.restUrl, api.grpcUrl]) {
    await eventually(async () => {
      const { fingerprint } = await handshake(url, { ca: second.cert });
      expect(fingerprint).toBe(second.fingerprint);
    });
  }
  expect(await isAlive()).toBe(200);
  const metrics = await (await fetch(`${api.opsUrl}/metrics`)).text();
  expect(metrics).toMatch(/orders_tls_certificate_expires_timestamp_seconds 1\d{9}\n/);
});

test("a stop ends connections that ask for nothing, over HTTP/2 and HTTP/1.1", async () => {
  const { api, ca, stop } = await startSecureApi();
  const agent = new Agent({ ca, keepAlive: true });
  onTestFinished(() => agent.destroy());
  expect(await postOverHttp1(api.restUrl, agent)).toMatchObject({ status: 201 });
  const session = connectHttp2(api.grpcUrl, { ca });
  await once(session, "remoteSettings");
  await Promise.all([once(session, "close"), stop()]);
});

test("while it stops, requests that still come over HTTP/1.1 are served and told to come again elsewhere", async () => {
  const { api, ca, stop } = await startSecureApi({ SHUTDOWN_DELAY_MS: "1000" });
  const agent = new Agent({ ca, keepAlive: true });
  onTestFinished(() => agent.destroy());
  expect(await postOverHttp1(api.grpcUrl, agent)).toMatchObject({ status: 201, connection: "keep-alive" });
  const stopped = stop();
  expect(await postOverHttp1(api.grpcUrl, agent)).toMatchObject({ status: 201, connection: "close" });
  await stopped;
});
