import { readFile } from "node:fs/promises";
import type { Browser, CDPSession, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { Collector } from "./collector";
import { launch, row, Watched } from "./page";
import { Request, says, sendSpans } from "./telemetry";

// How much there is to bear. `npm run measure` takes the figures of
// bench/viewer.md; a short run, on a machine that does other things as well,
// sees that all arrives and nothing grows.
const measuring = process.env["LOAD_SECONDS"] !== undefined;
const seconds = Number(process.env["LOAD_SECONDS"] ?? 10);
const total = Number(process.env["LOAD_TOTAL"] ?? 15_000);
const perSecond = Number(process.env["LOAD_RATE"] ?? 500);

let browser: Browser;
let collector: Collector;
let watched: Watched;

beforeAll(async () => {
  [browser, collector] = await Promise.all([launch(), Collector.start()]);
});
afterAll(async () => {
  await browser?.close();
  await collector?.stop();
});
afterEach(() => watched.close());

const prose = "The quick brown fox jumps over the lazy dog. ".repeat(20);
let sent = 0;

async function send(count: number): Promise<void> {
  const spans = Array.from({ length: count }, () => {
    const n = sent++;
    return new Request(collector, `service-${n % 5}`, { began: Date.now() - 300 }).asSpan({
      model: `model-${n % 3}`, input: [says("user", `${n}: ${prose}`)], output: [says("assistant", prose)], tokens: [n % 1000, n % 100],
      ...(n % 50 === 0 ? { error: { type: "Timeout", message: "it took too long" } } : {}),
    });
  });
  await sendSpans(collector, spans);
}

interface Frames {
  p50: number;
  p95: number;
  worst: number;
  longTasks: number;
}

/** Frame times of a while, by the browser's own clock of frames. */
async function frames(page: Page, ms: number): Promise<Frames> {
  return page.evaluate(async (ms) => {
    const times: number[] = [];
    let longTasks = 0;
    const observer = new PerformanceObserver((list) => (longTasks += list.getEntries().length));
    observer.observe({ type: "longtask" });
    await new Promise<void>((resolve) => {
      const began = performance.now();
      let before = began;
      const frame = (now: number) => {
        times.push(now - before);
        before = now;
        if (now - began < ms) requestAnimationFrame(frame);
        else resolve();
      };
      requestAnimationFrame(frame);
    });
    observer.disconnect();
    times.shift();
    times.sort((a, b) => a - b);
    const at = (share: number) => Math.round((times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0) * 10) / 10;
    return { p50: at(0.5), p95: at(0.95), worst: at(1), longTasks };
  }, ms);
}

/** What the page's process holds, in MB, after it was asked to let go. */
async function memory(cdp: CDPSession): Promise<{ heap: number; process: number; nodes: number }> {
  await cdp.send("HeapProfiler.collectGarbage");
  const { metrics } = await cdp.send("Performance.getMetrics");
  const metric = (name: string) => metrics.find((m) => m.name === name)?.value ?? Number.NaN;
  const whole = await browser.newBrowserCDPSession();
  const { processInfo } = await whole.send("SystemInfo.getProcessInfo");
  await whole.detach();
  let most = 0;
  for (const { type, id } of processInfo) {
    if (type !== "renderer") continue;
    const status = await readFile(`/proc/${id}/smaps_rollup`, "utf8").catch(() => "");
    most = Math.max(most, Number(/^Pss:\s+(\d+)/m.exec(status)?.[1] ?? 0));
  }
  return { heap: Math.round(metric("JSHeapUsedSize") / 1e5) / 10, process: Math.round(most / 102.4) / 10, nodes: metric("Nodes") };
}

it(`bears ${perSecond} requests a second for ${seconds} s, and ${total} requests`, async () => {
  watched = await Watched.open(browser, collector.base);
  const { page, context } = watched;
  await page.getByText("Live", { exact: true }).waitFor();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Performance.enable");
  const cpu = async () => (await cdp.send("Performance.getMetrics")).metrics.find((m) => m.name === "TaskDuration")?.value ?? 0;
  console.log("idle", await frames(page, 1000), await memory(cdp));

  const told: Frames[] = [];
  const busy = await cpu();
  const began = Date.now();
  let done = false;
  const sending = (async () => {
    for (let n = 0; n < seconds * 10; n++) {
      await send(perSecond / 10);
      const ahead = began + (n + 1) * 100 - Date.now();
      if (ahead > 0) await new Promise((resolve) => setTimeout(resolve, ahead));
    }
    done = true;
  })();
  while (!done) told.push(await frames(page, Math.max(1000, (seconds * 1000) / 6)));
  await sending;
  const took = (Date.now() - began) / 1000;
  console.log(`${Math.round(sent / took)} requests/s for ${Math.round(took)} s: main thread busy ${Math.round(((await cpu()) - busy) / took * 100)} %`, told, await memory(cdp));
  if (measuring) {
    const settled = told.slice(1, -1);
    for (const one of settled) expect(one.p50).toBeLessThan(34);
    const [first, last] = [settled[0], settled.at(-1)];
    expect(last?.p95, "later frames take no longer than earlier ones").toBeLessThan(Math.max(50, 2 * (first?.p95 ?? 0)));
  }

  while (sent < total) {
    await send(Math.min(500, total - sent));
    // As fast as the page can follow: what is measured here is memory.
    if (sent % 5000 === 0) await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 200)));
  }
  const newest = `service-${(total - 1) % 5}`;
  await row(page, newest).first().waitFor();
  await expect.poll(() => page.locator(".row.item").first().locator(".c-in").textContent(), { timeout: 30_000 }).toBe(
    String((total - 1) % 1000).replace(/\B(?=(\d{3})+$)/g, "\u202f"));
  expect(Number(await page.getByRole("grid").getAttribute("aria-rowcount"))).toBe(Math.min(total, 10_000) + 1);
  const after = await memory(cdp);
  console.log(`after ${total} requests`, await frames(page, 1000), after);
  expect(after.heap).toBeLessThan(100);
  expect(after.process).toBeLessThan(300);
}, 600_000);
