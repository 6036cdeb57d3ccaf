import { render } from "preact";
import { startDetail } from "./app/detail";
import { start } from "./app/session";
import "./style/index.css";
import { App } from "./view/App";

const place = document.getElementById("app");
if (place) {
  start();
  startDetail();
  render(<App />, place);
}
