import { api, type Row } from "../panel.ts";

/** Codes that are the server's fault, of those that gRPC has. */
const FAULTS = "unknown|internal|data_loss|unavailable|deadline_exceeded";
/** A watch lasts as long as somebody watches, and ends with an error when its process does: neither is news. */
const CALLS = `${api}, rpc_method!~".*/WatchOrder"`;

export const apiRow: Row = {
  title: "API",
  panels: [
    {
      kind: "graph",
      width: 8,
      title: "Requests per second",
      description: "REST by route, RPC by method. A sudden end is a balancer, or a client, that has gone.",
      unit: "reqps",
      queries: [
        {
          expr: `sum by (http_request_method, http_route) (rate(http_server_request_duration_seconds_count{${api}}[$__rate_interval]))`,
          legend: "{{http_request_method}} {{http_route}}",
        },
        {
          expr: `sum by (rpc_method) (rate(rpc_server_call_duration_seconds_count{${api}}[$__rate_interval]))`,
          legend: "{{rpc_method}}",
        },
      ],
    },
    {
      kind: "graph",
      width: 8,
      title: "Share that failed",
      description:
        "Of all requests, those that failed through the server's fault: REST 5xx, RPC unavailable, internal and the like. What a caller did wrong does not count.",
      alerts: ["ApiErrorBudgetBurn"],
      unit: "percentunit",
      thresholds: { bad: 0.0144 },
      queries: [
        {
          expr:
            `sum(rate(http_server_request_duration_seconds_count{${api}, http_response_status_code=~"5.."}[$__rate_interval])) / ` +
            `(sum(rate(http_server_request_duration_seconds_count{${api}}[$__rate_interval])) > 0) or vector(0)`,
          legend: "REST",
        },
        {
          expr:
            `sum(rate(rpc_server_call_duration_seconds_count{${CALLS}, code=~"${FAULTS}"}[$__rate_interval])) / ` +
            `(sum(rate(rpc_server_call_duration_seconds_count{${CALLS}}[$__rate_interval])) > 0) or vector(0)`,
          legend: "RPC",
        },
      ],
    },
    {
      kind: "graph",
      width: 8,
      title: "Latency, p95",
      description:
        "By REST route and RPC method; watches are left out. One slow route is its query; all of them together: look at the connections to Postgres and at the CPU.",
      alerts: ["ApiSlow"],
      unit: "s",
      thresholds: { bad: 0.5 },
      queries: [
        {
          expr: `histogram_quantile(0.95, sum by (le, http_request_method, http_route) (rate(http_server_request_duration_seconds_bucket{${api}}[$__rate_interval])))`,
          legend: "{{http_request_method}} {{http_route}}",
        },
        {
          expr: `histogram_quantile(0.95, sum by (le, rpc_method) (rate(rpc_server_call_duration_seconds_bucket{${CALLS}}[$__rate_interval])))`,
          legend: "{{rpc_method}}",
        },
      ],
    },
    {
      kind: "graph",
      width: 8,
      title: "Connections to Postgres",
      description:
        "Used, idle, and requests that wait for one. Waiting for longer than moments: the database is slow, or the pool too small (DATABASE_POOL_SIZE).",
      unit: "short",
      queries: [
        {
          expr: `sum by (db_client_connection_state) (db_client_connections{${api}})`,
          legend: "{{db_client_connection_state}}",
        },
        { expr: `sum(db_client_connection_pending_requests{${api}})`, legend: "waiting" },
      ],
    },
    {
      kind: "graph",
      width: 8,
      title: "Turned away",
      description:
        "Requests that were not served: shed because too many waited for Postgres, refused at the door by code, or over the rate limit.",
      alerts: ["ApiOverloaded"],
      unit: "reqps",
      thresholds: { bad: 1 },
      queries: [
        {
          expr: `sum by (reason) (rate(api_requests_shed_total{${api}}[$__rate_interval]))`,
          legend: "shed: {{reason}}",
        },
        {
          expr: `sum by (code) (rate(orders_requests_refused_total{${api}}[$__rate_interval]))`,
          legend: "refused: {{code}}",
        },
        {
          expr: `sum by (result) (rate(orders_rate_limit_checks_total{${api}, result!="allowed"}[$__rate_interval]))`,
          legend: "rate limit: {{result}}",
        },
      ],
    },
    {
      kind: "graph",
      width: 8,
      title: "Cache hit ratio",
      description:
        "Of the looks into the cache of orders, those that found one that could be used. 0 with off or error in the panel beside it: Redis is away, and Postgres answers everything.",
      unit: "percentunit",
      queries: [
        {
          expr: `sum(rate(order_cache_requests_total{${api}, result="hit"}[$__rate_interval])) / (sum(rate(order_cache_requests_total{${api}}[$__rate_interval])) > 0)`,
          legend: "hits",
        },
      ],
    },
    {
      kind: "graph",
      width: 8,
      title: "Cache, by result",
      description:
        "Off: Redis was not asked, since it had failed just before. Stale: Redis had less than this process has committed; it lost something, or did not take it.",
      unit: "ops",
      queries: [
        {
          expr: `sum by (result) (rate(order_cache_requests_total{${api}}[$__rate_interval]))`,
          legend: "read: {{result}}",
        },
        {
          expr: `sum by (result) (rate(order_cache_writes_total{${api}}[$__rate_interval]))`,
          legend: "write: {{result}}",
        },
      ],
    },
    {
      kind: "stat",
      width: 4,
      title: "Watches",
      description: "Orders that are being watched now; API_MAX_WATCHES bounds them for each process.",
      unit: "none",
      queries: [{ expr: `sum by (job) (order_watches{${api}})`, legend: "{{job}}" }],
    },
    {
      kind: "stat",
      width: 4,
      title: "Transactions run again, 1 h",
      description:
        "Serialization failures and deadlocks that were tried again. Many mean that callers compete for the same orders.",
      unit: "none",
      queries: [
        { expr: `sum by (job) (increase(api_transaction_retries_total{${api}}[1h]))`, legend: "{{job}}" },
      ],
    },
    {
      kind: "stat",
      width: 4,
      title: "Signing keys read",
      description:
        "How long ago the issuer's keys were read, by the process that read them last of all. A long time with failed loads: new keys of the issuer are not known, and its tokens refused.",
      alerts: ["ApiSigningKeysNotLoading"],
      unit: "s",
      nothing: "no tokens asked for",
      queries: [
        {
          expr: `time() - min by (job) (orders_signing_keys_loaded_timestamp_seconds{${api}} > 0)`,
          legend: "{{job}}",
        },
      ],
    },
    {
      kind: "stat",
      width: 4,
      title: "Certificate expires in",
      description:
        "Of the TLS certificate in use, the soonest of all processes. A new one is taken over from its files within seconds.",
      alerts: ["ApiCertificateExpiring"],
      unit: "s",
      thresholds: { bad: 7 * 86_400, goodAbove: true },
      nothing: "no TLS here",
      queries: [
        {
          expr: `min by (job) (orders_tls_certificate_expires_timestamp_seconds{${api}} > 0) - time()`,
          legend: "{{job}}",
        },
      ],
    },
  ],
};
