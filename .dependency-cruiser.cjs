// The arrows of the architecture: domain <- application <- infrastructure, transport <- composition root <- main.
// test/architecture.test.ts proves that each rule fails on a planted violation.
const tests = "\\.test\\.ts$|/testing/";

module.exports = {
  forbidden: [
    {
      name: "domain-imports-nothing-outside-itself",
      severity: "error",
      from: { path: "^services/([^/]+)/domain/", pathNot: tests },
      to: { pathNot: "^services/$1/domain/" },
    },
    {
      name: "application-imports-no-driver",
      comment:
        "application knows its domain, its ports, platform and gen; packages and node modules belong outside",
      severity: "error",
      from: { path: "^services/([^/]+)/application/", pathNot: tests },
      to: { pathNot: "^services/($1/(application|domain)|platform|gen)/" },
    },
    {
      name: "infrastructure-and-transport-do-not-meet",
      severity: "error",
      from: { path: "^services/([^/]+)/(infrastructure|transport)/", pathNot: tests },
      to: { path: "^services/$1/(?!$2/|application/|domain/)" },
    },
    {
      name: "only-main-imports-the-composition-root",
      severity: "error",
      from: { path: "^services/", pathNot: `(^services/[^/]+/(main|cli)\\.ts$)|${tests}` },
      to: { path: "composition-root\\.ts$" },
    },
    {
      name: "services-do-not-import-one-another",
      severity: "error",
      from: { path: "^services/(api|relay|projector)/" },
      to: { path: "^services/(?!$1/|platform/|gen/)" },
    },
    {
      name: "platform-and-gen-know-no-service",
      severity: "error",
      from: { path: "^services/(platform|gen)/" },
      to: { path: "^services/(?!platform/|gen/)" },
    },
    {
      name: "only-tracing-imports-opentelemetry",
      comment: "it is loaded when traces are collected only; everybody else knows the port in tracer.ts",
      severity: "error",
      from: { path: "^services/", pathNot: `^services/platform/tracing/|${tests}` },
      to: { path: "node_modules/@opentelemetry/" },
    },
    {
      name: "a-page-knows-the-contract-only",
      comment: "it runs in a browser: of the service it may know what is sent to it, and nothing else",
      severity: "error",
      from: { path: "^services/([^/]+)/page/", pathNot: tests },
      to: {
        path: "^(services|test|deploy)/",
        pathNot: "^services/($1/(page/|transport/page/live-message\\.ts$)|gen/)",
      },
    },
    {
      name: "services-do-not-import-tests-or-deploy",
      severity: "error",
      from: { path: "^services/", pathNot: tests },
      to: { path: "^(test|deploy)/" },
    },
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    { name: "no-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
