import type { BookPage } from "../api";
import { count } from "../format";

function Mood({ positive, reviews }: { positive: number; reviews: number }) {
  const share = Math.round(positive * 100);
  return (
    <div className="mood">
      <p>
        <strong>{share}%</strong> of {count(reviews, "review")} are favourable
      </p>
      <div className="bar-of" aria-hidden="true">
        <div style={{ width: `${share}%` }} />
      </div>
    </div>
  );
}

/** What readers say altogether; nothing where the shop has not found out yet. */
export function Readers(props: Pick<BookPage, "summary" | "sentiment" | "review_count">) {
  const { summary, sentiment, review_count: reviews } = props;
  // A shop that knows neither (undefined) has no such part at all.
  if (summary === undefined && sentiment === undefined) return null;
  return (
    <section className="readers card">
      <h2>What readers say</h2>
      {!summary && (
        <p className="quiet">{reviews ? "It has not been summed up yet." : "Nothing yet."}</p>
      )}
      {summary && (
        <>
          <p className="summary">{summary.text}</p>
          <p className="quiet">
            Put together from {count(summary.reviews, "review")} by our model {summary.model}{" "}
            {summary.version}
          </p>
        </>
      )}
      {sentiment && sentiment.reviews > 0 && <Mood {...sentiment} />}
    </section>
  );
}
