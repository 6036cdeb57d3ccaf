import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";
import { expect } from "vitest";

const require = createRequire(import.meta.url);

export const windows: Readonly<Record<string, BrowserContextOptions>> = {
  "desktop, light": { viewport: { width: 1360, height: 820 }, colorScheme: "light" },
  "desktop, dark": { viewport: { width: 1360, height: 820 }, colorScheme: "dark" },
  "phone, light": { viewport: { width: 390, height: 800 }, colorScheme: "light", hasTouch: true, isMobile: true },
  "phone, dark": { viewport: { width: 390, height: 800 }, colorScheme: "dark", hasTouch: true, isMobile: true },
};

export async function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--enable-precise-memory-info", "--js-flags=--expose-gc"],
  });
}

/** A page that takes down all that must not happen in it. */
export class Watched {
  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
    private readonly wrong: string[],
    /** What the page may say, such as refused requests that a test provokes. */
    private readonly expected: RegExp[],
  ) {}

  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Watched> {
    const context = await browser.newContext({ locale: "en-GB", timezoneId: "UTC", ...windows["desktop, light"], ...options });
    const page = await context.newPage();
    const watched = new Watched(page, context, [], []);
    const host = new URL(url).host;
    page.on("pageerror", (e) => watched.wrong.push(`error: ${e.message}\n${e.stack ?? ""}`));
    page.on("console", (m) => (m.type() === "error" || m.type() === "warning") && watched.wrong.push(`console: ${m.text()}`));
    page.on("dialog", (d) => {
      watched.wrong.push(`dialog: ${d.message()}`);
      void d.dismiss();
    });
    page.on("popup", () => watched.wrong.push("popup"));
    page.on("request", (r) => {
      const to = new URL(r.url());
      if (to.protocol !== "data:" && to.host !== host) watched.wrong.push(`asked another host: ${r.url()}`);
    });
    page.on("response", (r) => r.status() >= 400 && watched.wrong.push(`answered ${r.status()}: ${r.url()}`));
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
    });
    await page.goto(url);
    return watched;
  }

  /** The page may say so from now on. */
  mayHappen(what: RegExp): void {
    this.expected.push(what);
  }

  async close(): Promise<void> {
    const said = this.wrong.filter((w) => !this.expected.some((e) => e.test(w)));
    await this.context.close();
    expect(said).toEqual([]);
  }

  /** What axe has to say against the page as it is. */
  async accessible(what: string): Promise<void> {
    const source = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
    // Evaluated by the debugger, which no policy of the page's applies to.
    if (!(await this.page.evaluate(() => "axe" in window))) await this.page.evaluate(source);
    const found = await this.page.evaluate(async () => {
      const { axe } = window as unknown as { axe: Axe };
      const { violations } = await axe.run({ resultTypes: ["violations"] });
      return violations.map((v) => `${v.impact} ${v.id}: ${v.help}\n${v.nodes.slice(0, 3).map((n) => `${n.html}\n${n.failureSummary}`).join("\n")}`);
    });
    expect(found.filter((f) => /^(serious|critical|moderate)/.test(f)), what).toEqual([]);
  }
}

interface Axe {
  run(options: object): Promise<{ violations: { id: string; impact: string; help: string; nodes: { html: string; failureSummary: string }[] }[] }>;
}

/** The row of a request. */
export function row(page: Page, text: string | RegExp) {
  return page.getByRole("row").and(page.locator(".item")).filter({ hasText: text });
}
