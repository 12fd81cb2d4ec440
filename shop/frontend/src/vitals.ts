/** Web vitals of real visits, told to the shop when the page is left. */

import { type MetricType, onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals";

interface Vital {
  page: string;
  name: string;
  value: number;
  id: string;
}

const waiting = new Map<string, Vital>();

/** A page's pattern, so that visits to all books count as one page. */
function pattern(path: string): string {
  return path.replace(/\/\d+(?=\/|$)/g, "/{id}");
}

// Where nothing is, addresses are without number: they count as one page as well.
const [visit] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
const first = visit ? new URL(visit.name).pathname : location.pathname;

/** Which page was shown since when (ms, as the browser's entries have it), the newest last. */
const shown = [{ since: 0, page: visit?.responseStatus === 404 ? "nowhere" : pattern(first) }];

function follow() {
  const page = pattern(location.pathname);
  if (page !== shown.at(-1)!.page) shown.push({ since: performance.now(), page });
}

/** The page that something happened on: without entries, the one that is shown now. */
function where([entry]: PerformanceEntry[]): string {
  const time = entry?.startTime ?? performance.now();
  return shown.findLast(({ since }) => since <= time)!.page;
}

function note({ name, value, id, entries }: MetricType) {
  waiting.set(id, { page: where(entries), name, value, id });
}

function tell() {
  if (waiting.size === 0) return;
  const body = JSON.stringify([...waiting.values()]);
  waiting.clear();
  navigator.sendBeacon("/api/vitals/", new Blob([body], { type: "application/json" }));
}

// Each change at once: what the browser tells of an interaction may come after the page was left.
for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) on(note, { reportAllChanges: true });
// wouter makes events of the first two; what was clicked on the way here has come after `first`.
follow();
for (const type of ["pushState", "replaceState", "popstate"]) addEventListener(type, follow);
// The last moment that a page is sure to hear of; web-vitals ends its measurements in it as well,
// and did so first: its listeners are older.
addEventListener("visibilitychange", () => document.visibilityState === "hidden" && tell());
addEventListener("pagehide", tell);
