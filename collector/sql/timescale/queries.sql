-- edition: apache, timescale, or null for plain PostgreSQL
select current_setting('timescaledb.license', true);

-- extension: whether TimescaleDB is in this database, and whether the server has it
select exists (select from pg_extension where extname = 'timescaledb'),
  exists (select from pg_available_extensions where name = 'timescaledb');

-- make_extension: into the database
create extension if not exists timescaledb;

-- lock_migrations: one at a time, until the end of the transaction
select pg_advisory_xact_lock(7654321);

-- own: as the owner of the tables
set local role vitalsd_migrate;

-- migrated: whether this database ever had a migration
select to_regclass('vitalsd.migration') is not null;

-- applied: migrations in this database
select name from vitalsd.migration;

-- apply: a migration is in
insert into vitalsd.migration(name) values (%s);

-- keep: a kind of data for so many days, or for ever
update vitalsd.retention set days = %s where kind = %s;

-- kept: kinds of data that are not kept for ever
select kind, days from vitalsd.retention where days is not null order by kind;

-- drop_old: a slice of what is older than is wanted; what it was
select relation, amount, unit, first, cutoff from vitalsd.drop_old();

-- settings: sessions left behind and endless waits end (lock_timeout < a ghost's life), late data open all they need
select set_config('idle_in_transaction_session_timeout', '10s', false), set_config('lock_timeout', '15s', false),
  set_config('statement_timeout', '60s', false), set_config('tcp_keepalives_idle', '5', false),
  set_config('tcp_keepalives_interval', '2', false), set_config('tcp_keepalives_count', '3', false),
  set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', false);

-- make_position: a journal's first contact
insert into vitalsd.position(journal, reader, life) values (%s, %s, %s) on conflict do nothing
returning life::text, done::text, stale::text, loose::text;

-- position: what the store has of a journal
select life::text, done::text, stale::text, loose::text from vitalsd.position where journal = %s and reader = %s;

-- advance: compare and set, first in its transaction; no row changed: somebody else has moved it, send nothing
update vitalsd.position
set done = done + %(done)s::int8multirange, stale = stale + %(stale)s::int8multirange,
  loose = loose + %(loose)s::int8multirange, life = %(life)s
where journal = %(journal)s and reader = %(reader)s and done = %(expected)s::int8multirange;

-- channels: those of some beds
select id, bed, device, code, source, role, site, unit from vitalsd.channel where bed = any(%s);

-- read_channels: those of some beds, with the codes that they have been given since
select id, bed, device, code, source, role, site, unit from vitalsd.read_channel where bed = any(%s);

-- patience: no longer than that for the rest of the transaction
set local statement_timeout = '500ms';

-- occupied: whether a case is open at some beds
select bed, charting.occupied(bed) from unnest(%s::text[]) as bed;

-- map: what a signal is that has no code
insert into vitalsd.mapping(device, source, code, unit) values (%s, %s, %s, %s)
on conflict (device, source) do update set code = excluded.code, unit = excluded.unit, mapped = now();

-- unmapped: signals that have no code
select bed, device, source, role, unit, last, time from vitalsd.unmapped order by device, source, bed, role;

-- put_channel: unless it is there
insert into vitalsd.channel(bed, device, code, source, role, site, unit) values (%s, %s, %s, %s, %s, %s, %s)
on conflict do nothing;

-- channel: the number of one
select id from vitalsd.channel
where (bed, device, code, source, role, site, unit) = (%s, %s, %s, %s, %s, %s, %s);

-- copy_obs: readings
copy vitalsd.obs(time, value, channel, n, quality, demo, text) from stdin (format binary);

-- copy_wave: pieces and runs
copy vitalsd.wave(channel, time, n, rate_hz, scale, "offset", quality, demo, samples, enc, data)
from stdin (format binary);

-- merge_obs: readings of which some may be there; how many were new
select vitalsd.merge_obs(%b::bigint[], %b::float8[], %b::integer[], %b::"char"[], %b::boolean[], %b::text[]);

-- move_tips: pieces of channels come, each channel's from a time to another; which of them may have some of it already
select vitalsd.move_tips(%b::integer[], %b::bigint[], %b::bigint[], %s);

-- stored_waves: what is stored of channels, each from a time to another
select channel, (extract(epoch from time) * 1000000)::bigint, n, rate_hz, scale, "offset", quality::text, demo, samples,
  enc, data
from vitalsd.stored_waves(%b::integer[], %b::bigint[], %b::bigint[]);

-- loosen: more minutes with raw pieces than was thought
update vitalsd.position set loose = loose + %s::int8multirange where journal = %s and reader = %s;

-- loose_waves: raw pieces of a minute of one of these channels, or nothing where all is packed
select channel, (extract(epoch from time) * 1000000)::bigint, n, rate_hz, scale, "offset", quality::text, demo, samples,
  enc, data
from vitalsd.loose_waves(%b::integer[], %s);

-- pack_waves: packed runs in place of raw pieces
select vitalsd.pack_waves(%s, %s, %b::bigint[], %b::smallint[], %b::bigint[], %b::float8[], %b::float8[], %b::float8[],
  %b::smallint[], %b::"char"[], %b::boolean[], %b::integer[], %b::bytea[]);

-- packed: a minute without raw pieces
update vitalsd.position set loose = loose - %s::int8multirange where journal = %s and reader = %s;

-- keep_condition: a change, and which of a journal's entries it is
select vitalsd.keep_condition(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::bigint, %s, %s);

-- keep_identity: who it is
select vitalsd.keep_identity(%s, %s, %s, %s, %s::jsonb);

-- keep_latest: last readings
select vitalsd.keep_latest(%b::integer[], %b::bigint[], %b::float8[], %b::text[], %b::"char"[], %b::boolean[]);

-- rolled_up: minutes that are no longer behind
update vitalsd.position set stale = stale - %s::int8multirange where journal = %s and reader = %s;

-- roll_up: minutes anew from their readings
select vitalsd.roll_up(%s::integer[], %s, %s);

-- park: an entry that no table would take
insert into vitalsd.parked(journal, seq, reason, entry) values (%s, %s, %s, %s);

-- latest: last readings of channels
select l.channel, (extract(epoch from l.time) * 1000000)::bigint, l.value, l.text, l.quality, l.demo
from vitalsd.latest as l where l.channel = any(%s) order by l.channel;

-- points: readings of channels as fixed columns
copy (
  select channel, time, coalesce(value, 'NaN') as value, quality, demo from vitalsd.obs
  where channel = any(%s) and time >= vitalsd.moment(%s) and time < vitalsd.moment(%s) order by channel, time, n
) to stdout (format binary);

-- values: readings of channels, whole
select channel, (extract(epoch from time) * 1000000)::bigint, value, text, quality, demo from vitalsd.obs
where channel = any(%s) and time >= vitalsd.moment(%s) and time < vitalsd.moment(%s) order by channel, time, n;

-- minutes: minutes of channels as fixed columns
copy (
  select channel, minute, last, low, high, count, questionable, demo from vitalsd.minute
  where channel = any(%s) and minute >= vitalsd.moment(%s) and minute < vitalsd.moment(%s) order by channel, minute
) to stdout (format binary);

-- waves: pieces and runs of channels
select channel, (extract(epoch from time) * 1000000)::bigint, rate_hz, scale, "offset", quality::text, demo, samples, enc,
  data
from vitalsd.wave
where channel = any(%s) and time >= vitalsd.moment(%s) and time < vitalsd.moment(%s) order by channel, time, n;

-- conditions: changes at a bed, in the order of the view
select bed, device, source, (extract(epoch from time) * 1000000)::bigint, n, type, priority, phase, code, text,
  device_priority, demo, (extract(epoch from device_time) * 1000000)::bigint
from vitalsd.condition
where bed = %s and time >= vitalsd.moment(%s) and time < vitalsd.moment(%s)
order by max(time) over (partition by journal order by seq, time, n), journal nulls first, seq, n;

-- last_changes: the last change before a time of each condition at a bed
select bed, device, source, (extract(epoch from time) * 1000000)::bigint, n, type, priority, phase, code, text,
  device_priority, demo, (extract(epoch from device_time) * 1000000)::bigint
from (
  select distinct on (device, source) * from (
    select distinct on (device, source, journal) * from vitalsd.condition
    where bed = %s and time < vitalsd.moment(%s)
    order by device, source, journal, seq desc nulls last, time desc, n desc
  ) as of_journal
  order by device, source, time desc, journal nulls last, n desc
) as last
order by time, device, source;

-- identities: what devices at a bed said of themselves and of their patient
select bed, device, kind, (extract(epoch from time) * 1000000)::bigint, n, body::text from vitalsd.identity
where bed = %s and time >= vitalsd.moment(%s) and time < vitalsd.moment(%s) order by time, device, kind, n;

-- fleet_heard: when each device of each bed told something last; what gateways tell by themselves is not theirs
select c.bed, c.device, (extract(epoch from max(l.time)) * 1000000)::bigint
from vitalsd.channel as c join vitalsd.latest as l on l.channel = c.id
where c.device <> %s and c.source <> %s group by c.bed, c.device;

-- fleet_own: what gateways told last, of themselves and of their devices
select c.bed, c.device, c.code, c.source, c.role, c.site, c.unit, (extract(epoch from l.time) * 1000000)::bigint,
  l.value, l.text, l.quality, l.demo
from vitalsd.channel as c join vitalsd.latest as l on l.channel = c.id
where c.device = %s or c.source = %s;

-- fleet_identities: what devices of all beds said of themselves last
select d.bed, d.device, 'device', (extract(epoch from i.time) * 1000000)::bigint, i.n, i.body::text
from (select distinct bed, device from vitalsd.channel) as d cross join lateral (
  select time, n, body from vitalsd.identity
  where bed = d.bed and device = d.device and kind = 'device' order by time desc, n desc limit 1
) as i;

-- about: the server's version, TimescaleDB's (null: none), its edition, bytes of the database
select current_setting('server_version'), (select extversion from pg_extension where extname = 'timescaledb'),
  current_setting('timescaledb.license', true), pg_database_size(current_database());
