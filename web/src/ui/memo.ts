import { Component, type ComponentType, type FunctionComponent, h } from "preact";

/** A component that is drawn again only when a property is another one (shallow). Saves preact/compat. */
export function memo<P extends object>(inner: FunctionComponent<P>, same: (a: P, b: P) => boolean = shallow): ComponentType<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      return !same(this.props as P, next);
    }
    render() {
      return h(inner as FunctionComponent<object>, this.props as object);
    }
  } as unknown as ComponentType<P>;
}

function shallow<P extends object>(a: P, b: P): boolean {
  const x = Object.entries(a);
  const other = new Map(Object.entries(b));
  return x.length === other.size && x.every(([k, v]) => Object.is(other.get(k), v));
}
