// Watches a stream as a user's program does, and prints a JSON line for whatever
// happens: {"type", "id", "data"} for an event, {"type": "open" | "error"}.
//
//   node watch.mjs eventsource <url> <event name>...   the npm package
//   node watch.mjs eventsource-h2 <url> ...            the same, over HTTP/2
//   node watch.mjs browser <url> ...                   Chromium's own EventSource
//
// Certificates are not looked at. Ends when standard input does.
import process from "node:process";

const [mode, url, ...names] = process.argv.slice(2);
const tell = (line) => process.stdout.write(JSON.stringify(line) + "\n");

const watch = { eventsource, "eventsource-h2": eventsource, browser }[mode];
if (!watch || !url) {
  process.stderr.write("usage: watch.mjs eventsource|eventsource-h2|browser <url> <event name>...\n");
  process.exit(2);
}
const stop = await watch();
process.stdin.resume().on("end", async () => {
  await stop();
  process.exit(0);
});

async function eventsource() {
  const { EventSource } = await import("eventsource");
  const { fetch, Agent } = await import("undici");
  const dispatcher = new Agent({
    allowH2: mode === "eventsource-h2",
    bodyTimeout: 0,
    connect: { rejectUnauthorized: false },
  });
  const source = new EventSource(url, { fetch: (input, init) => fetch(input, { ...init, dispatcher }) });
  source.onopen = () => tell({ type: "open" });
  source.onerror = (e) => tell({ type: "error", code: e.code, message: e.message });
  for (const name of names) {
    source.addEventListener(name, (e) => tell({ type: name, id: e.lastEventId, data: JSON.parse(e.data) }));
  }
  return () => source.close();
}

async function browser() {
  const { chromium } = await import("playwright-core");
  const instance = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  const context = await instance.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.exposeFunction("tell", tell);
  await page.goto(new URL("/healthz", url).href);
  await page.evaluate(
    ([url, names]) => {
      const source = new EventSource(url);
      source.onopen = () => globalThis.tell({ type: "open", protocol: performance.getEntriesByType("navigation")[0].nextHopProtocol });
      source.onerror = () => globalThis.tell({ type: "error" });
      for (const name of names) {
        source.addEventListener(name, (e) =>
          globalThis.tell({ type: name, id: e.lastEventId, data: JSON.parse(e.data) }),
        );
      }
    },
    [url, names],
  );
  return () => instance.close();
}
