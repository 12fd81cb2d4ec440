-- The recording: telemetry.duckdb in a run's folder. The collector alone writes it.
-- Times (ts, start, intended) are nanoseconds since the epoch in UTC; durations are nanoseconds.
-- One column a line, each with its comment: docs/recording.md is made from this file. A column that
-- is added has a DEFAULT or may be null, and brownout.recording.schema.VERSION rises by one: recordings made
-- before have the default, or null, in its place.

-- Which brownout began the recording; one row.
CREATE TABLE IF NOT EXISTS meta (
  version INTEGER NOT NULL,    -- of this schema; a recording without this table is of version 1
  writer TEXT NOT NULL,        -- brownout's version
  created BIGINT NOT NULL      -- when
);

-- The users' view, one row per request the load generator made (or had to drop).
CREATE TABLE IF NOT EXISTS requests (
  trace_id TEXT NOT NULL,      -- joins scheduled and work
  intended BIGINT NOT NULL,    -- when the user wanted it
  start BIGINT NOT NULL,       -- when it was really sent
  latency BIGINT NOT NULL,     -- end minus intended
  status INTEGER NOT NULL,     -- HTTP status; 0: no answer (refused, reset, timed out, dropped)
  route TEXT NOT NULL,         -- method and pattern, "GET /api/books/{id}/"
  journey TEXT NOT NULL,       -- what kind of user it was: reader, searcher, browser, buyer, ...
  bytes BIGINT NOT NULL,       -- response body as received
  error TEXT NOT NULL,         -- '' or what went wrong, 'dropped' when the in-flight cap was reached
  first_byte BIGINT            -- when the answer began, minus intended; null without an answer
);

-- Every request that the load generator planned, written before it is due.
-- A planned request without a row in requests counts as failed.
CREATE TABLE IF NOT EXISTS scheduled (
  trace_id TEXT NOT NULL,      -- joins requests
  intended BIGINT NOT NULL,    -- when it is due
  route TEXT NOT NULL,         -- as in requests
  journey TEXT NOT NULL        -- as in requests
);

-- What became of each request that a user made or wanted. Failed: no answer, or a status from 400
-- on. One that was planned and has no row has failed too, once the recording goes on two seconds
-- past it: no data never passes. Its latency is null.
CREATE OR REPLACE VIEW outcomes AS
  SELECT trace_id, route, intended, latency, status = 0 OR status >= 400 AS failed FROM requests
  UNION ALL
  SELECT trace_id, route, intended, NULL, true FROM scheduled ANTI JOIN requests USING (trace_id)
  WHERE intended < (SELECT max(intended + latency) FROM requests) - 2000000000;

-- Wide events: the exact work of each request (kind 'request'), task ('task') and management command
-- ('command').
-- Counts are exact. Measured, and so never the same twice: all times, waits and CPU, blocks, rss.
-- Null: not measured in this event (docs/meter.md says when). Every field is explained there.
CREATE TABLE IF NOT EXISTS work (
  trace_id TEXT NOT NULL,      -- of a request: joins requests; a task or command has one of its own
  service TEXT NOT NULL,       -- web, worker
  release TEXT NOT NULL,       -- service.version of the process that did it
  pid INTEGER NOT NULL,        -- of that process
  kind TEXT NOT NULL,          -- 'request', 'task' or 'command'
  route TEXT NOT NULL,         -- "GET /api/books/{id}/", or the task's or command's name
  status INTEGER NOT NULL,     -- HTTP status; tasks and commands: 0 done, 1 failed
  start BIGINT NOT NULL,       -- when it began
  duration BIGINT NOT NULL,    -- a streamed response: until its stream ended
  cpu BIGINT,                  -- CPU time of the threads that did it
  bytes BIGINT NOT NULL,       -- response body; -1 unknown
  sql_calls INTEGER NOT NULL,  -- statements executed
  sql_rows BIGINT NOT NULL,    -- rows fetched
  sql_time BIGINT NOT NULL,    -- executing
  cache_gets INTEGER NOT NULL, -- keys asked for
  cache_hits INTEGER NOT NULL, -- keys of those that were there
  cache_time BIGINT NOT NULL,  -- in cache operations
  ai_calls INTEGER NOT NULL,   -- calls of AI and other HTTP services
  ai_time BIGINT NOT NULL,     -- in those calls
  tasks INTEGER NOT NULL,      -- tasks enqueued (Celery, django.tasks)
  exception TEXT NOT NULL,     -- class name, or ''
  thread BIGINT,               -- native id of the thread it began in
  wait BIGINT,                 -- of a task: time in the queue
  items INTEGER,               -- in the response's (first) list; -1 unknown
  sql_fetch_time BIGINT,       -- fetching rows
  template_time BIGINT,        -- rendering templates and serialisers, without the SQL, cache and calls in them
  tx_time BIGINT,              -- with a database transaction open
  tx_call_time BIGINT,         -- the part of tx_time spent in AI and HTTP calls
  lock_time BIGINT,            -- from the first statement that locks rows in a transaction to its end
  tx_count INTEGER,            -- transactions opened; savepoints are part of theirs
  connect_time BIGINT,         -- waiting for connections to databases: opened anew, or given out by a pool
  cpu_sql BIGINT,              -- parts of cpu
  cpu_cache BIGINT,            -- as cpu_sql
  cpu_call BIGINT,             -- as cpu_sql
  cpu_template BIGINT,         -- as cpu_sql
  blocks BIGINT,               -- change of the process's allocated memory blocks
  rss BIGINT,                  -- change of the process's resident bytes
  rows_read BIGINT,            -- work of the database: rows read (PostgreSQL), instructions (SQLite)
  abandoned BOOLEAN,           -- the user left (or it was cancelled) before the answer was complete; its exception is '', without any answer its status is 499
  uncounted TEXT[],            -- what could not be counted, "driver mysqlclient"
  queued STRUCT(task TEXT, queue TEXT, count INTEGER)[],  -- tasks enqueued, by task and queue
  sql STRUCT(shape TEXT, caller TEXT, calls INTEGER, "rows" BIGINT, "time" BIGINT, fetch_time BIGINT, repeats INTEGER, in_transaction INTEGER, errors INTEGER, alias TEXT)[],  -- statements by shape, by the line that asked and by the database's alias (null: 'default'); "rows" fetched, "time" executing; repeats: identical ones
  cache STRUCT(family TEXT, gets INTEGER, hits INTEGER, sets INTEGER, deletes INTEGER, bytes BIGINT, "time" BIGINT)[],  -- operations by family of keys, as cache_gets and cache_hits; bytes that went both ways
  ai STRUCT(target TEXT, kind TEXT, model TEXT, version TEXT, caller TEXT, calls INTEGER, inputs INTEGER, tokens_in BIGINT, tokens_out BIGINT, attempts INTEGER, first_byte BIGINT, "time" BIGINT, errors INTEGER, repeats INTEGER, clients INTEGER)[]  -- calls of AI ('ai'), HTTP services ('http') and Redis ('redis'); all summed up over the calls, first_byte too; attempts: with retries; repeats of a payload; clients constructed for them
);

-- Each event's statement shapes, one row a shape, caller and database.
CREATE OR REPLACE VIEW sql_calls AS
  SELECT trace_id, service, release, route, start, s.shape, s.caller, s.calls, s."rows", s."time",
         coalesce(s.fetch_time, 0) AS fetch_time, s.repeats, s.in_transaction, s.errors,
         coalesce(s.alias, 'default') AS alias
  FROM work, unnest(work.sql) AS u(s);
-- Each event's cache key families.
CREATE OR REPLACE VIEW cache_calls AS
  SELECT trace_id, service, release, route, start, c.family, c.gets, c.hits, c.sets, c.deletes, c.bytes, c."time"
  FROM work, unnest(work.cache) AS u(c);
-- Calls of AI (kind 'ai') and other HTTP services ('http'), and of Redis outside the cache ('redis').
CREATE OR REPLACE VIEW ai_calls AS
  SELECT trace_id, service, release, route, start, a.target, a.kind, a.model, a.version, a.caller, a.calls,
         a.inputs, a.tokens_in, a.tokens_out, a.attempts, a.first_byte, a."time", a.errors, a.repeats, a.clients
  FROM work, unnest(work.ai) AS u(a);

-- The metered processes, one row each, before its first events.
CREATE TABLE IF NOT EXISTS processes (
  ts BIGINT NOT NULL,          -- when it told it
  service TEXT NOT NULL,       -- as in work
  release TEXT NOT NULL,       -- as in work
  pid INTEGER NOT NULL,        -- as in work
  python TEXT NOT NULL,        -- its version
  packages JSON NOT NULL       -- installed ones: name, in lower case and with hyphens -> version
);

-- Which versions of packages each release ran with, one row a package and version.
CREATE OR REPLACE VIEW packages AS
  SELECT service, release, name, packages->>name AS version, min(ts) AS ts
  FROM (SELECT *, unnest(json_keys(packages)) AS name FROM processes) GROUP BY ALL;

-- Other OpenTelemetry spans, each once.
CREATE TABLE IF NOT EXISTS spans (
  trace_id TEXT NOT NULL,      -- 32 hexadecimal digits
  span_id TEXT NOT NULL,       -- 16 hexadecimal digits
  parent_id TEXT NOT NULL,     -- span_id of the caller, or ''
  service TEXT NOT NULL,       -- service.name of the sender
  release TEXT NOT NULL,       -- service.version of the sender, or ''
  name TEXT NOT NULL,          -- as sent
  start BIGINT NOT NULL,       -- by the sender's clock
  duration BIGINT NOT NULL,    -- 0 too where the sender's clock went back meanwhile
  status TEXT NOT NULL,        -- unset, ok or error
  attributes JSON NOT NULL,    -- as sent; texts are cut after 32 KiB, bytes that are no UTF-8 are {"bytesValue": base64}
  kind TEXT DEFAULT '',        -- internal, server, client, producer or consumer; '' as sent
  message TEXT DEFAULT '',     -- of the status
  events JSON DEFAULT '[]'     -- a list of {"time", "name", "attributes"}, "time" as start
);

-- OpenTelemetry log records.
CREATE TABLE IF NOT EXISTS logs (
  ts BIGINT NOT NULL,          -- when it was written, else observed, else received
  service TEXT NOT NULL,       -- as in spans
  release TEXT NOT NULL,       -- as in spans
  severity TEXT NOT NULL,      -- severity_text as sent, else the name of its number (INFO, WARN2), or ''
  body TEXT NOT NULL,          -- a text as it is, '' for none, all else as JSON; cut after 32 KiB
  attributes JSON NOT NULL,    -- as in spans
  severity_number INTEGER DEFAULT 0,  -- 1 (TRACE) to 24 (FATAL4); 0: not told
  event TEXT DEFAULT '',       -- event_name, else the attribute event.name, or ''
  trace_id TEXT DEFAULT '',    -- of the span in which it was written, as in spans, or ''
  span_id TEXT DEFAULT ''      -- as trace_id
);

-- OTLP metrics and process samples. Names and units of our own:
--   process.cpu (cores, since the sample before), process.rss (bytes, shared pages counted
--   once a process), process.private (bytes of pages that are no file's and not shared), process.threads,
--   process.fds (open file descriptors), meter.dropped (events lost by the process that its attribute
--   process.pid names, cumulative),
--   queue.depth (messages that wait in the Celery queue that its attribute queue names).
-- A histogram gives NAME.sum and NAME.count, and NAME.bucket whose attribute le is the bucket's upper
-- bound and whose value counts what is not above it; an exponential histogram and a summary give
-- NAME.quantile, whose attribute quantile says which (of the former: within its bucket's width). A
-- histogram without a sum has none. The processes of one service are told apart by the attribute
-- service.instance.id, where its sender or the point itself has one.
CREATE TABLE IF NOT EXISTS metrics (
  ts BIGINT NOT NULL,          -- when it was measured
  name TEXT NOT NULL,          -- as sent, or as above
  service TEXT NOT NULL,       -- as in spans
  release TEXT NOT NULL,       -- as in spans
  value DOUBLE NOT NULL,       -- in the metric's own unit
  attributes JSON NOT NULL,    -- as in spans
  unit TEXT DEFAULT '',        -- as sent, or ''; a histogram's counts have none
  temporality TEXT DEFAULT ''  -- of sums and histograms: delta (since the point before) or cumulative; else ''
);

-- Stacks that a profiler saw, one row a stack and flush of the profiler.
CREATE TABLE IF NOT EXISTS profiles (
  ts BIGINT NOT NULL,          -- end of the interval in which it was seen
  service TEXT NOT NULL,       -- whose process it was
  release TEXT NOT NULL,       -- of that process, or ''
  route TEXT NOT NULL,         -- what it was serving, or '' where that is not known
  stack TEXT NOT NULL,         -- frames "function (file:line)" from the root to the leaf, split by ';'
  samples INTEGER NOT NULL,    -- how often it was seen
  weight BIGINT NOT NULL       -- time that this stands for
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
  requests INTEGER NOT NULL,    -- that the page made
  bytes BIGINT NOT NULL,        -- as transferred, headers included
  error TEXT NOT NULL           -- '' or what went wrong
);

-- The machine, each second.
CREATE TABLE IF NOT EXISTS machine (
  ts BIGINT NOT NULL,           -- end of the second
  foreign_cpu DOUBLE NOT NULL,  -- cores used by processes that are not this drill's
  own_cpu DOUBLE NOT NULL,      -- cores used by this drill, its service 'tools' included
  pressure DOUBLE,              -- /proc/pressure/cpu "some" since the sample before, 0..1; null where absent
  memory_available BIGINT NOT NULL -- bytes
);

-- PostgreSQL's statements, sampled: cumulative counters, one row per statement and sample.
CREATE TABLE IF NOT EXISTS statements (
  ts BIGINT NOT NULL,           -- of the sample
  query TEXT NOT NULL,          -- as pg_stat_statements normalises it
  calls BIGINT NOT NULL,        -- executions
  "rows" BIGINT NOT NULL,       -- returned or changed
  time_ms DOUBLE NOT NULL       -- execution, in ms
);

-- PostgreSQL's tables, sampled as the statements are.
CREATE TABLE IF NOT EXISTS relations (
  ts BIGINT NOT NULL,           -- of the sample
  relation TEXT NOT NULL,       -- table
  seq_scans BIGINT NOT NULL,    -- scans of all of it
  seq_rows BIGINT NOT NULL,     -- rows that these read
  index_scans BIGINT NOT NULL,  -- scans by an index
  live_rows BIGINT NOT NULL     -- rows it has, estimated; no counter
);

-- PostgreSQL's indexes, sampled as the statements are.
CREATE TABLE IF NOT EXISTS indexes (
  ts BIGINT NOT NULL,           -- of the sample
  relation TEXT NOT NULL,       -- table
  name TEXT NOT NULL,           -- of the index
  definition TEXT NOT NULL,     -- CREATE INDEX ...
  scans BIGINT NOT NULL         -- scans by it
);
