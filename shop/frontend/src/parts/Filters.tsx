import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { type Filters as Chosen, narrowed, NONE, SORTS, type Sort } from "../filters";
import { cents } from "../format";
import { queries } from "../queries";

type Props = { chosen: Chosen; choose: (changed: Partial<Chosen>) => void };

const RATINGS = [3, 4, 4.5];

export function SortBy({ chosen, choose }: Props) {
  return (
    <label className="sort">
      Order{" "}
      <select
        value={chosen.sort}
        onChange={(event) => choose({ sort: event.target.value as Sort })}
      >
        {Object.entries(SORTS).map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Genres({ chosen, choose }: Props) {
  const genres = useQuery(queries.genres());
  return (
    <label>
      Genre
      <select value={chosen.genre} onChange={(event) => choose({ genre: event.target.value })}>
        <option value="">All</option>
        {/* The one that the URL names is there before the list is. */}
        {!genres.data && chosen.genre && <option value={chosen.genre}>{chosen.genre}</option>}
        {genres.data?.map((genre) => (
          <option key={genre.slug} value={genre.slug}>
            {genre.name} ({genre.books})
          </option>
        ))}
      </select>
    </label>
  );
}

/** A bound in euros; it counts when the field is left, or with Enter. */
function Bound(props: { label: string; value: number | null; set: (value: number | null) => void }) {
  const shown = props.value === null ? "" : String(props.value / 100);
  const [wrong, setWrong] = useState(false);
  const settle = (text: string) => {
    const value = cents(text);
    setWrong(text.trim() !== "" && value === null);
    if (value !== props.value && (value !== null || text.trim() === "")) props.set(value);
  };
  return (
    <label>
      {props.label}
      <input
        key={shown}
        inputMode="decimal"
        placeholder="€"
        defaultValue={shown}
        aria-invalid={wrong}
        onBlur={(event) => settle(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && settle(event.currentTarget.value)}
      />
    </label>
  );
}

export function Filters({ chosen, choose }: Props) {
  const active = narrowed(chosen);
  return (
    <div className="filters" role="group" aria-label="Filters">
      <Genres chosen={chosen} choose={choose} />
      <div className="pair">
        <Bound
          label="Price from"
          value={chosen.minPrice}
          set={(minPrice) => choose({ minPrice })}
        />
        <Bound label="to" value={chosen.maxPrice} set={(maxPrice) => choose({ maxPrice })} />
      </div>
      <label>
        Rating
        <select
          value={chosen.minRating}
          onChange={(event) => choose({ minRating: Number(event.target.value) })}
        >
          <option value={0}>Any</option>
          {RATINGS.map((rating) => (
            <option key={rating} value={rating}>
              {rating} stars and more
            </option>
          ))}
        </select>
      </label>
      <label className="check">
        <input
          type="checkbox"
          checked={chosen.inStock}
          onChange={(event) => choose({ inStock: event.target.checked })}
        />
        In stock
      </label>
      <button
        className="plain"
        disabled={active === 0}
        onClick={() => choose({ ...NONE, sort: chosen.sort })}
      >
        Clear filters
      </button>
    </div>
  );
}
