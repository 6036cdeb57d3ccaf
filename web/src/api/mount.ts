/**
 * The path that the viewer is mounted at, with a slash at its end. The script
 * is at `<mount>/assets/…`; only for an id whose slashes somebody decoded is it
 * further down, and then the document's path tells where `/r/` begins.
 */
export function mountPath(scriptPath: string, documentPath: string): string {
  const folder = scriptPath.lastIndexOf("/assets/");
  let mount = folder < 0 ? "/" : scriptPath.slice(0, folder + 1);
  for (;;) {
    const rest = documentPath.startsWith(mount) ? documentPath.slice(mount.length) : "r/";
    if (rest === "" || rest === "index.html" || rest.startsWith("r/") || mount === "/") return mount;
    mount = mount.slice(0, mount.lastIndexOf("/", mount.length - 2) + 1) || "/";
  }
}

/** Percent-encodes one segment of a path, fit for a quoted shell word too. */
export function segment(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());
}
