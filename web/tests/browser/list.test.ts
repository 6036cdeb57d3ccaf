import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Collector } from "./collector";
import { launch, row, Watched, windows } from "./page";
import { Request, says, sendSpans, type Sent } from "./telemetry";

let browser: Browser;
let collector: Collector;
let watched: Watched;

beforeAll(async () => {
  [browser, collector] = await Promise.all([launch(), Collector.start({ live: "max_requests: 20000" })]);
});
afterAll(async () => {
  await browser?.close();
  await collector?.stop();
});
afterEach(() => watched.close());

const texts = (...names: string[]) => names.map((name) => expect.stringContaining(name));

it("says what to do when nothing has come yet", async () => {
  watched = await Watched.open(browser, collector.base);
  const { page } = watched;
  await page.getByRole("heading", { name: "No requests yet" }).waitFor();
  await page.getByText("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true").waitFor();
  await page.getByText("OTEL_EXPORTER_OTLP_ENDPOINT").waitFor();
  await watched.accessible("nothing yet");
});

describe.each(Object.entries(windows))("%s", (name, options) => {
  it("shows a request while it happens", async () => {
    watched = await Watched.open(browser, collector.base, options);
    const { page } = watched;
    await page.getByText("Live", { exact: true }).waitFor();
    const service = `live-${name.replace(", ", "-")}`;
    const request = new Request(collector, service);
    await request.log("gen_ai.user.message", { content: "are you there?" });
    const it = row(page, service);
    await it.getByText("open", { exact: true }).waitFor();
    await request.end({
      model: "gpt-4o", input: [says("user", "are you there?")],
      output: [{ role: "assistant", parts: [{ type: "tool_call", id: "1", name: "look", arguments: {} }], finish_reason: "tool_call" }],
      tokens: [1234, 56], attributes: { "gen_ai.response.time_to_first_chunk": 0.25, "gen_ai.usage.cache_read.input_tokens": 1000 },
    });
    await it.getByText("done", { exact: true }).waitFor();
    await it.getByText("gpt-4o").waitFor();
    if (name.startsWith("desktop")) {
      for (const said of ["openai", "chat", "250 ms", "1\u202f234", "56", "1", "stop"]) await it.getByText(said, { exact: true }).first().waitFor();
      expect(await it.locator(".c-in").getAttribute("title")).toBe("1\u202f234 input tokens, 1\u202f000 read from cache");
      expect(await it.locator(".c-duration").textContent()).toMatch(/ ms| s/);
    }
    await watched.accessible("list");
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing sticks out").toBe(true);
  });
});

it("shows errors and incomplete requests as such, and filters by them", async () => {
  const failed = new Request(collector, "failing");
  await failed.end({ error: { type: "RateLimitError", message: "slow down" } });
  const fine = new Request(collector, "fine");
  await fine.end({ model: "claude-sonnet", provider: "anthropic" });
  watched = await Watched.open(browser, collector.base);
  const { page } = watched;
  await row(page, "failing").getByText("RateLimitError").waitFor();
  await page.getByRole("button", { name: "Errors" }).click();
  await row(page, "fine").waitFor({ state: "detached" });
  await row(page, "failing").waitFor();
  expect(page.url()).toContain("status=error");
  // New ones are filtered as well.
  await new Request(collector, "fine-2").end();
  await new Request(collector, "failing-2").end({ error: { type: "Timeout", message: "" } });
  await row(page, "failing-2").waitFor();
  expect(await row(page, "fine-2").count()).toBe(0);
  await page.reload();
  await row(page, "failing-2").waitFor();
  expect(await row(page, "fine").count()).toBe(0);
  await page.getByRole("button", { name: "Take off Status: error" }).click();
  await row(page, "fine-2").waitFor();
  expect(page.url()).not.toContain("status");
});

it("filters by what the list has, and by duration, tools and state", async () => {
  const now = Date.now();
  await new Request(collector, "slow", { began: now - 9000 }).end({ model: "m-slow" });
  await new Request(collector, "tooled").end({ output: [{ role: "assistant", parts: [{ type: "tool_call", id: "1", name: "x" }] }] });
  const open = new Request(collector, "hanging");
  await open.log("gen_ai.user.message", { content: "wait" });
  watched = await Watched.open(browser, collector.base);
  const { page } = watched;
  await row(page, "slow").waitFor();
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByLabel("At least so long (ms)").fill("8000");
  await page.keyboard.press("Enter");
  await row(page, "tooled").waitFor({ state: "detached" });
  await row(page, "slow").waitFor();
  await page.getByRole("button", { name: "Show everything" }).first().click();
  await page.getByRole("button", { name: "Tools" }).click();
  await row(page, "slow").waitFor({ state: "detached" });
  await row(page, "tooled").waitFor();
  await page.getByRole("button", { name: "Tools" }).click();
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await row(page, "tooled").waitFor({ state: "detached" });
  await row(page, "hanging").waitFor();
  await page.getByRole("button", { name: "Open", exact: true }).click();
  const model = page.getByRole("combobox", { name: "Model" });
  await model.fill("m-slow");
  await model.press("Enter");
  await row(page, "tooled").waitFor({ state: "detached" });
  await row(page, "slow").waitFor();
  expect(new URL(page.url()).searchParams.getAll("model")).toEqual(["m-slow"]);
  await model.fill("gpt-4o");
  await model.press("Enter");
  await row(page, "tooled").waitFor();
  await watched.accessible("filters");
});

it("says what is wrong with a filter that the server refuses, and does not ask again", async () => {
  await new Request(collector, "of-many").end();
  watched = await Watched.open(browser, collector.base);
  watched.mayHappen(/400/);
  const { page } = watched;
  await page.clock.install();
  let asked = 0;
  page.on("request", (r) => (asked += r.url().includes("/api/v1/requests?") ? 1 : 0));
  await page.goto(`${collector.base}?${Array.from({ length: 33 }, (_, n) => `service=of-many${n || ""}`).join("&")}`);
  await page.getByText(/service: 33 values.* are too many: 32 in all are allowed/).waitFor();
  expect(await page.getByText(/Not connected|Trying/).count()).toBe(0);
  await page.clock.runFor(60_000);
  expect(asked).toBe(1);
  await watched.accessible("refused");
  await page.getByRole("button", { name: "Take off Service: of-many32" }).click();
  await row(page, "of-many").waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  expect(await page.getByText("too many").count()).toBe(0);
});

it("finds text in content, before and after it came", async () => {
  await new Request(collector, "needle-old").end({ input: [says("user", 'look for "Xyzzy" here')] });
  await new Request(collector, "haystack").end({ input: [says("user", "nothing")] });
  watched = await Watched.open(browser, collector.base);
  const { page } = watched;
  await row(page, "haystack").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type('"Xyzzy"');
  await row(page, "haystack").waitFor({ state: "detached" });
  await row(page, "needle-old").waitFor();
  await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBe('"Xyzzy"');
  // In any case, at once and later.
  await page.getByRole("searchbox").fill('FOR "xYZZY"');
  await row(page, "needle-old").waitFor();
  await new Request(collector, "needle-shouted").log("gen_ai.user.message", { content: 'LOOK FOR "XYZZY"' });
  await row(page, "needle-shouted").waitFor();
  await page.getByRole("searchbox").fill('"Xyzzy"');
  const later = new Request(collector, "needle-new");
  await later.log("gen_ai.user.message", { content: 'another "Xyzzy"' });
  await row(page, "needle-new").waitFor();
  await page.getByRole("searchbox").fill("nowhere at all");
  await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
  await watched.accessible("nothing fits");
  await page.getByRole("button", { name: "Show everything" }).last().click();
  await row(page, "haystack").waitFor();
});

it("finds live what it would find later, not what every event has", async () => {
  watched = await Watched.open(browser, `${collector.base}?q=request_id`);
  const { page } = watched;
  await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
  await new Request(collector, "has-no-such-text").end();
  await new Request(collector, "has-it").end({ input: [says("user", "what is a request_id?")] });
  await row(page, "has-it").waitFor();
  expect(await page.locator(".row.item").count()).toBe(1);
});

it("shows many that turn out to fit at once", async () => {
  watched = await Watched.open(browser, `${collector.base}?model=at-once`);
  const { page } = watched;
  await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
  const many = Array.from({ length: 120 }, () => new Request(collector, "at-once"));
  for (const request of many) await request.log("gen_ai.user.message", { content: "of which model?" });
  await sendSpans(collector, many.map((r) => r.asSpan({ model: "at-once" })));
  await expect.poll(async () => Number(await page.getByRole("grid").getAttribute("aria-rowcount"))).toBe(121);
});

it("pauses with a count, goes on, follows, and clears", async () => {
  watched = await Watched.open(browser, collector.base);
  const { page } = watched;
  await page.getByText("Live", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  for (let n = 0; n < 3; n++) await new Request(collector, `paused-${n}`).end();
  await page.getByRole("button", { name: "Go on · 3 waiting" }).waitFor();
  expect(await row(page, "paused-").count()).toBe(0);
  expect(await page.title()).toMatch(/^\(3\)/);
  // Filters are of what is shown, and count what waits for them.
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await page.getByRole("button", { name: "Go on", exact: true }).waitFor();
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await page.getByRole("button", { name: "Go on · 3 waiting" }).click();
  await row(page, "paused-2").waitFor();
  const services = await page.locator(".row.item .c-service").allTextContents();
  expect(services.slice(0, 3)).toEqual(texts("paused-2", "paused-1", "paused-0"));
  await page.getByRole("button", { name: "Clear" }).click();
  await row(page, "paused-2").waitFor({ state: "detached" });
  await page.getByRole("heading", { name: "Cleared" }).waitFor();
  expect(await page.getByRole("heading", { name: "No requests yet" }).count()).toBe(0);
  await new Request(collector, "after-clear").end();
  await row(page, "after-clear").waitFor();
  expect(await page.locator(".row.item").count()).toBe(1);
});

it("holds 10,000 requests, of which it draws those that are seen, and keeps its place", async () => {
  const spans: Sent[] = [];
  for (let n = 0; n < 10_500; n++) {
    const r = new Request(collector, `many-${n}`);
    spans.push(r.asSpan({ model: `model-${n % 7}` }));
  }
  for (let n = 0; n < spans.length; n += 500) await sendSpans(collector, spans.slice(n, n + 500));
  watched = await Watched.open(browser, collector.base);
  const { page } = watched;
  const list = page.getByRole("grid");
  await row(page, "many-10499").waitFor();
  // Down to the oldest that it keeps: pages come as they are needed, also when one fails.
  watched.mayHappen(/ERR_FAILED/);
  let failures = 0;
  await page.route(/page_token/, (route) => (failures++ === 1 ? route.abort() : route.continue()));
  const rows = async () => Number(await list.getAttribute("aria-rowcount")) - 1;
  await expect.poll(async () => {
    await list.evaluate((e) => e.scrollTo({ top: e.scrollHeight }));
    return rows();
  }, { timeout: 40_000, interval: 30 }).toBe(10_000);
  expect(await page.locator(".row.item").count()).toBeLessThan(90);
  // Scrolled, what is looked at stays where it is while others come.
  await list.evaluate((e) => e.scrollTo({ top: 90_000 }));
  await page.waitForFunction(() => document.querySelector(".newer") !== null);
  const place = () => page.evaluate(() => {
    const head = document.querySelector(".row.head")?.getBoundingClientRect().bottom ?? 0;
    const first = [...document.querySelectorAll(".row.item")].map((e) => ({ top: e.getBoundingClientRect().top - head, text: e.querySelector(".c-service")?.textContent }))
      .filter((r) => r.top > -20).sort((a, b) => a.top - b.top)[0];
    return first && `${first.text} at ${Math.round(first.top)}`;
  });
  await expect.poll(place).toMatch(/^many-7\d\d\d at -?\d$/);
  const before = await place();
  const newest = new Request(collector, "came-later");
  await sendSpans(collector, [newest.asSpan(), ...Array.from({ length: 40 }, () => new Request(collector, "others").asSpan())]);
  await expect.poll(() => page.locator(".newer").textContent()).toMatch(/3\u202f041 newer/);
  await expect.poll(place).toBe(before);
  await page.locator(".newer").click();
  await row(page, "others").first().waitFor();
  expect(await list.evaluate((e) => e.scrollTop)).toBe(0);
  expect(await rows()).toBe(10_000);
}, 120_000);
