/** Server-sent events out of a stream of text. */

export class EventStream {
  private rest = "";

  /** The data of the events that are whole with this chunk; a chunk may end anywhere. */
  push(chunk: string): string[] {
    const text = this.rest + chunk;
    // A carriage return at the end may be the first half of a line's end.
    const known = text.endsWith("\r") ? text.slice(0, -1) : text;
    const events = known.replace(/\r\n?/g, "\n").split("\n\n");
    this.rest = events.pop()! + text.slice(known.length);
    return events.map(data).filter((found) => found !== "");
  }
}

/** An event's data lines, joined; comments and other fields are left out. */
function data(event: string): string {
  const lines = event.split("\n").filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice(5).replace(/^ /, "")).join("\n");
}
