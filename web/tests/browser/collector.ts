import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a test wants of a collector. */
export interface Wanted {
  /** Keys of gen_ai_live, as YAML lines. */
  live?: string;
  /** Keys of gen_ai_buffer, as YAML lines. */
  buffer?: string;
  /** Another gen_ai_buffer that gets the same. */
  twice?: boolean;
  /** Other extensions by id, as YAML lines. */
  extensions?: Readonly<Record<string, string>>;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (!address || typeof address === "string") throw new Error("no port");
  return address.port;
}

const indent = (text: string, by: number): string => text.split("\n").map((line) => " ".repeat(by) + line).join("\n");

/** A built collector that shows what it gathers. */
export class Collector {
  private child: ChildProcess | null = null;
  private said = "";

  private constructor(
    private readonly folder: string,
    readonly base: string,
    private readonly otlp: string,
    private readonly livePort: number,
  ) {}

  static async start(wanted: Wanted = {}): Promise<Collector> {
    const [live, otlp] = [await freePort(), await freePort()];
    const folder = await mkdtemp(join(tmpdir(), "viewer-test-"));
    const others = Object.entries(wanted.extensions ?? {});
    const buffer = (id: string) => `
  ${id}:
    linger: 300ms
    ttl: 30s
    live: gen_ai_live
${indent(wanted.buffer ?? "", 4)}`;
    const pipelines = (name: string, id: string) => `
    traces${name}: {receivers: [otlp], processors: [${id}], exporters: [nop]}
    logs${name}: {receivers: [otlp], processors: [${id}], exporters: [nop]}`;
    const yaml = `
receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:${otlp}
        max_request_body_size: 67108864
processors:${buffer("gen_ai_buffer")}${wanted.twice ? buffer("gen_ai_buffer/again") : ""}
exporters:
  nop:
extensions:
${others.map(([id, keys]) => `  ${id}:\n${indent(keys, 4)}`).join("\n")}
  gen_ai_live:
    endpoint: 127.0.0.1:${live}
${indent(wanted.live ?? "", 4)}
service:
  extensions: [${[...others.map(([id]) => id), "gen_ai_live"].join(", ")}]
  pipelines:${pipelines("", "gen_ai_buffer")}${wanted.twice ? pipelines("/again", "gen_ai_buffer/again") : ""}
  telemetry:
    metrics: {level: none}
`;
    await writeFile(join(folder, "config.yaml"), yaml);
    const collector = new Collector(folder, `http://127.0.0.1:${live}/`, `http://127.0.0.1:${otlp}`, live);
    await collector.run();
    return collector;
  }

  get port(): number {
    return this.livePort;
  }

  async run(): Promise<void> {
    const binary = process.env["OTELCOL_GENAI"];
    if (!binary) throw new Error("OTELCOL_GENAI has to name the built collector");
    const child = spawn(binary, ["--config", join(this.folder, "config.yaml")], { stdio: ["ignore", "ignore", "pipe"] });
    this.child = child;
    child.stderr.on("data", (text: Buffer) => (this.said = (this.said + text.toString()).slice(-20_000)));
    for (const until = Date.now() + 30_000; ; ) {
      if (child.exitCode !== null) throw new Error(`the collector ended:\n${this.said}`);
      const up = await fetch(`${this.base}healthz`).then((r) => r.ok, () => false);
      if (up && (await fetch(`${this.otlp}/v1/logs`, { method: "POST", headers: json, body: "{}" }).then((r) => r.ok, () => false))) return;
      if (Date.now() > until) throw new Error(`the collector does not serve:\n${this.said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Stops it; it can run again on the same addresses. */
  async halt(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const { child } = this;
    this.child = null;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }

  async stop(): Promise<void> {
    await this.halt();
    await rm(this.folder, { recursive: true, force: true });
  }

  async logs(body: object): Promise<void> {
    await this.send("logs", body);
  }

  async traces(body: object): Promise<void> {
    await this.send("traces", body);
  }

  private async send(signal: string, body: object): Promise<void> {
    const response = await fetch(`${this.otlp}/v1/${signal}`, { method: "POST", headers: json, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${signal}: ${response.status} ${await response.text()}`);
  }
}

const json = { "Content-Type": "application/json" };
