import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { Collector } from "./collector";
import { launch, row, Watched } from "./page";
import { Request, sendSpans } from "./telemetry";

let browser: Browser;
let collector: Collector;
let watched: Watched;
/** More than the list has at first, and than a page of older ones has. */
const many = 900;
let requests: Request[];

beforeAll(async () => {
  [browser, collector] = await Promise.all([launch(), Collector.start()]);
  requests = Array.from({ length: many }, (_, n) => new Request(collector, `nr-${n}.`, { began: Date.now() - 60_000 + n }));
  for (const request of requests) {
    await sendSpans(collector, [request.asSpan(request.service === "nr-3." ? { error: { type: "Broken", message: "" } } : {})]);
  }
});
afterAll(async () => {
  await browser?.close();
  await collector?.stop();
});
afterEach(() => watched.close());

const link = (n: number): string => `${collector.base}r/${requests[n]?.id}`;
const isAt = (page: Page, n: number) => expect.poll(() => page.url().split("?")[0]).toBe(link(n));
const newer = (page: Page) => page.getByRole("button", { name: "Newer request (k)" });
const old = (page: Page) => page.getByRole("button", { name: "Older request (j)" });
const rows = async (page: Page) => Number(await page.getByRole("grid").getAttribute("aria-rowcount")) - 1;

it("steps from a permalink to what is older than all that was listed", async () => {
  watched = await Watched.open(browser, link(5));
  const { page } = watched;
  await page.getByRole("link", { name: "nr-5." }).waitFor();
  await row(page, `nr-${many - 1}.`).waitFor();
  expect(await rows(page)).toBe(200);
  await newer(page).click();
  await isAt(page, 6);
  await page.getByRole("link", { name: "nr-6." }).waitFor();
  expect(await rows(page)).toBe(many);
  await old(page).click();
  await isAt(page, 5);
  await page.keyboard.press("j");
  await isAt(page, 4);
  // The ends of the list are ends.
  await page.keyboard.press("G");
  await isAt(page, 0);
  await expect.poll(() => old(page).isDisabled()).toBe(true);
  await expect.poll(() => row(page, "nr-0.").getAttribute("aria-selected")).toBe("true");
  await page.keyboard.press("g");
  await isAt(page, many - 1);
  await expect.poll(() => newer(page).isDisabled()).toBe(true);
});

it("steps over the end of what was fetched, and tells when it cannot", async () => {
  watched = await Watched.open(browser, link(many - 200));
  watched.mayHappen(/ERR_FAILED/);
  const { page } = watched;
  await row(page, `nr-${many - 1}.`).waitFor();
  await page.getByRole("link", { name: `nr-${many - 200}.` }).waitFor();
  await page.route(/page_token/, (route) => route.abort());
  await old(page).click();
  await page.getByText("Older requests cannot be fetched just now").first().waitFor();
  await isAt(page, many - 200);
  await page.unroute(/page_token/);
  await old(page).click();
  await isAt(page, many - 201);
});

it("goes to the last of all, also of what a filter leaves and while the list is paused", async () => {
  watched = await Watched.open(browser, collector.base);
  const { page } = watched;
  await row(page, `nr-${many - 1}.`).waitFor();
  await page.keyboard.press("p");
  await page.getByRole("button", { name: "Go on" }).waitFor();
  await page.keyboard.press("G");
  await row(page, "nr-0.").waitFor();
  expect(await rows(page)).toBe(many);
  await page.goto(`${link(700)}?state=error&state=done`);
  await row(page, `nr-${many - 1}.`).waitFor();
  await page.getByRole("link", { name: "nr-700." }).waitFor();
  await page.keyboard.press("G");
  await isAt(page, 0);
  // Whoever goes elsewhere meanwhile stays there, and no more is fetched.
  await page.goto(collector.base);
  await row(page, `nr-${many - 1}.`).waitFor();
  let go = (): void => undefined;
  const held = new Promise<void>((resolve) => (go = resolve));
  let asked = 0;
  await page.route(/page_token/, async (route) => {
    asked++;
    await held;
    await route.continue();
  });
  await page.keyboard.press("G");
  await expect.poll(() => asked).toBe(1);
  await page.keyboard.press("g");
  go();
  await expect.poll(() => rows(page)).toBe(700);
  await page.evaluate(() => fetch("/healthz"));
  expect(asked).toBe(1);
  expect(await page.locator(".item.active").textContent()).toContain(`nr-${many - 1}.`);
});

it("knows that a request is not in the list when all of it was looked through", async () => {
  watched = await Watched.open(browser, `${link(5)}?status=error`);
  const { page } = watched;
  await row(page, "nr-3.").waitFor();
  await page.getByRole("link", { name: "nr-5." }).waitFor();
  expect([await newer(page).isDisabled(), await old(page).isDisabled()]).toEqual([true, true]);
  await page.keyboard.press("j");
  await isAt(page, 3);
});
