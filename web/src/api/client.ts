import { mountPath } from "./mount";

/** The address of the server's root, with a slash at its end. */
export const root = new URL(
  import.meta.env.DEV ? "/" : mountPath(new URL(import.meta.url).pathname, location.pathname),
  location.origin,
);

const storedAs = "gen_ai_live.authorization";

/** The value of the Authorization header, kept for this tab only. */
export const credential = {
  get: (): string | null => sessionStorage.getItem(storedAs),
  set: (value: string) => sessionStorage.setItem(storedAs, value),
  clear: () => sessionStorage.removeItem(storedAs),
};

export function basic(user: string, password: string): string {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return "Basic " + btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(""));
}

/** The server answered, and not with what was asked for. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** How long to wait, in ms, when the server says so. */
    readonly retryAfter: number | null,
  ) {
    super(message);
    this.name = "Refused";
  }
}

/** Asks the server, with the credential if there is one. Network errors are TypeErrors. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const authorization = credential.get();
  if (authorization) headers.set("Authorization", authorization);
  const response = await fetch(new URL(path, root), {
    ...init,
    headers,
    cache: "no-store",
    credentials: "same-origin",
    referrerPolicy: "no-referrer",
  });
  if (!response.ok) throw await refusal(response);
  return response;
}

async function refusal(response: Response): Promise<Refused> {
  let detail = response.statusText;
  try {
    const problem: unknown = await response.json();
    if (problem && typeof problem === "object" && "detail" in problem) detail = String(problem.detail);
  } catch {
    // No problem details: a proxy answered.
  }
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return new Refused(response.status, detail, Number.isFinite(seconds) ? seconds * 1000 : null);
}

/** No answer takes as long, in ms: the connection is dead, and nobody said so. */
const longest = 30_000;

export async function askJSON<T>(path: string, signal: AbortSignal): Promise<T> {
  const response = await ask(path, { signal: AbortSignal.any([signal, AbortSignal.timeout(longest)]) });
  return (await response.json()) as T;
}
