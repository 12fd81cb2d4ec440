import { Component, type ReactNode } from "react";

/** What failed to load or to draw says so, and can be tried again. */
export class Fallible extends Component<{ children: ReactNode }, { failed: boolean }> {
  state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  componentDidMount() {
    addEventListener("pushState", this.again);
    addEventListener("popstate", this.again);
  }

  componentWillUnmount() {
    removeEventListener("pushState", this.again);
    removeEventListener("popstate", this.again);
  }

  again = () => {
    if (this.state.failed) this.setState({ failed: false });
  };

  render() {
    if (!this.state.failed) return this.props.children;
    return (
      <div role="alert" className="notice">
        <h1>This page could not be shown</h1>
        <p>Perhaps the connection was lost on the way.</p>
        <button onClick={() => location.reload()}>Load it again</button>
      </div>
    );
  }
}
