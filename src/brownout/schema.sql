-- The recording: telemetry.duckdb in a run's folder. The collector alone writes it.
-- Times (ts, start, intended) are nanoseconds since the epoch in UTC; durations are nanoseconds.

-- The users' view, one row per request the load generator made (or had to drop).
CREATE TABLE IF NOT EXISTS requests (
  trace_id TEXT NOT NULL,      -- joins scheduled and work
  intended BIGINT NOT NULL,    -- when the user wanted it
  start BIGINT NOT NULL,       -- when it was really sent
  latency BIGINT NOT NULL,     -- end minus intended
  status INTEGER NOT NULL,     -- HTTP status; 0: no answer (refused, reset, timed out, dropped)
  route TEXT NOT NULL,         -- method and pattern, "GET /api/books/{id}/"
  journey TEXT NOT NULL,
  bytes BIGINT NOT NULL,
  error TEXT NOT NULL,         -- '' or what went wrong, 'dropped' when the in-flight cap was reached
  first_byte BIGINT            -- when the answer began, minus intended; null without an answer
);

-- Every request that the load generator planned, written before it is due.
-- A planned request without a row in requests counts as failed.
CREATE TABLE IF NOT EXISTS scheduled (
  trace_id TEXT NOT NULL,
  intended BIGINT NOT NULL,
  route TEXT NOT NULL,
  journey TEXT NOT NULL
);

-- What became of each request that a user made or wanted. Failed: no answer, or a status from 400
-- on. One that was planned and has no row has failed too, once the recording goes on two seconds
-- past it: no data never passes. Its latency is null.
CREATE OR REPLACE VIEW outcomes AS
  SELECT trace_id, route, intended, latency, status = 0 OR status >= 400 AS failed FROM requests
  UNION ALL
  SELECT trace_id, route, intended, NULL, true FROM scheduled ANTI JOIN requests USING (trace_id)
  WHERE intended < (SELECT max(intended + latency) FROM requests) - 2000000000;

-- Wide events: the exact work of each request (kind 'request') and Celery task ('task').
CREATE TABLE IF NOT EXISTS work (
  trace_id TEXT NOT NULL,
  service TEXT NOT NULL,       -- web, worker
  release TEXT NOT NULL,       -- service.version of the process that did it
  pid INTEGER NOT NULL,
  kind TEXT NOT NULL,
  route TEXT NOT NULL,         -- "GET /api/books/{id}/", or the task's name
  status INTEGER NOT NULL,     -- HTTP status; tasks: 0 done, 1 failed
  start BIGINT NOT NULL,
  duration BIGINT NOT NULL,
  cpu BIGINT NOT NULL,         -- CPU time of the thread
  bytes BIGINT NOT NULL,       -- response body; -1 when it was streamed
  sql_calls INTEGER NOT NULL,
  sql_rows BIGINT NOT NULL,
  sql_time BIGINT NOT NULL,
  cache_gets INTEGER NOT NULL, -- keys asked for
  cache_hits INTEGER NOT NULL,
  cache_time BIGINT NOT NULL,
  ai_calls INTEGER NOT NULL,
  ai_time BIGINT NOT NULL,
  tasks INTEGER NOT NULL,      -- Celery tasks enqueued
  exception TEXT NOT NULL,     -- class name, or ''
  sql STRUCT(shape TEXT, caller TEXT, calls INTEGER, "rows" BIGINT, "time" BIGINT, repeats INTEGER)[],
  cache STRUCT(family TEXT, gets INTEGER, hits INTEGER, sets INTEGER, "time" BIGINT)[],
  ai STRUCT(target TEXT, model TEXT, version TEXT, caller TEXT, calls INTEGER, "time" BIGINT, errors INTEGER)[]
);

CREATE OR REPLACE VIEW sql_calls AS
  SELECT trace_id, service, release, route, start, s.shape, s.caller, s.calls, s."rows", s."time", s.repeats
  FROM work, unnest(work.sql) AS u(s);
CREATE OR REPLACE VIEW cache_calls AS
  SELECT trace_id, service, release, route, start, c.family, c.gets, c.hits, c.sets, c."time"
  FROM work, unnest(work.cache) AS u(c);
CREATE OR REPLACE VIEW ai_calls AS
  SELECT trace_id, service, release, route, start, a.target, a.model, a.version, a.caller, a.calls, a."time", a.errors
  FROM work, unnest(work.ai) AS u(a);

-- Other OpenTelemetry spans and logs, as they came.
CREATE TABLE IF NOT EXISTS spans (
  trace_id TEXT NOT NULL, span_id TEXT NOT NULL, parent_id TEXT NOT NULL,
  service TEXT NOT NULL, release TEXT NOT NULL, name TEXT NOT NULL,
  start BIGINT NOT NULL, duration BIGINT NOT NULL, status TEXT NOT NULL, attributes JSON NOT NULL
);
CREATE TABLE IF NOT EXISTS logs (
  ts BIGINT NOT NULL, service TEXT NOT NULL, release TEXT NOT NULL,
  severity TEXT NOT NULL, body TEXT NOT NULL, attributes JSON NOT NULL
);

-- OTLP metrics and process samples. Names and units:
--   process.cpu (cores, since the sample before), process.rss (bytes, shared pages counted
--   once a process), process.private (bytes of pages that are no file's and not shared), process.threads,
--   meter.dropped (events lost by a full buffer, cumulative)
CREATE TABLE IF NOT EXISTS metrics (
  ts BIGINT NOT NULL, name TEXT NOT NULL, service TEXT NOT NULL, release TEXT NOT NULL,
  value DOUBLE NOT NULL, attributes JSON NOT NULL
);

-- Pages as a real browser saw them, one row a visit with an empty cache.
CREATE TABLE IF NOT EXISTS pages (
  ts BIGINT NOT NULL,           -- when it was opened
  page TEXT NOT NULL,           -- pattern of its path, "/books/{id}"
  lcp BIGINT,                   -- largest contentful paint since ts; null when there was none or the visit failed
  fcp BIGINT,                   -- first contentful paint, as lcp
  ttfb BIGINT,                  -- first byte of the document, as lcp
  cls DOUBLE NOT NULL,          -- layout shifts without input, summed up
  long_tasks INTEGER NOT NULL,  -- tasks over 50 ms
  elements INTEGER NOT NULL,    -- in the document when it was done
  requests INTEGER NOT NULL,
  bytes BIGINT NOT NULL,        -- as transferred, headers included
  error TEXT NOT NULL           -- '' or what went wrong
);

-- The machine, each second.
CREATE TABLE IF NOT EXISTS machine (
  ts BIGINT NOT NULL,
  foreign_cpu DOUBLE NOT NULL,  -- cores used by processes that are not this drill's
  own_cpu DOUBLE NOT NULL,      -- cores used by this drill
  pressure DOUBLE,              -- /proc/pressure/cpu "some" since the sample before, 0..1; null where absent
  memory_available BIGINT NOT NULL
);

-- PostgreSQL, sampled: cumulative counters, one row per statement, table and index a sample.
CREATE TABLE IF NOT EXISTS statements (
  ts BIGINT NOT NULL, query TEXT NOT NULL, calls BIGINT NOT NULL, "rows" BIGINT NOT NULL, time_ms DOUBLE NOT NULL
);
CREATE TABLE IF NOT EXISTS relations (
  ts BIGINT NOT NULL, relation TEXT NOT NULL, seq_scans BIGINT NOT NULL, seq_rows BIGINT NOT NULL,
  index_scans BIGINT NOT NULL, live_rows BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS indexes (
  ts BIGINT NOT NULL, relation TEXT NOT NULL, name TEXT NOT NULL, definition TEXT NOT NULL, scans BIGINT NOT NULL
);
