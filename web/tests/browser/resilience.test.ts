import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { Collector } from "./collector";
import { launch, row, Watched } from "./page";
import { Request, says, sendSpans } from "./telemetry";
import { Wire } from "./wire";

let browser: Browser;
let collector: Collector;
let wire: Wire;
let watched: Watched;

beforeAll(async () => {
  [browser, collector] = await Promise.all([launch(), Collector.start({ live: "ring: {events: 300}\nkeepalive: 1s" })]);
});
afterAll(async () => {
  await browser?.close();
  await collector?.stop();
});
afterEach(async () => {
  await watched.close();
  await wire.cut();
});

async function open(): Promise<void> {
  wire = await Wire.lay(collector.port);
  watched = await Watched.open(browser, wire.base);
  watched.mayHappen(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_SOCKET_NOT_CONNECTED|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_NETWORK/);
  await watched.page.getByText("Live", { exact: true }).waitFor();
}

it("goes on by itself after the network was lost, without a gap", async () => {
  await open();
  const { page } = watched;
  const request = new Request(collector, "cut-off");
  await request.log("gen_ai.user.message", { content: "before" });
  await row(page, "cut-off").click();
  await page.getByText("before", { exact: true }).waitFor();
  await wire.cut();
  await page.getByText(/Not connected since \d\d:\d\d:\d\d/).waitFor();
  await page.getByText("Not connected", { exact: true }).waitFor();
  await watched.accessible("not connected");
  await request.log("gen_ai.choice", { index: 0, message: { content: "said meanwhile" } });
  await new Request(collector, "meanwhile").end();
  await wire.mend();
  await page.getByText("Live", { exact: true }).waitFor();
  await row(page, "meanwhile").waitFor();
  await page.getByText("said meanwhile").waitFor();
  expect(await page.getByText("went by while this page could not follow").count()).toBe(0);
  await page.getByText(/Not connected since/).waitFor({ state: "detached" });
});

it("tries at once when it is told to", async () => {
  await open();
  const { page } = watched;
  await wire.cut();
  await page.getByText(/Trying again in \d+ s|Trying…/).waitFor();
  // So often that it waits for long by itself.
  await expect.poll(() => page.getByText(/Trying again in ([5-9]|1\d) s/).count(), { timeout: 30_000 }).toBe(1);
  await wire.mend();
  await page.getByRole("button", { name: "Try now" }).click();
  await page.getByText("Live", { exact: true }).waitFor({ timeout: 4500 });
});

it("notices that the connection is dead although nobody said so", async () => {
  await open();
  const { page } = watched;
  wire.freeze();
  await page.getByText("The server has gone silent.").waitFor({ timeout: 25_000 });
  await page.getByText("Live", { exact: true }).waitFor();
  await new Request(collector, "after-silence").end();
  await row(page, "after-silence").waitFor();
});

it("says how much it missed when it was away for too long", async () => {
  await open();
  const { page } = watched;
  await wire.cut();
  await page.getByText(/Not connected since/).waitFor();
  const many = Array.from({ length: 200 }, (_, n) => new Request(collector, `missed-${n}`));
  await sendSpans(collector, many.map((r) => r.asSpan()));
  await expect.poll(async () => ((await (await fetch(`${collector.base}api/v1/requests?service=missed-199`)).json()) as { requests: { state: string }[] }).requests[0]?.state).toBe("flushed");
  await wire.mend();
  await page.getByText(/[\d\u202f]+ events went by while this page could not follow/).waitFor();
  // And has what the server has, all the same.
  await row(page, "missed-199").getByText("done").waitFor();
  await expect.poll(async () => Number(await page.getByRole("grid").getAttribute("aria-rowcount"))).toBeGreaterThan(200);
  await page.getByRole("button", { name: "Dismiss" }).click();
  await page.getByText(/went by/).waitFor({ state: "detached" });
});

it("says that it missed more when it was cut off while it brought its list up to date", async () => {
  await open();
  const { page } = watched;
  const busy = new Request(collector, "busy-at-the-cut");
  await busy.log("gen_ai.user.message", { content: "x" });
  await row(page, "busy-at-the-cut").waitFor();
  await wire.cut();
  await page.getByText(/Not connected since/).waitFor();
  await overflow(busy);
  await page.route(/requests\?limit=1000/, (route) => route.abort());
  watched.mayHappen(/ERR_FAILED/);
  const failed = page.waitForEvent("requestfailed", (r) => r.url().includes("limit=1000"));
  await wire.mend();
  await page.getByText(/^\S+ \d+ events went by/).waitFor();
  await page.getByRole("button", { name: "Dismiss" }).click();
  await failed;
  await overflow(busy);
  await page.unroute(/requests\?limit=1000/);
  await page.getByText(/Some events went by/).waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
});

it("goes on after the server was restarted, and says so", async () => {
  await open();
  const { page } = watched;
  const request = new Request(collector, "old-times");
  await request.end({ output: [says("assistant", "remember me")] });
  const hanging = new Request(collector, "never-ends");
  await hanging.log("gen_ai.user.message", { content: "x" });
  await row(page, "never-ends").getByText("open", { exact: true }).waitFor();
  await row(page, "old-times").click();
  await page.getByText("remember me").waitFor();
  await collector.halt();
  await page.getByText(/Not connected since/).waitFor();
  await page.getByText("remember me").waitFor();
  // It may be set up in another way than before.
  await page.route("**/api/v1/config", (route) => route.fulfill({ json: { content: "hide", authentication: false, keepalive_ns: 1e9, retention_ns: 9e11, max_requests: 10_000 } }));
  await collector.run();
  await page.getByText("This server hides the content of messages").waitFor();
  await page.getByText("The server was restarted.").waitFor();
  watched.mayHappen(/404/);
  await page.getByText("The server does not know this request").waitFor();
  await page.getByText("remember me").waitFor();
  await row(page, "never-ends").getByText("incomplete").waitFor();
  await new Request(collector, "new-times").end();
  await row(page, "new-times").getByText("done").waitFor();
  // kill -9 is no different.
  await collector.halt("SIGKILL");
  await page.getByText(/Not connected since/).waitFor();
  await collector.run();
  await page.getByText("Live", { exact: true }).waitFor();
  await new Request(collector, "newer-times").end();
  await row(page, "newer-times").waitFor();
});

it("comes up when the server does, if it was opened too early", async () => {
  await open();
  const { page } = watched;
  await page.route("**/api/v1/**", (route) => route.abort());
  watched.mayHappen(/ERR_FAILED/);
  await page.reload();
  await page.getByText("The server cannot be reached").waitFor();
  await page.unroute("**/api/v1/**");
  await page.getByText("Live", { exact: true }).waitFor();
});

it("keeps up while nobody looks", async () => {
  wire = await Wire.lay(collector.port);
  watched = await Watched.open(browser, wire.base);
  const { page } = watched;
  await page.getByText("Live", { exact: true }).waitFor();
  // What browsers do to a tab in the background: no frames, hardly a timer.
  const look = (visible: boolean) => page.evaluate((visible) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => !visible });
    const { kept } = (window as unknown as { kept?: typeof requestAnimationFrame });
    Object.assign(window, { kept: kept ?? requestAnimationFrame, requestAnimationFrame: visible ? kept : () => 1 });
    document.dispatchEvent(new Event("visibilitychange"));
  }, visible);
  await look(false);
  await page.evaluate(() => {
    const usual = window.setTimeout;
    Object.assign(window, { usual, setTimeout: (f: () => void, ms: number) => usual(f, Math.max(ms, 20_000)) });
  });
  // As fast as they can be carried to it: the ring never has room for more than two rounds.
  for (let n = 25; n <= 1000; n += 25) {
    await sendSpans(collector, Array.from({ length: 25 }, (_, m) => new Request(collector, `unseen-${n - 25 + m}`).asSpan()));
    await expect.poll(() => wire.passed(`"unseen-${n - 1}"`)).toBe(true);
  }
  await page.evaluate(() => Object.assign(window, { setTimeout: (window as unknown as { usual: typeof setTimeout }).usual }));
  await look(true);
  await row(page, "unseen-999").getByText("done").waitFor();
  expect(await page.getByText("went by").count()).toBe(0);
  expect(Number(await page.getByRole("grid").getAttribute("aria-rowcount"))).toBeGreaterThan(1000);
});

/** More than the ring has room for, of one request. */
async function overflow(request: Request): Promise<void> {
  for (let n = 0; n < 400; n += 8) await Promise.all(Array.from({ length: 8 }, () => request.log("gen_ai.user.message", { content: "more" })));
}

it("learns what became of open requests that are far down the list", async () => {
  await open();
  const { page } = watched;
  const long = new Request(collector, "long-running");
  await long.log("gen_ai.user.message", { content: "take your time" });
  for (let n = 0; n < 8; n++) await sendSpans(collector, Array.from({ length: 130 }, (_, m) => new Request(collector, `above-${n * 130 + m}`).asSpan()));
  const busy = new Request(collector, "busy");
  await busy.log("gen_ai.user.message", { content: "x" });
  await row(page, "busy").waitFor();
  await expect.poll(async () => Number(await page.getByRole("grid").getAttribute("aria-rowcount"))).toBeGreaterThan(1042);
  if (await page.getByRole("button", { name: "Dismiss" }).isVisible()) await page.getByRole("button", { name: "Dismiss" }).click();
  await wire.cut();
  await page.getByText(/Not connected since/).waitFor();
  await long.end();
  await overflow(busy);
  await wire.mend();
  await page.getByText(/went by while this page could not follow/).waitFor();
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await row(page, "busy").waitFor();
  await row(page, "long-running").waitFor({ state: "detached" });
});

it("gives up no request for a search that did not find it", async () => {
  await open();
  const { page } = watched;
  await page.goto(`${wire.base}?q=zebra`);
  await page.getByText("Live", { exact: true }).waitFor();
  const quiet = new Request(collector, "quiet");
  await quiet.log("gen_ai.user.message", { content: "nothing" });
  const busy = new Request(collector, "busy-again");
  await busy.log("gen_ai.user.message", { content: "a zebra" });
  await row(page, "busy-again").waitFor();
  await wire.cut();
  await page.getByText(/Not connected since/).waitFor();
  await overflow(busy);
  await wire.mend();
  await page.getByText(/went by while this page could not follow/).waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  await quiet.log("gen_ai.choice", { index: 0, message: { content: "now a zebra" } });
  await row(page, "quiet").getByText("open", { exact: true }).waitFor();
});

it("does not open again what has ended, when what waited to be shown is older than the list", async () => {
  await open();
  const { page } = watched;
  const request = new Request(collector, "ended-long-ago");
  await request.end();
  await row(page, "ended-long-ago").getByText("done").waitFor();
  // A page that is behind: its frames come slowly, and the stream brings old events and a loss.
  await page.addInitScript(() => Object.assign(window, { requestAnimationFrame: (f: () => void) => setTimeout(f, 1500) }));
  let told = false;
  await page.route("**/api/v1/events*", async (route) => {
    if (told) return route.continue();
    told = true;
    const { cursor } = (await (await fetch(`${collector.base}api/v1/requests?limit=1`)).json()) as { cursor: string };
    const data = JSON.stringify({ processor: "gen_ai_buffer", request_id: request.id });
    return route.fulfill({
      contentType: "text/event-stream",
      body: `id: ${cursor}\nevent: request.open\ndata: ${data}\n\nid: ${cursor}\nevent: stream.lost\ndata: {"count":1}\n\n`,
    });
  });
  await page.reload();
  await page.getByText(/1 event went by/).waitFor();
  await new Request(collector, "after-the-loss").end();
  await row(page, "after-the-loss").getByText("done").waitFor();
  await row(page, "ended-long-ago").getByText("done").waitFor();
});

it("asks again for what it could not ask for", async () => {
  await open();
  const { page } = watched;
  watched.mayHappen(/ERR_FAILED/);
  await page.goto(`${wire.base}?model=known-late`);
  await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
  await page.route(/requests\?.*request_id=/, (route) => route.abort());
  const request = new Request(collector, "fits-late");
  await request.log("gen_ai.user.message", { content: "of which model?" });
  await request.end({ model: "known-late" });
  await expect.poll(async () => ((await (await fetch(`${collector.base}api/v1/requests/${request.id}`)).json()) as { state?: string }).state).toBe("flushed");
  await page.waitForEvent("requestfailed", (r) => r.url().includes("request_id="));
  await page.unroute(/requests\?.*request_id=/);
  // The answer may come in several pages.
  await page.route(/requests\?.*request_id=/, (route) => (route.request().url().includes("page_token=")
    ? route.continue({ url: route.request().url().replace(/&page_token=[^&]*/, "") })
    : route.fulfill({ json: { requests: [], cursor: "", next_page_token: "next" } })));
  await row(page, "fits-late").waitFor();
});
