-- Statements of the conformance test. Expected rows: make-expected.ts. Times of press_01 begin at 2024-01-01 00:00:00.

-- counts and filters
SELECT count(*) FROM press_01;
SELECT count(*) AS n, count(temperature) AS t, count(state) AS s FROM press_01;
SELECT count(*) FROM press_01 WHERE ts >= '2024-01-01 00:10:00' AND ts < '2024-01-01 00:20:00';
SELECT count(*) FROM press_01 WHERE ts BETWEEN TIMESTAMP '2024-01-01 00:10:00' AND TIMESTAMP '2024-01-01 00:10:10';
SELECT count(*) FROM press_01 WHERE ts = '2024-01-01 00:01:00';
SELECT count(*) FROM press_01 WHERE ts > '2024-01-01 01:00:00' OR temperature > 25.5;
SELECT count(*) FROM press_01 WHERE ts < '2024-01-01 00:01:00' OR ts > '2024-01-01 01:20:00';
SELECT count(*) FROM press_01 WHERE NOT (ts < '2024-01-01 01:00:00');
SELECT count(*) FROM press_01 WHERE epoch_ms(ts) >= 1704067800000 AND epoch_ms(ts) <= 1704067801500;
SELECT count(*) FROM press_01 WHERE ts IN ('2024-01-01 00:00:10', '2024-01-01 00:00:20', '2025-01-01');
SELECT count(*) FROM press_01 WHERE ts::DATE = '2024-01-01' AND hour(ts) = 1;
SELECT count(*) FROM press_01 WHERE date_trunc('minute', ts) = '2024-01-01 00:05:00';
SELECT count(*) FROM press_01 WHERE ts >= TIMESTAMPTZ '2024-01-01 02:00:00+01:00';
SELECT count(*) FROM press_01 WHERE ts > (SELECT max(ts) - INTERVAL '30 seconds' FROM press_01);
SELECT count(*) FROM press_01 WHERE state = 'a'') AND (ts >= ''2030-01-01 00:00:00''::TIMESTAMP';
SELECT count(*) FROM press_01 WHERE ts >= '2030-01-01';
SELECT count(*) FROM press_01 WHERE ts > now();
SELECT count(*) FROM press_01 WHERE temperature IS NULL;
SELECT count(*) FROM press_01 WHERE state IS NOT NULL AND state <> 'RUN' AND is_on;
SELECT ts, temperature FROM press_01 WHERE temperature > 25.9 ORDER BY ts, temperature LIMIT 5;
SELECT ts, state FROM press_01 WHERE state LIKE 'IDLE%' ORDER BY ts, state LIMIT 3;
SELECT pieces FROM press_01 WHERE pieces > 4_990_000_000_000 ORDER BY pieces;
SELECT level, load FROM press_01 WHERE level = -50 ORDER BY ts, load LIMIT 4;
SELECT ts, raw FROM press_01 WHERE raw = '\x07\x01'::BLOB ORDER BY ts;

-- every type, first and last rows
SELECT * FROM press_01 ORDER BY ts, pressure, pieces LIMIT 6;
SELECT * FROM press_01 ORDER BY ts DESC, pressure DESC, pieces DESC LIMIT 6;
SELECT * FROM orders ORDER BY ts LIMIT 3;
SELECT * FROM "Fine Pulses" ORDER BY ts LIMIT 8;
SELECT ts FROM "Fine Pulses" WHERE ts BETWEEN '2024-01-01 00:00:00.000001998' AND '2024-01-01 00:00:00.000003996' ORDER BY ts;
SELECT "Value ""x""" AS v, "select" FROM "Fine Pulses" WHERE "select" = 'odd' ORDER BY ts LIMIT 4;
SELECT count(*) FROM "Fine Pulses" WHERE "Value ""x""" > 30;
SELECT max("Value ""x""") AS most, min("Value ""x""") AS least FROM "Fine Pulses";
SELECT typeof(ts) AS t, typeof(temperature) AS f64, typeof(state) AS utf8, typeof(is_on) AS bool, typeof(pieces) AS i64, typeof(level) AS i32, typeof(load) AS f32, typeof(raw) AS bytes FROM press_01 LIMIT 1;

-- aggregates and groups
SELECT min(temperature), max(temperature), round(avg(temperature), 9) AS mean, round(sum(pressure), 6) AS total FROM press_01;
SELECT sum(pieces), sum(level) FROM press_01;
SELECT state, count(*) AS n, round(avg(temperature), 9) AS t FROM press_01 GROUP BY state ORDER BY state NULLS LAST;
SELECT is_on, count(DISTINCT level) AS levels FROM press_01 GROUP BY ALL ORDER BY is_on NULLS FIRST;
SELECT time_bucket(INTERVAL '10 minutes', ts) AS b, count(*) AS n, max(pressure) AS p FROM press_01 GROUP BY b ORDER BY b;
SELECT time_bucket(INTERVAL '15 minutes', ts, TIMESTAMP '2024-01-01 00:05:00') AS b, count(*) AS n FROM press_01 WHERE ts >= '2024-01-01 00:30:00' GROUP BY b ORDER BY b;
SELECT date_trunc('hour', ts) AS h, min(temperature) AS t FROM press_01 GROUP BY h HAVING count(*) > 100 ORDER BY h;
SELECT quantile_cont(pressure, 0.5) AS median, mode(state) AS usual FROM press_01;
SELECT arg_max(ts, pieces) AS at FROM press_01;
SELECT first(temperature ORDER BY ts, pressure) AS a, last(temperature ORDER BY ts, pressure) AS z FROM press_01;
SELECT count(*) FILTER (WHERE is_on) AS working, count(*) FILTER (WHERE NOT is_on) AS resting FROM press_01;
SELECT state, is_on, count(*) AS n FROM press_01 GROUP BY ROLLUP (state, is_on) ORDER BY ALL;
SELECT min(ts) AS a, max(ts) AS z, max(ts) - min(ts) AS span FROM press_01;
SELECT count(*) AS n, sum(temperature) AS s FROM press_01 WHERE ts > '2030-01-01';
SELECT list(article ORDER BY ts) AS all_of_them FROM orders WHERE amount <= 150;
SELECT histogram(article) AS h FROM orders WHERE amount <= 400;

-- windows
SELECT ts, amount, amount - lag(amount) OVER (ORDER BY ts) AS step FROM orders ORDER BY ts LIMIT 4;
SELECT ts, sum(amount) OVER (ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS last_three FROM orders ORDER BY ts LIMIT 5;
SELECT article, amount, rank() OVER (PARTITION BY article ORDER BY amount DESC) AS place FROM orders QUALIFY place = 1 ORDER BY article;
SELECT ts, row_number() OVER (ORDER BY ts, pressure) AS n FROM press_01 WHERE ts < '2024-01-01 00:00:04' ORDER BY n;
SELECT ts, round(avg(pressure) OVER (ORDER BY ts RANGE BETWEEN INTERVAL '5 seconds' PRECEDING AND CURRENT ROW), 6) AS p FROM press_01 WHERE ts BETWEEN '2024-01-01 00:10:00' AND '2024-01-01 00:10:08' ORDER BY ts, p;

-- joins
SELECT o.article, count(*) AS n FROM orders o JOIN press_01 p ON p.ts >= o.ts AND p.ts < o.ts + INTERVAL '10 seconds' GROUP BY o.article ORDER BY o.article;
SELECT o.ts, o.amount, p.ts AS seen, p.pressure FROM orders o ASOF JOIN (SELECT ts, max(pressure) AS pressure FROM press_01 GROUP BY ts) p ON o.ts >= p.ts ORDER BY o.ts LIMIT 5;
SELECT count(*) FROM press_01 a JOIN press_01 b USING (ts) WHERE a.ts < '2024-01-01 00:10:00' AND b.ts >= '2024-01-01 00:05:00';
SELECT count(*) FROM press_01 a, press_01 b WHERE a.ts = b.ts AND a.ts < '2024-01-01 00:00:30';
SELECT count(*) FROM orders o LEFT JOIN press_01 p ON o.ts = p.ts WHERE p.ts IS NULL;
SELECT count(*) FROM orders o WHERE EXISTS (SELECT 1 FROM press_01 p WHERE p.ts BETWEEN o.ts AND o.ts + INTERVAL '1 second' AND p.is_on);
SELECT count(*) FROM orders o SEMI JOIN (SELECT time_bucket(INTERVAL '2 minutes', ts) AS b FROM press_01 WHERE temperature > 25.5) hot ON time_bucket(INTERVAL '2 minutes', o.ts) = hot.b;
SELECT o.article, hot.t FROM orders o, LATERAL (SELECT max(temperature) AS t FROM press_01 p WHERE p.ts BETWEEN o.ts AND o.ts + INTERVAL '1 minute') hot ORDER BY o.ts LIMIT 4;
SELECT count(*) FROM press_01 p JOIN "Fine Pulses" f ON p.ts = f.ts::TIMESTAMP;

-- sets, CTEs, subqueries, FROM first, pivots
WITH hot AS (SELECT * FROM press_01 WHERE temperature > 25), cold AS (SELECT * FROM press_01 WHERE temperature < 16) SELECT (SELECT count(*) FROM hot) AS hot, (SELECT count(*) FROM cold) AS cold;
WITH press_01 AS (SELECT 42 AS answer) SELECT * FROM press_01;
WITH RECURSIVE steps(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM steps WHERE n < 5) SELECT n, (SELECT count(*) FROM press_01 WHERE ts < TIMESTAMP '2024-01-01' + n * INTERVAL '1 minute') AS rows FROM steps ORDER BY n;
SELECT ts FROM orders WHERE amount < 100 UNION ALL SELECT ts FROM orders WHERE amount > 1990 ORDER BY ts;
SELECT article FROM orders EXCEPT SELECT article FROM orders WHERE amount > 100 ORDER BY article;
FROM orders SELECT article, amount WHERE amount > 1900 ORDER BY amount;
FROM press_01 SELECT count(*) AS n;
SELECT * EXCLUDE (amount) FROM orders ORDER BY ts LIMIT 2;
SELECT COLUMNS('^a') FROM orders ORDER BY ts LIMIT 2;
PIVOT (SELECT article, amount FROM orders WHERE amount <= 400) ON article USING sum(amount);
SELECT count(*) FROM (SELECT DISTINCT state, is_on FROM press_01);
SELECT CASE WHEN temperature > 25 THEN 'hot' WHEN temperature IS NULL THEN 'unknown' ELSE 'fine' END AS how, count(*) AS n FROM press_01 GROUP BY how ORDER BY how;
SELECT {'article': article, 'amount': amount} AS pair, [amount, amount * 2] AS both FROM orders ORDER BY ts LIMIT 2;
SELECT count(*) FROM press_01 TABLESAMPLE 100 PERCENT;
VALUES (1, 'a'), (2, NULL);
SELECT 1.5 AS d, 9223372036854775807 AS i, TIME '12:30:00' AS t, DATE '2024-02-29' AS day, INTERVAL '1 month' AS m, NULL AS n;
DESCRIBE orders;
