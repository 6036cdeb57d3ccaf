import { mkdir } from "node:fs/promises";
import { it } from "vitest";
import { Collector } from "../browser/collector";
import { launch, row, Watched } from "../browser/page";
import { Request, says, type Attributes } from "../browser/telemetry";

// Takes the pictures of docs/viewer: `npm run pictures`.

const folder = new URL("../../../docs/viewer/", import.meta.url).pathname;

const models = [
  ["gpt-4o", "openai", "checkout-assistant"], ["claude-sonnet-4-5", "anthropic", "support-bot"], ["gemini-2.5-pro", "gcp.vertex_ai", "research-agent"],
  ["text-embedding-3-small", "openai", "search-indexer"], ["gpt-4o-mini", "openai", "checkout-assistant"], ["mistral-large", "mistral_ai", "translator"],
] as const;

const answer = `Saturday looks **good for hiking**: 9–19 °C with a 10 % chance of rain.

| Train | Zürich HB | Bern | Platform |
|---|---|---|---|
| IC 8 | 08:02 | 08:58 | 31 |
| IC 1 | 08:32 | 09:28 | 32 |

Take the **08:02**: you are on the Gurten before ten.`;

async function usual(collector: Collector, n: number, began: number): Promise<void> {
  const [model, provider, service] = models[(n * 7 + (n >> 2)) % models.length] ?? models[0];
  const embeds = model.startsWith("text-");
  const tools = !embeds && n % 5 === 2;
  await new Request(collector, service, { began }).end({
    model, provider, began, ended: began + (embeds ? 60 + (n % 7) * 9 : 700 + ((n * 577) % 6200)), operation: embeds ? "embeddings" : "chat",
    tokens: [embeds ? 412 : 240 + ((n * 911) % 9000), embeds ? 0 : 20 + ((n * 131) % 1400)],
    ...(n % 17 === 5
      ? { error: { type: "RateLimitError", message: "429 Too Many Requests: quota exceeded for tokens per minute. Try again in 3.2 s." } }
      : { output: tools ? [{ role: "assistant", parts: [{ type: "tool_call", id: "x", name: "get_order", arguments: { id: 7 } }] }] : [says("assistant", "ok")] }),
    attributes: {
      "gen_ai.response.finish_reasons": [tools ? "tool_call" : "stop"], "gen_ai.conversation.id": `conv-${n % 6}`,
      ...(embeds ? {} : { "gen_ai.response.time_to_first_chunk": 0.18 + (n % 9) / 11 }),
    } satisfies Attributes,
  });
}

async function trip(collector: Collector, now: number): Promise<void> {
  const call = { type: "tool_call", id: "call_8Ry", name: "search_trains", arguments: { from: "Zürich", to: "Bern", after: "08:00" } };
  const weather = { type: "tool_call", id: "call_7Qx", name: "get_weather", arguments: { city: "Bern", days: 3 } };
  await new Request(collector, "travel-planner", { began: now - 3400 }).end({
    ended: now - 320, model: "gemini-2.5-pro", provider: "gcp.vertex_ai", tokens: [1406, 188],
    system: [{ type: "text", content: "You are a travel assistant for Switzerland. Be brief, use metric units, and never invent a connection." }],
    tools: [{ type: "function", name: "get_weather" }, { type: "function", name: "search_trains" }],
    input: [
      says("user", "Hi! Can you help me plan a trip?"), says("assistant", "Gladly. Where are you, and where would you like to go?"),
      says("user", "I'm in Zürich and want to hike near **Bern** on Saturday."), { role: "assistant", parts: [weather, call] },
      { role: "tool", parts: [{ type: "tool_call_response", id: "call_7Qx", response: { city: "Bern", high: 19, low: 9, rain: "10 %" } }] },
    ],
    output: [{ role: "assistant", finish_reason: "stop", parts: [{ type: "reasoning", content: "Saturday looks dry." }, { type: "text", content: answer }] }],
    attributes: {
      "gen_ai.response.time_to_first_chunk": 0.48, "gen_ai.request.temperature": 0.2, "gen_ai.request.max_tokens": 2048, "gen_ai.response.id": "resp-5f21c8",
      "gen_ai.usage.cache_read.input_tokens": 1024, "gen_ai.usage.reasoning.output_tokens": 64, "gen_ai.conversation.id": "conv-hike",
    },
  });
}

it("takes pictures of list and request", async () => {
  await mkdir(folder, { recursive: true });
  const [browser, collector] = await Promise.all([launch(), Collector.start({ live: 'trace_url: "https://traces.example/{trace_id}"' })]);
  try {
    const now = Date.now();
    for (let n = 0; n < 44; n++) await usual(collector, n, now - (44 - n) * 640 - 4000);
    await trip(collector, now);
    for (const service of ["support-bot", "checkout-assistant"]) await new Request(collector, service).log("gen_ai.user.message", { content: "Where is my order?" });
    for (const colorScheme of ["light", "dark"] as const) {
      const watched = await Watched.open(browser, collector.base, { viewport: { width: 1280, height: 720 }, colorScheme });
      const { page } = watched;
      await row(page, "travel-planner").getByText("done").waitFor();
      await page.screenshot({ path: `${folder}list-${colorScheme}.png` });
      await row(page, "travel-planner").click();
      await page.getByText("good for hiking").waitFor();
      await page.mouse.move(300, 700);
      await page.screenshot({ path: `${folder}request-${colorScheme}.png` });
      await watched.close();
    }
  } finally {
    await browser.close();
    await collector.stop();
  }
});
