import { type FormEvent, useId, useState } from "react";

import { type Answering, useAnswering } from "./useAnswering";

const IDEAS = ["What do readers like about it?", "What do they criticise?", "Is it a good gift?"];
const LONGEST = 300;

function Written({ text, state, source, error }: Answering) {
  return (
    <div className="answer" aria-live="polite" aria-busy={state === "writing"}>
      {state === "idle" && <p className="quiet">The answer comes from what readers wrote.</p>}
      {text && <p className={state === "writing" ? "writing" : undefined}>{text}</p>}
      {state === "writing" && !text && <p className="quiet">Reading the reviews…</p>}
      {state === "stopped" && <p className="quiet">Stopped.</p>}
      {state === "done" && source?.model && (
        <p className="quiet">
          Answered by our model {source.model} {source.version}, from the reviews alone.
        </p>
      )}
      {state === "failed" && <p className="wrong">{error}</p>}
    </div>
  );
}

/** Questions about a book, answered from its reviews while one reads. */
export function Ask({ book }: { book: number }) {
  const [question, setQuestion] = useState("");
  const { ask, stop, ...now } = useAnswering(book);
  const field = useId();
  const writing = now.state === "writing";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (question.trim()) void ask(question.trim());
  };
  const pick = (idea: string) => {
    setQuestion(idea);
    void ask(idea);
  };
  return (
    <section className="ask card">
      <h2>Ask about this book</h2>
      <p className="chips">
        {IDEAS.map((idea) => (
          <button key={idea} type="button" className="chip" onClick={() => pick(idea)}>
            {idea}
          </button>
        ))}
      </p>
      <form onSubmit={submit} className="question">
        <label htmlFor={field}>Your question</label>
        <div className="with-button">
          <input
            id={field}
            value={question}
            maxLength={LONGEST}
            autoComplete="off"
            onChange={(event) => setQuestion(event.target.value)}
          />
          {writing ? (
            <button key="stop" type="button" className="plain" onClick={stop}>
              Stop
            </button>
          ) : (
            <button key="ask" disabled={!question.trim()}>
              Ask
            </button>
          )}
        </div>
      </form>
      <Written {...now} />
    </section>
  );
}
