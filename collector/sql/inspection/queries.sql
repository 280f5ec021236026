-- heard: when each gateway was heard of first ever, and first and last in a period
select /* maintenance */ c.bed, (extract(epoch from e.time) * 1000000)::bigint,
  (extract(epoch from f.time) * 1000000)::bigint, (extract(epoch from l.time) * 1000000)::bigint
from vitalsd.channel as c,
  lateral (select min(time) as time from vitalsd.obs where channel = c.id and time < vitalsd.moment(%(end)s)) as e,
  lateral (
    select min(time) as time from vitalsd.obs
    where channel = c.id and time >= vitalsd.moment(%(start)s) and time < vitalsd.moment(%(end)s)
  ) as f,
  lateral (
    select max(time) as time from vitalsd.obs
    where channel = c.id and time >= vitalsd.moment(%(start)s) and time < vitalsd.moment(%(end)s)
  ) as l
where c.device = 'vitalsd' and c.code = %(code)s and e.time is not null
order by c.bed;

-- told: of these beds those of which there is any reading in a period
select /* maintenance */ distinct c.bed from vitalsd.channel as c
where c.bed = any(%(beds)s) and exists (
  select from vitalsd.obs
  where channel = c.id and time >= vitalsd.moment(%(start)s) and time < vitalsd.moment(%(end)s)
);

-- silences: where a gateway told nothing of itself for longer than so many seconds, between two readings of a period
select /* maintenance */ c.bed, (extract(epoch from s.before) * 1000000)::bigint,
  (extract(epoch from s.time) * 1000000)::bigint
from (
  select channel, time, lag(time) over (partition by channel order by time) as before from vitalsd.obs
  where channel = any(array(select id from vitalsd.channel where device = 'vitalsd' and code = %(code)s))
    and time >= vitalsd.moment(%(start)s) and time < vitalsd.moment(%(end)s)
) as s join vitalsd.channel as c on c.id = s.channel
where s.time - s.before > make_interval(secs => %(silent_s)s)
order by c.bed, s.time;

-- starts: how often gateways' programs began by the site's day: later than a second after the report before
select /* maintenance */ c.bed, s.day::text, s.n
from (
  select channel, (time at time zone %(zone)s)::date as day, count(*) as n
  from (
    select channel, time, value, lag(time) over (partition by channel order by time) as before from vitalsd.obs
    where channel = any(array(select id from vitalsd.channel where device = 'vitalsd' and code = %(code)s))
      and time >= vitalsd.moment(%(start)s) and time < vitalsd.moment(%(end)s) and value is not null
  ) as told
  where time - make_interval(secs => value + 1) > before
  group by 1, 2
) as s join vitalsd.channel as c on c.id = s.channel
order by c.bed, s.day;

-- days: readings of the gateways' own signals by the site's day
select /* maintenance */ c.bed, c.source, c.code, d.day::text, d.n, d.low, d.high, d.total
from (
  select channel, (time at time zone %(zone)s)::date as day, count(*) as n, min(value) as low, max(value) as high,
    sum(value) as total
  from vitalsd.obs
  where channel = any(array(select id from vitalsd.channel where device = 'vitalsd' and code = any(%(codes)s)))
    and time >= vitalsd.moment(%(start)s) and time < vitalsd.moment(%(end)s) and value is not null
  group by 1, 2
) as d join vitalsd.channel as c on c.id = d.channel
order by c.bed, c.source, c.code, d.day;

-- versions: runs of readings that name the same version
select /* maintenance */ c.bed, r.text, (extract(epoch from min(r.time)) * 1000000)::bigint,
  (extract(epoch from max(r.time)) * 1000000)::bigint
from (
  select channel, time, text, count(*) filter (where changed) over (partition by channel order by time) as run
  from (
    select channel, time, text, text is distinct from lag(text) over (partition by channel order by time) as changed
    from vitalsd.obs
    where channel = any(array(select id from vitalsd.channel where device = 'vitalsd' and code = %(code)s))
      and time >= vitalsd.moment(%(start)s) and time < vitalsd.moment(%(end)s) and text is not null
  ) as told
) as r join vitalsd.channel as c on c.id = r.channel
group by c.bed, r.channel, r.run, r.text
order by c.bed, 3;

-- offsets: the last one that was measured between each device's clock and ours
select /* maintenance */ c.bed, c.device, o.value
from vitalsd.channel as c, lateral (
  select value from vitalsd.obs
  where channel = c.id and time >= vitalsd.moment(%(start)s) and time < vitalsd.moment(%(end)s)
  order by time desc, n desc limit 1
) as o
where c.code = %(code)s and o.value is not null
order by c.bed, c.device;

-- changes: of the gateways' own conditions in a period, after the last one before it of each, as they came
select /* maintenance */ bed, source, (extract(epoch from time) * 1000000)::bigint, phase, code from (
  select * from (
    select distinct on (bed, source) bed, source, time, n, phase, code, '-infinity'::timestamptz as clock, journal, seq
    from vitalsd.condition
    where device = 'vitalsd' and source ~ %(sources)s and time < vitalsd.moment(%(start)s)
    order by bed, source, time desc, n desc
  ) as before
  union all
  select bed, source, time, n, phase, code,
    max(time) over (partition by bed, source, journal order by seq, time, n) as clock, journal, seq
  from vitalsd.condition
  where device = 'vitalsd' and source ~ %(sources)s
    and time >= vitalsd.moment(%(start)s) and time < vitalsd.moment(%(end)s)
) as change
order by bed, source, clock, journal nulls first, seq, n;

-- standing: technical conditions of which no end was told by a time
select /* maintenance */ distinct on (bed, device, source) bed, device, source,
  (extract(epoch from min(time) over (partition by bed, device, source)) * 1000000)::bigint, priority, code, text
from (
  select *, count(*) filter (where phase = 'end') over (
    partition by bed, device, source order by time desc, n desc
  ) as ends
  from vitalsd.condition where type = 'technical' and time < vitalsd.moment(%(end)s)
) as told
where ends = 0
order by bed, device, source, time desc, n desc;

-- identities: what devices said last of themselves by a time
select /* maintenance */ distinct on (bed, device) bed, device, body ->> 'manufacturer', body ->> 'model',
  body ->> 'serial',  body ->> 'software'
from vitalsd.identity
where kind = 'device' and time < vitalsd.moment(%(end)s)
order by bed, device, time desc, n desc;

-- dropped: up to where readings are no longer kept
select (extract(epoch from max(cutoff)) * 1000000)::bigint from vitalsd.dropped where relation = 'obs';

-- parked: rows that no table would take, and since when
select count(*), (extract(epoch from min(at)) * 1000000)::bigint from vitalsd.parked
where at >= vitalsd.moment(%(start)s) and at < vitalsd.moment(%(end)s);

-- database: its size and its server
select pg_database_size(current_database()), current_setting('server_version'),
  (select count(*) from pg_stat_activity where backend_type = 'client backend'),
  current_setting('max_connections')::integer,
  (select age(datfrozenxid) from pg_database where datname = current_database()),
  current_setting('autovacuum_freeze_max_age')::bigint;

-- cache: blocks that were found in memory and that were not, since when
select blks_hit, blks_read, (extract(epoch from stats_reset) * 1000000)::bigint
from pg_stat_database where datname = current_database();

-- tables: ours, a hypertable with its chunks
select case when p.oid is null then s.schemaname || '.' || s.relname else pn.nspname || '.' || p.relname end as name,
  sum(pg_table_size(c.oid))::bigint, sum(pg_indexes_size(c.oid))::bigint, sum(s.n_live_tup)::bigint,
  sum(s.n_dead_tup)::bigint, sum(s.seq_scan)::bigint, sum(coalesce(s.idx_scan, 0))::bigint,
  (extract(epoch from max(greatest(s.last_vacuum, s.last_autovacuum))) * 1000000)::bigint
from pg_stat_all_tables as s join pg_class as c on c.oid = s.relid
  left join pg_inherits as i on i.inhrelid = c.oid left join pg_class as p on p.oid = i.inhparent
  left join pg_namespace as pn on pn.oid = p.relnamespace
where coalesce(pn.nspname, s.schemaname) in ('vitalsd', 'charting')
group by 1 order by sum(pg_total_relation_size(c.oid)) desc;

-- chunks: of each hypertable how many, their size; how many are compressed; up to where the oldest that is not reaches
select /* maintenance */ h.hypertable_name, coalesce((
    select sum(total_bytes)
    from hypertable_detailed_size(format('%%I.%%I', h.hypertable_schema, h.hypertable_name)::regclass)
  ), 0)::bigint,
  coalesce(c.chunks, 0), coalesce(c.compressed, 0), h.compression_enabled,
  (extract(epoch from c.uncompressed) * 1000000)::bigint
from timescaledb_information.hypertables as h left join (
  select hypertable_name, count(*) as chunks, count(*) filter (where is_compressed) as compressed,
    min(range_end) filter (where not is_compressed) as uncompressed
  from timescaledb_information.chunks where hypertable_schema = 'vitalsd' group by 1
) as c using (hypertable_name)
where h.hypertable_schema = 'vitalsd' order by 1;

-- grown: bytes in the chunks of a period
select /* maintenance */ sum(z.total_bytes)::bigint
from timescaledb_information.hypertables as h,
  lateral chunks_detailed_size(format('%%I.%%I', h.hypertable_schema, h.hypertable_name)::regclass) as z
  join timescaledb_information.chunks as c on (c.chunk_schema, c.chunk_name) = (z.chunk_schema, z.chunk_name)
where h.hypertable_schema = 'vitalsd' and c.range_start >= vitalsd.moment(%(start)s)
  and c.range_end <= vitalsd.moment(%(end)s);

-- has_statements: whether the server's statistics of statements can be asked; whether others' can be read
select to_regclass('pg_stat_statements') is not null, pg_has_role('pg_read_all_stats', 'usage');

-- statements: the slowest ones of this database, but for those that copy, move and look through all of it
select query, calls, mean_exec_time, total_exec_time from pg_stat_statements
where dbid = (select oid from pg_database where datname = current_database()) and mean_exec_time >= %(mean_ms)s
  and query !~ '/\* maintenance \*/' and query ~* '^\s*(select|with|insert|update|delete|merge)\M'
order by mean_exec_time desc limit 10;

-- has_charting: whether the charting is in this database, too
select to_regclass('charting.alembic_version') is not null;
