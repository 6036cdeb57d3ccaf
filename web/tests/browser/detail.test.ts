import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Collector } from "./collector";
import { launch, row, Watched, windows } from "./page";
import { Request, says, sendSpans } from "./telemetry";

let browser: Browser;
let collector: Collector;
let watched: Watched;

beforeAll(async () => {
  [browser, collector] = await Promise.all([
    launch(), Collector.start({ live: 'trace_url: "http://127.0.0.1:1/trace/{trace_id}?span={span_id}"\nretention: 10m' }),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await collector?.stop();
});
afterEach(() => watched.close());

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** A request that has everything. */
async function rich(service: string): Promise<Request> {
  const request = new Request(collector, service, { began: Date.now() - 1500 });
  await request.end({
    model: "gpt-4o",
    system: [{ type: "text", content: "You are **kind**." }],
    tools: [{ type: "function", name: "get_weather", description: "the weather" }],
    input: [
      says("user", "first question"), says("assistant", "first answer"), says("user", "what about Rome?"),
      { role: "assistant", parts: [{ type: "tool_call", id: "call_1", name: "get_weather", arguments: { city: "Rome" } }] },
      { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: { celsius: 21 } }] },
      {
        role: "user", parts: [
          { type: "blob", modality: "image", mime_type: "image/png", content: pixel },
          { type: "uri", modality: "image", mime_type: "image/jpeg", uri: "https://pictures.example/cat.jpg" },
        ],
      },
    ],
    output: [{
      role: "assistant", finish_reason: "stop",
      parts: [{ type: "reasoning", content: "thinking about it" }, { type: "text", content: "It is **21 °C** in Rome.\n\n- sunny\n- dry" }],
    }],
    tokens: [321, 45],
    attributes: { "gen_ai.request.temperature": 0.2, "gen_ai.request.max_tokens": 512, "gen_ai.response.id": "resp-1", "gen_ai.usage.reasoning.output_tokens": 12, "gen_ai.conversation.id": "conv-7", "server.address": "api.example" },
  });
  return request;
}

async function open(page: Page, service: string): Promise<void> {
  await row(page, service).click();
  await page.getByRole("region", { name: "Request" }).waitFor();
}

const article = (page: Page, role: string) => page.getByRole("article", { name: `${role} message` });

describe.each(Object.entries(windows))("%s", (name, options) => {
  it("shows a transcript, folded where it is long", async () => {
    const service = `rich-${name.replace(", ", "-")}`;
    const request = await rich(service);
    watched = await Watched.open(browser, collector.base, options);
    const { page } = watched;
    await open(page, service);
    const detail = page.getByRole("region", { name: "Request" });
    await detail.getByText("It is 21 °C in Rome.").waitFor();
    expect(await detail.locator(".markdown strong").last().textContent()).toBe("21 °C");
    // Folded: history, system prompt, reasoning.
    for (const folded of ["first question", "You are kind.", "thinking about it"]) expect(await detail.getByText(folded).isVisible()).toBe(false);
    await detail.getByText("History 4 messages of earlier turns").click();
    await detail.getByText("first question").waitFor();
    await detail.getByText(/^System prompt/).click();
    await detail.getByText("You are kind.", { exact: true }).waitFor();
    await detail.getByText(/^Reasoning/).click();
    await detail.getByText("thinking about it").waitFor();
    await detail.getByText("1 tool on offer").waitFor();
    // Media are named, not loaded.
    await detail.getByText("image · image/png · 70 B").waitFor();
    await detail.getByText("https://pictures.example/cat.jpg").waitFor();
    expect(await page.locator("img").count()).toBe(0);
    // Parameters and tokens.
    const parameters = detail.getByRole("region", { name: "Parameters and tokens" });
    expect(await parameters.textContent()).toMatch(/temperature0.2/);
    expect(await parameters.textContent()).toMatch(/reasoning12/);
    expect(await parameters.textContent()).toMatch(/idresp-1/);
    expect(new URL(page.url()).pathname).toBe(`/r/${request.id}`);
    await watched.accessible("transcript");
    for (const view of ["Timeline", "Calls", "Raw"]) {
      await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: view }).click();
      expect(new URL(page.url()).searchParams.get("view")).toBe(view.toLowerCase());
      await watched.accessible(view);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing sticks out").toBe(true);
    }
    await page.getByRole("button", { name: "Close (Esc)" }).click();
    await row(page, service).waitFor();
    expect(new URL(page.url()).pathname).toBe("/");
  });
});

it("pairs a tool call with its result", async () => {
  await rich("paired");
  watched = await Watched.open(browser, collector.base);
  const { page } = watched;
  await open(page, "paired");
  const result = article(page, "tool");
  await result.getByText("Result of get_weather").waitFor();
  await result.getByText('{"city":"Rome"}').waitFor();
  await result.getByText("celsius").waitFor();
  const call = article(page, "assistant").filter({ hasText: "call_1" });
  expect(await call.isVisible(), "it is in the history").toBe(false);
  await result.getByRole("button", { name: "Call", exact: true }).click();
  await call.waitFor();
  expect(await call.evaluate((e) => document.activeElement === e)).toBe(true);
  await call.getByRole("button", { name: "Result", exact: true }).click();
  expect(await result.evaluate((e) => document.activeElement === e)).toBe(true);
});

it("shows messages as Markdown, plain and raw, and remembers which", async () => {
  await rich("modes");
  watched = await Watched.open(browser, collector.base);
  const { page } = watched;
  await open(page, "modes");
  const answer = article(page, "assistant").last();
  await answer.locator("li", { hasText: "sunny" }).waitFor();
  await page.getByRole("button", { name: "Plain", exact: true }).click();
  await answer.getByText("It is **21 °C** in Rome.").waitFor();
  await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Transcript" }).focus();
  await page.keyboard.press("m");
  await answer.getByText('"type": "reasoning"').waitFor();
  await page.reload();
  await answer.getByText('"type": "reasoning"').waitFor();
});

it("grows while the request does", async () => {
  const request = new Request(collector, "growing");
  await request.log("gen_ai.user.message", { content: "tell me a story" });
  watched = await Watched.open(browser, collector.base);
  const { page } = watched;
  await open(page, "growing");
  await page.getByText("tell me a story").waitFor();
  await request.log("gen_ai.choice", { index: 0, message: { content: "Once upon a time" } });
  await page.getByText("Once upon a time").waitFor();
  await page.getByText("Going on for").waitFor();
  await page.getByRole("link", { name: /^Timeline 2/ }).waitFor();
  await request.end({ tokens: [7, 8] });
  const detail = page.getByRole("region", { name: "Request" });
  await detail.getByText("7 in · 8 out").waitFor();
  await detail.getByText("done", { exact: true }).waitFor();
  // Also when the list's stream leaves it out.
  const other = new Request(collector, "other-service");
  await other.log("gen_ai.user.message", { content: "begun" });
  await page.goto(`${collector.base}r/${other.id}?service=growing`);
  await page.getByText("begun").waitFor();
  await other.log("gen_ai.choice", { index: 0, message: { content: "seen all the same" } });
  await page.getByText("seen all the same").waitFor();
});

it("grows when a filter is set beside it", async () => {
  const request = new Request(collector, "beside-a-filter");
  await request.log("gen_ai.user.message", { content: "a question" });
  watched = await Watched.open(browser, collector.base);
  const { page } = watched;
  await open(page, "beside-a-filter");
  await page.getByText("a question").waitFor();
  await page.getByRole("button", { name: "Errors" }).click();
  await row(page, "beside-a-filter").waitFor({ state: "detached" });
  await page.getByText("Live", { exact: true }).waitFor();
  await request.log("gen_ai.choice", { index: 0, message: { content: "an answer" } });
  await page.getByText("an answer").waitFor();
});

it("becomes the request that it turns out to be a part of", async () => {
  const merging = await Collector.start({ buffer: "request_id: {attributes: [app.request.id]}" });
  try {
    const request = new Request(merging, "merging");
    await request.log("gen_ai.user.message", { content: "whose am I?" });
    watched = await Watched.open(browser, merging.base);
    const { page } = watched;
    await open(page, "merging");
    await page.getByText("whose am I?").waitFor();
    await page.getByRole("searchbox").focus();
    await request.end({ attributes: { "app.request.id": "order-7" }, tokens: [77, 88] });
    await expect.poll(() => new URL(page.url()).pathname).toBe("/r/order-7");
    await page.getByRole("region", { name: "Request" }).getByText("77 in · 88 out").waitFor();
    await page.getByText("whose am I?").waitFor();
    await expect.poll(() => row(page, "merging").count()).toBe(1);
    expect(await page.evaluate(() => document.activeElement?.id), "nobody took the focus").toBe("search");
  } finally {
    await watched.page.close(); // it would miss the server
    await merging.stop();
  }
});

it("tells requests of one id apart by their processor", async () => {
  const two = await Collector.start({ twice: true });
  try {
    const request = new Request(two, "both");
    await request.end({ output: [says("assistant", "from one of them")] });
    watched = await Watched.open(browser, two.base, { permissions: ["clipboard-read", "clipboard-write"] });
    const { page } = watched;
    await expect.poll(() => row(page, "both").count()).toBe(2);
    const pasted = () => page.evaluate(() => navigator.clipboard.readText());
    const seen: string[] = [];
    const processor = page.locator(".raw .json-line", { hasText: "processor" }).locator(".json-text");
    for (const n of [0, 1]) {
      await row(page, "both").nth(n).click();
      await page.getByText("from one of them").waitFor();
      expect(await page.locator('.item[aria-selected="true"]').count()).toBe(1);
      await page.keyboard.press("4");
      const its = (await processor.textContent()) ?? "";
      seen.push(its);
      // Its addresses are its own.
      await page.keyboard.press("y");
      const permalink = `${two.base}r/${request.id}?${new URLSearchParams({ component: its }).toString()}`;
      await expect.poll(pasted).toBe(permalink);
      expect(page.url()).toBe(`${permalink}&view=raw`);
      await page.getByRole("button", { name: "curl" }).click();
      await expect.poll(pasted).toBe(`curl -sS '${two.base}api/v1/requests/${request.id}?${new URLSearchParams({ processor: its }).toString()}'`);
      await page.keyboard.press("1");
    }
    expect(seen.toSorted()).toEqual(["gen_ai_buffer", "gen_ai_buffer/again"]);
    for (const [n, its] of seen.entries()) {
      await page.goto(`${two.base}r/${request.id}?${new URLSearchParams({ component: its, view: "raw" }).toString()}`);
      await expect.poll(() => processor.textContent()).toBe(its);
      await expect.poll(() => row(page, "both").nth(n).getAttribute("aria-selected")).toBe("true");
    }
    // One step away is the other, not the same again.
    await page.getByRole("button", { name: "Newer request (k)" }).click();
    await expect.poll(() => processor.textContent()).toBe(seen[0]);
    expect(new URL(page.url()).searchParams.get("component")).toBe(seen[0]);
  } finally {
    await watched.page.close(); // it would miss the server
    await two.stop();
  }
});

it("leads from a fact to the list where there is room for one of them only", async () => {
  await rich("on-a-phone");
  watched = await Watched.open(browser, collector.base, windows["phone, light"]);
  const { page } = watched;
  await open(page, "on-a-phone");
  await page.getByRole("link", { name: "on-a-phone" }).click();
  await row(page, "on-a-phone").waitFor();
  expect(new URL(page.url()).search).toBe("?service=on-a-phone");
});

it("asks again when the server did not answer", async () => {
  const request = await rich("asked-twice");
  watched = await Watched.open(browser, collector.base);
  const { page } = watched;
  watched.mayHappen(/502|ERR_FAILED/);
  let refused = 0;
  await page.route(`**/api/v1/requests/${request.id}*`, (route) => (refused++ === 0 ? route.fulfill({ status: 502, body: "bad gateway" }) : route.continue()));
  await open(page, "asked-twice");
  await page.getByText("It is 21 °C in Rome.").waitFor();
  expect(refused).toBeGreaterThan(1);
});

it("shows the timeline in both orders, with what is late", async () => {
  const now = Date.now();
  const request = new Request(collector, "timed", { began: now - 1000 });
  await request.log("gen_ai.choice", { index: 0, message: { content: "the answer" } }, { at: now - 100, observed: now + 1900 });
  await request.log("gen_ai.user.message", { content: "the question" }, { at: now - 900, severity: "WARN" });
  await request.end({ began: now - 1000, ended: now });
  watched = await Watched.open(browser, collector.base);
  const { page } = watched;
  await open(page, "timed");
  await page.getByRole("region", { name: "Request" }).getByText("done").waitFor();
  await expect.poll(async () => {
    const { state } = (await (await fetch(`${collector.base}api/v1/requests/${request.id}`)).json()) as { state: string };
    return state;
  }).toBe("flushed");
  await request.log("gen_ai.evaluation.result", null, { at: now + 50, attributes: { "gen_ai.evaluation.name": "relevance" } });
  await page.getByRole("link", { name: /^Timeline 3/ }).click();
  const table = page.getByRole("table", { name: "Events" });
  const lines = async () => (await table.locator(".moment-place .moment").allTextContents()).map((t) => t.trim());
  const names = () => table.locator(".moment-name bdi").allTextContents();
  await expect.poll(names).toEqual(["chat gpt-4o begins", "gen_ai.user.message", "gen_ai.choice", "chat gpt-4o ends", "gen_ai.evaluation.result"]);
  const said = await lines();
  expect(said[1]).toMatch(/^12100 ms100 mslog.*WARN/);
  expect(said[2]).toMatch(/^21900 ms800 mslog.*observed 2 s later/);
  expect(said[4]).toMatch(/late/);
  await page.getByText("by the span that the telemetry names").waitFor();
  await page.getByText("span_end").or(page.getByText("late", { exact: true })).first().waitFor();
  await page.getByRole("button", { name: "As they arrived" }).click();
  await expect.poll(names).toEqual(["gen_ai.choice", "gen_ai.user.message", "gen_ai.evaluation.result"]);
  expect((await lines())[1]).toMatch(/−800 ms/);
  await table.getByRole("button", { name: "gen_ai.user.message" }).click();
  await table.getByText("the question").waitFor();
  await watched.accessible("timeline with an open event");
});

it("shows calls as a waterfall, an error, and the raw envelope", async () => {
  const now = Date.now();
  const request = new Request(collector, "failed-call", { began: now - 2000 });
  await request.end({ error: { type: "RateLimitError", message: "slow down, please" }, ended: now });
  watched = await Watched.open(browser, collector.base);
  const { page } = watched;
  await open(page, "failed-call");
  await page.getByRole("note").getByText("slow down, please").waitFor();
  await page.getByText("Content was not captured").waitFor();
  await page.getByText("TRACELOOP_TRACE_CONTENT=true").waitFor();
  await page.keyboard.press("3");
  const bar = page.getByRole("list", { name: "Calls" }).getByRole("button");
  expect(await bar.textContent()).toMatch(/inference.*chat gpt-4o.*error.*2 s/);
  await bar.click();
  await page.getByText("request_model").waitFor();
  await page.keyboard.press("4");
  await page.locator(".raw").getByText("schema_version").waitFor();
  await page.locator(".raw").getByText('RateLimitError').first().waitFor();
});

it("copies, links and steps", async () => {
  await rich("first-of-two");
  const request = await rich("second-of-two");
  watched = await Watched.open(browser, collector.base, { permissions: ["clipboard-read", "clipboard-write"] });
  const { page } = watched;
  const pasted = () => page.evaluate(() => navigator.clipboard.readText());
  await open(page, "second-of-two");
  await page.getByRole("button", { name: "Copy permalink (y)" }).click();
  await expect.poll(pasted).toBe(`${collector.base}r/${request.id}`);
  await page.getByRole("button", { name: "JSON", exact: true }).click();
  await expect.poll(async () => (JSON.parse((await pasted()) || "{}") as { request_id?: string }).request_id).toBe(request.id);
  await page.getByRole("button", { name: "curl" }).click();
  await expect.poll(pasted).toBe(`curl -sS '${collector.base}api/v1/requests/${request.id}'`);
  await article(page, "assistant").last().getByRole("button", { name: "Copy message" }).click();
  await expect.poll(pasted).toContain("It is **21 °C** in Rome.");
  await page.getByText("Message copied").first().waitFor();
  const link = page.getByRole("link", { name: "Trace", exact: true });
  expect(await link.getAttribute("href")).toBe(`http://127.0.0.1:1/trace/${request.trace}?span=${request.span}`);
  expect(await link.getAttribute("rel")).toBe("noopener noreferrer");
  await page.getByRole("button", { name: "Older request (j)" }).click();
  await page.getByRole("link", { name: "first-of-two" }).waitFor();
  await page.getByRole("button", { name: "Newer request (k)" }).click();
  await page.getByRole("link", { name: "second-of-two" }).waitFor();
  // Facts lead to what shares them.
  await page.getByRole("link", { name: "conv-7" }).click();
  expect(new URL(page.url()).searchParams.get("conversation_id")).toBe("conv-7");
  await row(page, "first-of-two").or(row(page, "conv")).first().waitFor();
  // A permalink opens by itself.
  await page.goto(`${collector.base}r/${request.id}`);
  await page.getByText("It is 21 °C in Rome.").waitFor();
});

it("says when the server does not have the request", async () => {
  watched = await Watched.open(browser, `${collector.base}r/nobody-knows-me`);
  watched.mayHappen(/404/);
  await watched.page.getByText("The server does not know this request").waitFor();
  await watched.accessible("unknown request");
});

it("shows the calls of an agent below each other", async () => {
  // All spans of a trace are one request here.
  const traces = await Collector.start({ buffer: "request_id:\n  fallback: trace" });
  try {
    const now = Date.now();
    const agent = new Request(traces, "agent-run", { began: now - 3000 });
    const ask = new Request(traces, "agent-run", { trace: agent.trace, began: now - 2500 });
    const tool = new Request(traces, "agent-run", { trace: agent.trace, began: now - 1500 });
    const call = { role: "assistant", parts: [{ type: "tool_call", id: "c1", name: "get_weather", arguments: { city: "Bern" } }] };
    await sendSpans(traces, [
      agent.asSpan({ operation: "invoke_agent", name: "invoke_agent helper", ended: now }),
      ask.asSpan({
        parent: agent.span, ended: now - 1600, input: [says("user", "and Bern?")], output: [call], tokens: [1200, 340], attributes: {
          "gen_ai.response.time_to_first_chunk": 0.4, "gen_ai.usage.cache_read.input_tokens": 1000, "gen_ai.usage.cache_write.input_tokens": 150,
          "gen_ai.usage.reasoning.output_tokens": 200,
        },
      }),
      tool.asSpan({
        parent: agent.span, ended: now - 1000, operation: "execute_tool", name: "execute_tool get_weather",
        attributes: { "gen_ai.tool.name": "get_weather", "gen_ai.tool.call.id": "c1", "gen_ai.tool.call.result": '{"celsius":18}' },
      }),
    ]);
    watched = await Watched.open(browser, traces.base);
    const { page } = watched;
    await open(page, "agent-run");
    await page.getByText("Result, from its own span").first().click();
    await page.getByText("celsius").first().waitFor();
    await page.getByRole("link", { name: "Calls 3" }).click();
    const names = await page.getByRole("list", { name: "Calls" }).locator(".bar-name bdi").allTextContents();
    expect(names).toEqual(["invoke_agent helper", "chat gpt-4o", "execute_tool get_weather"]);
    const left = await page.locator(".bar").evaluateAll((bars) => bars.map((b) => Math.round(b.getBoundingClientRect().left)));
    expect(left[1]).toBeGreaterThan(left[0] ?? 0);
    expect(left[2]).toBeGreaterThan(left[1] ?? 0);
    await page.locator(".bar-chunk").waitFor();
    const tokens = "1\u202f200 in (1\u202f000 read from cache, 150 written to cache) · 340 out (200 for reasoning)";
    expect(await page.locator(".bar-row", { hasText: "chat gpt-4o" }).locator(".bar-tokens").textContent()).toBe(tokens);
    expect(await page.locator(".bar-total").textContent()).toMatch(/^Tokens of the request .+ in \(1\u202f000 read from cache, 150 written to cache\) · .+ out \(200 for reasoning\)$/);
    await watched.accessible("waterfall");
  } finally {
    await watched.page.close(); // it would miss the server
    await traces.stop();
  }
});
