import { createServer, request as ask, type Server } from "node:http";
import type { Socket } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { Collector } from "./collector";
import { launch, row, Watched } from "./page";
import { Request, says } from "./telemetry";

let browser: Browser;
let watched: Watched | null = null;
const running: Collector[] = [];

beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
});
afterEach(async () => {
  const page = watched;
  watched = null;
  try {
    await page?.close();
  } finally {
    await Promise.all(running.splice(0).map((c) => c.stop()));
  }
});

async function collector(wanted: Parameters<typeof Collector.start>[0]): Promise<Collector> {
  const started = await Collector.start(wanted);
  running.push(started);
  return started;
}

it("asks for name and password, keeps them for the tab, and forgets them", async () => {
  const c = await collector({
    extensions: { "basicauth/viewers": 'htpasswd:\n  inline: "ünïcode:pass:word"' }, live: "auth: {authenticator: basicauth/viewers}",
  });
  const request = new Request(c, "secretive");
  await request.end({ output: [says("assistant", "a secret")] });
  watched = await Watched.open(browser, `${c.base}r/${request.id}`);
  watched.mayHappen(/401/);
  const { page } = watched;
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("heading").waitFor();
  expect(await page.getByText("a secret").count()).toBe(0);
  await watched.accessible("sign in");
  await dialog.getByLabel("User", { exact: true }).fill("ünïcode");
  await dialog.getByLabel("Password", { exact: true }).fill("wrong");
  await page.keyboard.press("Enter");
  await dialog.getByText("The credential was not accepted.").waitFor();
  for (let n = 0; n < 3; n++) await page.keyboard.press("Escape");
  await dialog.getByLabel("Password", { exact: true }).fill("pass:word");
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("a secret").waitFor();
  await row(page, "secretive").waitFor();
  await new Request(c, "live-too").end();
  await row(page, "live-too").waitFor();
  // This tab has it, another does not, and nothing but the tab's storage has it.
  await page.reload();
  await page.getByText("a secret").waitFor();
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage }) + document.cookie)).not.toMatch(/Basic|pass/);
  const other = await watched.context.newPage();
  await other.goto(c.base);
  await other.getByRole("dialog").getByRole("heading").waitFor();
  await other.close();
  await page.getByRole("button", { name: "Forget" }).click();
  await dialog.getByRole("heading").waitFor();
  expect(await page.getByText("a secret").count()).toBe(0);
});

it("takes a bearer token", async () => {
  const c = await collector({ extensions: { bearertokenauth: 'token: "the-token"' }, live: "auth: {authenticator: bearertokenauth}" });
  await new Request(c, "guarded").end();
  watched = await Watched.open(browser, c.base);
  watched.mayHappen(/401/);
  const { page } = watched;
  await page.getByLabel("Bearer token").check();
  await page.getByLabel("Token", { exact: true }).fill("the-token");
  await page.keyboard.press("Enter");
  await row(page, "guarded").waitFor();
});

it("asks anew when the credential is not good any more, though the stream lives on", async () => {
  const c = await collector({ extensions: { bearertokenauth: 'token: "the-token"' }, live: "auth: {authenticator: bearertokenauth}" });
  await new Request(c, "guarded").end();
  watched = await Watched.open(browser, c.base);
  watched.mayHappen(/401/);
  const { page } = watched;
  const signIn = async () => {
    await page.getByLabel("Bearer token").check();
    await page.getByLabel("Token", { exact: true }).fill("the-token");
    await page.keyboard.press("Enter");
  };
  await signIn();
  await row(page, "guarded").waitFor();
  await page.evaluate(() => sessionStorage.setItem("gen_ai_live.authorization", "Bearer of yesterday"));
  await row(page, "guarded").click();
  await page.getByText("The credential was not accepted.").waitFor();
  await signIn();
  await page.getByText("Content was not captured").waitFor();
  // What a proxy forbids is no reason to lock the rest.
  watched.mayHappen(/403/);
  await page.route("**/api/v1/requests/*", (route) => route.fulfill({ status: 403, json: { detail: "not this one" } }));
  await page.reload();
  await page.getByText("not this one").waitFor();
  expect(await page.getByRole("dialog").count()).toBe(0);
});

it("says that content is hidden, and how much", async () => {
  const c = await collector({ live: "content: hide" });
  const request = new Request(c, "hidden");
  await request.log("gen_ai.user.message", { content: "do not show me" });
  await request.end({ output: [says("assistant", "nor me")] });
  watched = await Watched.open(browser, `${c.base}r/${request.id}`);
  const { page } = watched;
  await page.getByText("This server hides the content of messages").waitFor();
  await page.getByText(/This server hides \d+ B of content/).waitFor();
  for (const key of ["2", "4"]) {
    await page.keyboard.press(key);
    for (let n = 0; n < 6; n++) await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
    expect(await page.getByText("do not show me").count()).toBe(0);
  }
  await page.getByText("hidden_bytes").first().waitFor();
  await watched.accessible("hidden content");
  await page.goto(`${c.base}?q=show`);
  await page.getByText("no text can be found in it").waitFor();
});

it("says that there are too many viewers, and comes in when there is room", async () => {
  const c = await collector({ live: "max_subscribers: 1" });
  const first = await browser.newPage();
  await first.goto(c.base);
  await first.getByText("Live", { exact: true }).waitFor();
  watched = await Watched.open(browser, c.base);
  watched.mayHappen(/503/);
  const { page } = watched;
  await page.getByText("Too many viewers").waitFor();
  await watched.accessible("too many viewers");
  await first.close();
  await page.getByText("Live", { exact: true }).waitFor();
  await page.getByText("Too many viewers").waitFor({ state: "detached" });
});

it("tells a busy server from one with too many viewers", async () => {
  const c = await collector({});
  watched = await Watched.open(browser, c.base);
  watched.mayHappen(/503/);
  const { page } = watched;
  await page.getByText("Live", { exact: true }).waitFor();
  await page.route("**/api/v1/requests?*", (route) => route.fulfill({ status: 503, json: { detail: "as many lists as may be" } }));
  await page.reload();
  await page.getByText("The server is busy: as many lists as may be.").waitFor();
  expect(await page.getByText("Too many viewers").count()).toBe(0);
  await page.unroute("**/api/v1/requests?*");
  await page.getByText("Live", { exact: true }).waitFor();
});

/** A reverse proxy that takes a prefix off, as nginx's proxy_pass does: slashes come decoded. */
async function proxy(to: Collector, prefix: string): Promise<{ base: string; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((req, res) => {
    if (!req.url?.startsWith(prefix)) {
      res.writeHead(404).end("this is the proxy");
      return;
    }
    const path = `/${req.url.slice(prefix.length)}`.replaceAll(/%2F/gi, req.url.includes("/api/") ? "%2F" : "/");
    const forward = ask({ host: "127.0.0.1", port: to.port, path, method: req.method, headers: { ...req.headers, host: `127.0.0.1:${to.port}` } }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    forward.on("error", () => res.destroy());
    res.on("close", () => forward.destroy());
    req.pipe(forward);
  });
  server.on("connection", (s) => {
    sockets.add(s);
    s.on("close", () => sockets.delete(s));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (!address || typeof address === "string") throw new Error("no address");
  return {
    base: `http://127.0.0.1:${address.port}${prefix}`,
    stop: () => {
      for (const s of sockets) s.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

it("works under a path of a reverse proxy", async () => {
  const c = await collector({ buffer: "request_id: {attributes: [app.request.id]}" });
  const before = await proxy(c, "/some/where/");
  try {
    await new Request(c, "behind").end({ attributes: { "app.request.id": "with/slash" }, output: [says("assistant", "through the proxy")] });
    watched = await Watched.open(browser, before.base);
    const { page } = watched;
    await row(page, "behind").click();
    await page.getByText("through the proxy").waitFor();
    expect(page.url()).toBe(`${before.base}r/with%2Fslash`);
    await page.reload();
    await page.getByText("through the proxy").waitFor();
    await page.keyboard.press("Escape");
    expect(page.url()).toBe(before.base);
    await new Request(c, "later").end();
    await row(page, "later").waitFor();
  } finally {
    await watched?.page.close(); // it would miss the server
    await before.stop();
  }
});

it("is not there when it is switched off", async () => {
  const c = await collector({ live: "viewer: false" });
  expect((await fetch(c.base)).status).toBe(404);
  expect((await fetch(`${c.base}r/x`)).status).toBe(404);
  expect((await fetch(`${c.base}api/v1/requests`)).status).toBe(200);
});
