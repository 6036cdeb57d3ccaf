import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { Collector } from "./collector";
import { launch, row, Watched } from "./page";
import { Request, says } from "./telemetry";

let browser: Browser;
let collector: Collector;
let watched: Watched;

beforeAll(async () => {
  [browser, collector] = await Promise.all([launch(), Collector.start({ live: 'trace_url: "http://127.0.0.1:1/{trace_id}"' })]);
  for (let n = 0; n < 60; n++) {
    await new Request(collector, `service-${n}`).end({
      input: [says("user", "one"), says("assistant", "two"), says("user", `question ${n}`)], output: [says("assistant", `answer ${n}`)],
      ...(n === 57 ? { error: { type: "Broken", message: "it broke" } } : {}),
    });
  }
});
afterAll(async () => {
  await browser?.close();
  await collector?.stop();
});
afterEach(() => watched.close());

it("does everything from the keyboard", async () => {
  watched = await Watched.open(browser, collector.base, { permissions: ["clipboard-read", "clipboard-write"] });
  const { page } = watched;
  await row(page, "service-59").waitFor();
  const detail = page.getByRole("region", { name: "Request" });
  const press = (...keys: string[]) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
  const active = async () => {
    const id = await page.getByRole("grid").getAttribute("aria-activedescendant");
    return id === null ? null : page.locator(`#${id} .c-service`).textContent();
  };
  await press("j");
  await expect.poll(active).toBe("service-59");
  await press("j", "ArrowDown", "k");
  await expect.poll(active).toBe("service-58");
  await press("Enter");
  await detail.getByText("answer 58").waitFor();
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("H2");
  await press("j");
  await detail.getByText("answer 57").waitFor();
  await detail.getByText("it broke").waitFor();
  await press("k", "k");
  await detail.getByText("answer 59").waitFor();
  await press("2");
  await page.getByRole("table", { name: "Events" }).or(page.getByText("No events")).first().waitFor();
  await press("1", "y");
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toMatch(/\/r\/[0-9a-f]{32}-[0-9a-f]{16}$/);
  await press("Escape");
  await detail.waitFor({ state: "detached" });
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("requests");
  // The end of the list comes into view.
  await press("G");
  await expect.poll(active).toBe("service-0");
  await expect.poll(() => row(page, "service-0").last().isVisible()).toBe(true);
  await press("g");
  await expect.poll(active).toBe("service-59");
  // A key that has nowhere to go leaves nothing behind that undoes scrolling.
  const top = () => page.getByRole("grid").evaluate((list) => list.scrollTop);
  await press("k");
  await page.getByRole("grid").evaluate((list) => list.scrollTo({ top: 400 }));
  await row(page, "service-45").waitFor();
  await new Request(collector, "service-60").end();
  await page.getByRole("button", { name: /newer/ }).waitFor();
  expect(await top()).toBeGreaterThanOrEqual(400);
  await press("g");
  await expect.poll(active).toBe("service-60");
  await expect.poll(top).toBe(0);
  // To where it is already, once more.
  await page.getByRole("grid").evaluate((list) => list.scrollTo({ top: 400 }));
  await expect.poll(top).toBe(400);
  await press("g");
  await expect.poll(top).toBe(0);
  await press("e");
  await row(page, "service-59").waitFor({ state: "detached" });
  await row(page, "service-57").waitFor();
  await press("e");
  await row(page, "service-59").waitFor();
  await press("/");
  await page.keyboard.type("question 33");
  await row(page, "service-59").waitFor({ state: "detached" });
  await row(page, "service-33").waitFor();
  // In the search, letters are letters.
  expect(await detail.count()).toBe(0);
  await page.getByRole("searchbox").fill("");
  await press("Escape");
  await row(page, "service-59").waitFor();
  await press("p");
  await page.getByRole("button", { name: "Go on" }).waitFor();
  await press("p");
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await press("?");
  const help = page.getByRole("dialog", { name: "Keyboard" });
  await help.getByText("follow the newest").waitFor();
  await watched.accessible("help");
  await press("Escape");
  await help.waitFor({ state: "detached" });
  await press("c");
  await row(page, "service-59").waitFor({ state: "detached" });
});

it("reaches all controls with Tab, each with a name and a mark of the focus", async () => {
  watched = await Watched.open(browser, collector.base);
  const { page } = watched;
  await row(page, "service-58").click();
  await page.getByText("answer 58").waitFor();
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  const reached = new Set<string>();
  for (let n = 0; n < 80; n++) {
    await page.keyboard.press("Tab");
    const on = await page.evaluate(() => {
      const e = document.activeElement;
      if (!e || e === document.body) return null;
      const style = getComputedStyle(e);
      const marked = style.outlineStyle !== "none" || e.classList.contains("divide") || e.classList.contains("skip");
      return { name: e.getAttribute("aria-label") ?? e.textContent?.trim() ?? "", marked, html: e.outerHTML.slice(0, 120) };
    });
    if (!on) continue; // the browser's own controls
    expect(on.name, on.html).not.toBe("");
    expect(on.marked, on.html).toBe(true);
    reached.add(on.name);
  }
  for (const name of ["To the requests", "Filter", "Pause", "Follow", "Clear", "Help", "LLM requests, newest first", "Width of the request",
    "Newer request (k)", "Older request (j)", "Copy permalink (y)", "JSON", "curl", "Trace", "Close (Esc)", "Plain", "Copy message"]) {
    expect([...reached], name).toContain(name);
  }
  // The fold of history opens with the keyboard, the pane gets wider.
  await page.getByText(/^History/).focus();
  await page.keyboard.press("Enter");
  await page.getByText("two", { exact: true }).waitFor();
  const width = () => page.locator(".detail").evaluate((e) => e.getBoundingClientRect().width);
  const before = await width();
  await page.getByRole("separator").focus();
  await page.keyboard.press("ArrowLeft");
  expect(await width()).toBeGreaterThan(before);
});

it("shows what is chosen in the reader's own colours too", async () => {
  watched = await Watched.open(browser, collector.base, { forcedColors: "active" });
  const { page } = watched;
  await row(page, "service-59").click();
  await page.getByText("answer 59").waitFor();
  const look = (selector: string) => page.locator(selector).first().evaluate((e) => {
    const style = getComputedStyle(e);
    return `${style.backgroundColor} ${style.outlineStyle} ${style.borderBottomColor}`;
  });
  expect(await look('.modes [aria-pressed="true"]')).not.toBe(await look('.modes [aria-pressed="false"]'));
  expect(await look('.item[aria-selected="true"]')).not.toBe(await look('.item[aria-selected="false"]'));
  expect(await look(".views a[aria-current]")).not.toBe(await look(".views a:not([aria-current])"));
  await page.keyboard.press("3");
  expect((await look(".bar")).split(" none")[0]).not.toBe((await look(".bar-track")).split(" none")[0]);
});

it("tells a screen reader what happens", async () => {
  watched = await Watched.open(browser, collector.base);
  const { page } = watched;
  await row(page, "service-59").waitFor();
  const said = () => page.getByRole("status").allTextContents();
  await expect.poll(said).toContain("Live");
  await page.keyboard.press("p");
  await expect.poll(said).toContain("Paused");
  expect(await page.getByRole("grid").getAttribute("aria-rowcount")).toBe("62");
  const first = page.getByRole("row").and(page.locator(".item")).first();
  expect(await first.getByRole("gridcell").count()).toBe(13);
  expect(Number(await row(page, "service-59").getAttribute("aria-rowindex"))).toBe(3);
});
