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
const page = visit?.responseStatus === 404 ? "nowhere" : pattern(location.pathname);

function note({ name, value, id }: MetricType) {
  waiting.set(id, { page, name, value, id });
}

function tell() {
  if (waiting.size === 0) return;
  const body = JSON.stringify([...waiting.values()]);
  waiting.clear();
  navigator.sendBeacon("/api/vitals/", new Blob([body], { type: "application/json" }));
}

for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) on(note);
// The last moment that a page is sure to hear of; web-vitals ends its measurements in it as well,
// and did so first: its listeners are older.
addEventListener("visibilitychange", () => document.visibilityState === "hidden" && tell());
addEventListener("pagehide", tell);
