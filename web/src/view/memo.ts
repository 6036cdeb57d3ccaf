import { Component, h, type ComponentType, type JSX, type VNode } from "preact";

/** A component that is drawn anew only when one of its properties is another. */
export function memo<P extends object>(Inner: (props: P) => JSX.Element | null): ComponentType<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const had = this.props as Record<string, unknown>;
      const has = next as Record<string, unknown>;
      const keys = Object.keys(has);
      return keys.length !== Object.keys(had).length || keys.some((key) => had[key] !== has[key]);
    }

    override render(): VNode {
      return h(Inner as ComponentType<object>, this.props as object);
    }
  };
}
