import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { withoutCluster } from "./system-packages.mjs";

const script = join(import.meta.dirname, "system-packages.mjs");
const isRoot = process.getuid?.() === 0;
const java17 = "echo 'openjdk version \"17.0.1\"' >&2";
let path: string;

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), "system-packages-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
});

/** Puts a program on a path that has nothing else. */
function program(name: string, body = "exit 0"): void {
  writeFileSync(join(path, name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(path, name), 0o755);
}

function ensure(...names: string[]) {
  const { status, stderr } = spawnSync(process.execPath, [script, ...names], {
    env: { PATH: path },
    encoding: "utf8",
  });
  return { status, stderr };
}

test("with all programs there it is quiet", () => {
  program("java", java17);
  program("mvn");
  expect(ensure("java", "mvn")).toEqual({ status: 0, stderr: "" });
});

test("an old Java counts as none", () => {
  program("java", "echo 'openjdk version \"11.0.2\"' >&2");
  program("brew");
  expect(ensure("java")).toMatchObject({
    status: 1,
    stderr: "java is missing; install with: brew install openjdk@21\n",
  });
});

test.each([
  ["brew", "brew install maven redis nghttp2"],
  ["dnf", "sudo dnf install -y maven redis nghttp2"],
])("where there is %s, its command is named", (manager, command) => {
  program(manager);
  expect(ensure("mvn", "redis-server", "h2load")).toEqual({
    status: 1,
    stderr: `mvn, redis-server, h2load are missing; install with: ${command}\n`,
  });
});

test.runIf(isRoot)(
  "root on Debian or Ubuntu gets them through apt, Java in the newest version that there is",
  () => {
    program("apt-cache", '[ "$2" != openjdk-21-jre-headless ]');
    const calls = join(path, "calls");
    const makeJava = `printf '#!/bin/sh\\n%s\\n' "${java17.replaceAll('"', '\\"')}" > ${path}/java; /bin/chmod 755 ${path}/java`;
    program("apt-get", `echo "$*" >> ${calls}; case "$*" in *install*) ${makeJava};; esac`);
    const { status, stderr } = ensure("java");
    expect(stderr).toBe("updating apt's lists\ninstalling openjdk-17-jre-headless with apt-get\n");
    expect(status).toBe(0);
    expect(readFileSync(calls, "utf8")).toContain(
      "-qq install -y --no-install-recommends openjdk-17-jre-headless",
    );
  },
);

test.runIf(isRoot)(
  "one package has both Prometheus and promtool; the server that Debian makes of it is switched off",
  () => {
    program("apt-cache");
    const calls = join(path, "calls");
    program("systemctl", `echo "systemctl $*" >> ${calls}`);
    const make = ["prometheus", "promtool"].map(
      (name) => `echo '#!/bin/sh' > ${path}/${name}; /bin/chmod 755 ${path}/${name}`,
    );
    program("apt-get", `echo "apt-get $*" >> ${calls}; case "$*" in *install*) ${make.join("; ")};; esac`);
    expect(ensure("prometheus", "promtool").status).toBe(0);
    const [, , install, disable] = readFileSync(calls, "utf8").split("\n");
    expect(install).toBe("apt-get -qq install -y --no-install-recommends prometheus");
    expect(disable).toBe("systemctl disable --now prometheus");
  },
);

test.runIf(isRoot)("when apt fails, what it said is shown and the command is named", () => {
  program("apt-cache");
  program("apt-get", 'case "$*" in *install*) echo "E: no network" >&2; exit 100;; esac');
  expect(ensure("kcat")).toEqual({
    status: 1,
    stderr:
      "updating apt's lists\ninstalling kcat with apt-get\napt-get install failed:\nE: no network\n\n" +
      "kcat is missing; install with: sudo apt-get install -y kcat\n",
  });
});

test("while a Postgres package is installed no cluster is made of it; what the user installs later is left alone", () => {
  const folder = join(path, "createcluster.d");
  const file = join(folder, "outbox-orders.conf");
  const settings = withoutCluster(() => readFileSync(file, "utf8"), folder);
  expect(settings).toBe("create_main_cluster = false\n");
  expect(existsSync(file)).toBe(false);
});

test("a program that it does not know is refused", () => {
  expect(ensure("emacs")).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("unknown program emacs"),
  });
});
