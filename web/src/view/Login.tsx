import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { basic } from "../api/client";
import { authorize, connection } from "../app/session";

type Scheme = "basic" | "bearer";

/** Asks for the credential that the server wants. It stays in this tab. */
export function Login(): JSX.Element | null {
  const c = connection.value;
  const place = useRef<HTMLDialogElement>(null);
  const [scheme, setScheme] = useState<Scheme>("basic");
  const [user, setUser] = useState("");
  const [secret, setSecret] = useState("");
  const locked = c.kind === "unauthorized";
  useEffect(() => {
    if (locked) place.current?.showModal();
  }, [locked]);
  if (!locked) return null;
  const submit = (e: SubmitEvent): void => {
    e.preventDefault();
    const value = scheme === "basic" ? basic(user, secret) : `Bearer ${secret.trim()}`;
    setSecret("");
    authorize(value);
  };
  return (
    <dialog ref={place} class="login" aria-labelledby="login-title" onCancel={(e) => e.preventDefault()}
      // Browsers close it all the same when Escape is pressed again.
      onClose={(e) => e.currentTarget.showModal()}
    >
      <form onSubmit={submit}>
        <h2 id="login-title">This server wants to know who you are</h2>
        {c.rejected && <p class="failure" role="alert">The credential was not accepted.</p>}
        <fieldset class="modes">
          <legend class="off-screen">How to sign in</legend>
          <label><input type="radio" name="scheme" checked={scheme === "basic"} onChange={() => setScheme("basic")} /> User and password</label>
          <label><input type="radio" name="scheme" checked={scheme === "bearer"} onChange={() => setScheme("bearer")} /> Bearer token</label>
        </fieldset>
        {scheme === "basic" && (
          <label class="field"><span>User</span><input value={user} autocomplete="username" autocapitalize="none" spellcheck={false} onInput={(e) => setUser(e.currentTarget.value)} /></label>
        )}
        <label class="field">
          <span>{scheme === "basic" ? "Password" : "Token"}</span>
          <input type="password" value={secret} autocomplete={scheme === "basic" ? "current-password" : "off"} required onInput={(e) => setSecret(e.currentTarget.value)} />
        </label>
        <p class="muted">It is kept for this tab only, and sent to this server alone.</p>
        <button type="submit" class="primary">Sign in</button>
      </form>
    </dialog>
  );
}
