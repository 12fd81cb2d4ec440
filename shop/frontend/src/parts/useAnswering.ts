import { useEffect, useRef, useState } from "react";

import { answer, type Source } from "../answering";

/** The state of one question: its answer so far, and how it ended. */
export interface Answering {
  text: string;
  state: "idle" | "writing" | "done" | "stopped" | "failed";
  source: Source | null;
  error: string;
}

const BROKE_OFF = "The answer broke off. Please ask again.";

const IDLE: Answering = { text: "", state: "idle", source: null, error: "" };

/** Asks about a book, a question at a time; what is being written stops with the component. */
export function useAnswering(book: number) {
  const [now, setNow] = useState(IDLE);
  const running = useRef<AbortController>(null);
  const stop = () => running.current?.abort();
  useEffect(() => stop, []);
  const ask = async (question: string) => {
    stop();
    const mine = (running.current = new AbortController());
    const change = (changed: (was: Answering) => Partial<Answering>) => {
      // A question asked meanwhile has the place for itself.
      if (running.current === mine) setNow((was) => ({ ...was, ...changed(was) }));
    };
    change(() => ({ ...IDLE, state: "writing" }));
    try {
      const add = (piece: string) => change((was) => ({ text: was.text + piece }));
      const source = await answer(book, question, add, mine.signal);
      if (source) change(() => ({ state: "done", source }));
      else change(() => ({ state: "failed", error: BROKE_OFF }));
    } catch (error) {
      if (mine.signal.aborted) change(() => ({ state: "stopped" }));
      else change(() => ({ state: "failed", error: words(error) }));
    }
  };
  return { ...now, ask, stop };
}

/** The shop's words, or ours where the stream was cut or was no stream of answers. */
function words(error: unknown): string {
  return error instanceof Error && error.name === "Error" ? error.message : BROKE_OFF;
}
