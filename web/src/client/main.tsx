import { render } from "preact";
import "../ui/base.css";

render(<h1>Tandem</h1>, document.getElementById("app")!);
