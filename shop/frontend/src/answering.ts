/** The answer to a question about a book, as it is written. */

import { json, reached, refusal, Refused } from "./http";
import { EventStream } from "./sse";

/** What the events of an answer say, one of these at a time. */
interface Said {
  text?: string;
  error?: string;
  done?: boolean;
  model?: string;
  version?: string;
}

export interface Source {
  model: string;
  version: string;
}

/**
 * Asks, and calls `onText` with each piece. Resolves with the model that answered, null when the
 * stream ended without saying so. Throws Refused, and AbortError once `signal` has stopped it.
 */
export async function answer(
  book: number,
  question: string,
  onText: (piece: string) => void,
  signal: AbortSignal,
): Promise<Source | null> {
  const path = `/api/books/${book}/ask/`;
  const response = await reached(fetch(path, { ...json("POST", { question }), signal }));
  if (!response.ok) throw await refusal(response);
  const events = new EventStream();
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return null;
    for (const event of events.push(value)) {
      const said = JSON.parse(event) as Said;
      if (said.error) throw new Refused(said.error, response.status);
      if (said.text) onText(said.text);
      if (said.done) return { model: said.model ?? "", version: said.version ?? "" };
    }
  }
}
