import { Component, type ComponentChildren } from "preact";

/** Keeps what cannot be shown from taking the rest of the page with it. */
export class Boundary extends Component<{ children: ComponentChildren; of: unknown }, { failed: unknown }> {
  override state = { failed: null as unknown };

  override componentDidCatch(): void {
    this.setState({ failed: this.props.of });
  }

  override render(): ComponentChildren {
    if (this.state.failed !== null && this.state.failed === this.props.of) {
      return <p class="note note-error" role="alert">This part cannot be shown. The raw envelope has everything.</p>;
    }
    return this.props.children;
  }
}
