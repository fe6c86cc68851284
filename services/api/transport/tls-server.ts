import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import type { TLSSocket } from "node:tls";
import { closingResponses } from "./http1-drain.ts";
import { http2Drain } from "./http2-drain.ts";
import { http1Limits, http2Limits } from "./listener-limits.ts";

/** Port: the server's certificate, which may change while it listens. */
export interface Certificate {
  current(): TlsIdentity;
  onChange(listener: (identity: TlsIdentity) => void): void;
}

interface TlsIdentity {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface TlsServerOptions {
  readonly certificate: Certificate;
  readonly handler: (request: Http2ServerRequest, response: Http2ServerResponse) => void;
  readonly stopping: AbortSignal;
}

export interface TlsServer {
  readonly server: Http2SecureServer;
  /** Takes no more connections; resolves when what is in flight has ended, or after `drainMs`. */
  drain(drainMs: number): Promise<void>;
}

/**
 * HTTP/2 and HTTP/1.1 on one port, as client and server agree by ALPN. Connections that are open keep the certificate that they began
 * with.
 */
export function createTlsServer({ certificate, handler, stopping }: TlsServerOptions): TlsServer {
  const secured = (identity: TlsIdentity) => ({ ...identity, minVersion: "TLSv1.2" }) as const;
  const options = {
    ...http1Limits,
    ...http2Limits,
    allowHTTP1: true,
    Http1ServerResponse: closingResponses(stopping),
  };
  const server = createSecureServer({ ...options, ...secured(certificate.current()) }, handler);
  certificate.onChange((identity) => server.setSecureContext(secured(identity)));

  const drainHttp2 = http2Drain(server);
  const http1 = new Set<TLSSocket>();
  server.on("secureConnection", (socket: TLSSocket) => {
    if (socket.alpnProtocol === "h2") return;
    http1.add(socket);
    socket.once("close", () => http1.delete(socket));
  });
  return {
    server,
    async drain(drainMs) {
      const timer = setTimeout(() => {
        for (const socket of http1) socket.destroy();
      }, drainMs);
      await drainHttp2(drainMs); // its close ends idle connections of either version
      clearTimeout(timer);
    },
  };
}
