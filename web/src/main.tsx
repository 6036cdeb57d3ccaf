import { render } from "preact";
import { startDetail } from "./app/detail";
import { start } from "./app/session";
import "./style/index.css";
import { App } from "./view/App";

const place = document.getElementById("app");
if (place) {
  // Its address is relative to where the page was loaded, and the page moves on.
  const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  if (icon) icon.setAttribute("href", icon.href);
  start();
  startDetail();
  render(<App />, place);
}
