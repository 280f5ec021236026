-- The series store. Runs as vitalsd_migrate, on plain PostgreSQL as on either edition of TimescaleDB.

create schema vitalsd;

create table vitalsd.migration(name text primary key, applied timestamptz not null default now());

create table vitalsd.channel(
  id integer generated always as identity primary key,
  bed text not null, device text not null, code text not null, source text not null,
  role text not null, site text not null, unit text not null,
  unique (bed, device, code, source, role, site, unit)
);

-- quality is the first letter of the word in the views. n is 0 unless the device gave the channel another value for the
-- same time. The order of the columns packs them without holes. A foreign key would stand in the way of dropping chunks.
create table vitalsd.obs(
  time timestamptz not null check (time >= '2000-01-01 00:00:00+00' and time < '2100-01-01 00:00:00+00'),
  value float8, channel integer not null, n smallint not null, quality "char" not null, demo boolean not null, text text,
  primary key (channel, time, n)
);

-- data: samples counts, little-endian, 16 bits wide where enc is 0, 32 where it is 1; value = count * scale + offset.
create table vitalsd.wave(
  time timestamptz not null check (time >= '2000-01-01 00:00:00+00' and time < '2100-01-01 00:00:00+00'),
  rate_hz float8 not null, scale float8 not null, "offset" float8 not null,
  channel integer not null, n smallint not null, quality "char" not null, demo boolean not null,
  samples integer not null, enc smallint not null, data bytea not null,
  primary key (channel, time, n)
);
alter table vitalsd.wave alter column data set storage external;

create table vitalsd.condition(
  time timestamptz not null check (time >= '2000-01-01 00:00:00+00' and time < '2100-01-01 00:00:00+00'),
  bed text not null, device text not null, source text not null, n smallint not null,
  type text not null, priority text not null, phase text not null, code text not null, text text not null,
  device_priority text not null, demo boolean not null, device_time timestamptz,
  primary key (bed, device, source, time, n)
);

-- kind: device or patient.
create table vitalsd.identity(
  bed text not null, device text not null, kind text not null, time timestamptz not null, n smallint not null,
  body jsonb not null,
  primary key (bed, device, kind, time, n)
);

create table vitalsd.latest(
  channel integer primary key,
  time timestamptz not null, value float8, quality "char" not null, demo boolean not null, text text
) with (fillfactor = 50);

create table vitalsd.minute(
  minute timestamptz not null, last float8 not null, low float8 not null, high float8 not null,
  channel integer not null, count integer not null, questionable boolean not null, demo boolean not null,
  primary key (channel, minute)
);

-- What the store has of each journal and reader. life: the daemon's run that told last. stale: minutes since 1970 whose
-- rollup is behind.
create table vitalsd.position(
  journal uuid not null, reader text not null, life uuid not null,
  done int8multirange not null default '{}', stale int8multirange not null default '{}',
  primary key (journal, reader)
) with (fillfactor = 50);

-- Entries that no table would take, as JSON, with the reason.
create table vitalsd.parked(
  journal uuid not null, seq bigint not null, reason text not null, entry text not null,
  at timestamptz not null default now(),
  primary key (journal, seq)
);

create function vitalsd.quality_word(letter "char") returns text language sql immutable parallel safe
return case letter when 'V' then 'valid' when 'Q' then 'questionable' when 'I' then 'invalid'
  when 'C' then 'calibrating' when 'O' then 'overflow' when 'U' then 'underflow' when 'N' then 'not_available' end;

create view public.vitals as
select o.time, c.bed, c.device, c.code, c.source, c.role, c.site, o.value, o.text, c.unit,
  vitalsd.quality_word(o.quality) as quality, o.demo
from vitalsd.obs as o join vitalsd.channel as c on c.id = o.channel;

create view public.waves as
select w.time, c.bed, c.device, c.code, c.source, w.rate_hz, w.samples as n, c.unit
from vitalsd.wave as w join vitalsd.channel as c on c.id = w.channel;

-- A condition begins with its first change, or with the next one after its end. What was never seen stays null: the
-- onset of one that was only seen to end, the end of one that was never seen to end.
create view public.conditions as
with change as (
  select *, phase = 'start' or lag(phase, 1, 'end') over arrival = 'end' as begins
  from vitalsd.condition window arrival as (partition by bed, device, source order by time, n)
), counted as (
  select *, count(*) filter (where begins)
    over (partition by bed, device, source order by time, n rows unbounded preceding) as episode
  from change
), episode as (
  select *,
    min(time) filter (where phase <> 'end') over whole as onset,
    max(time) filter (where phase = 'end') over whole as ended,
    row_number() over (partition by bed, device, source, episode order by phase = 'end', time desc, n desc) as rank
  from counted window whole as (partition by bed, device, source, episode)
)
select onset, ended, bed, device, type, priority, code, text from episode where rank = 1;

-- The functions below are how a bed, which may only insert, brings what it may not read. Times are µs since 1970.

create function vitalsd.moment(us bigint) returns timestamptz language sql immutable parallel safe
return timestamptz '1970-01-01 00:00:00+00' + us * interval '1 microsecond';

-- Readings, some of which may be here: the same again changes nothing, another value for the same time gets its own n.
-- Returns how many were new.
create function vitalsd.merge_obs(
  times bigint[], vals float8[], channels integer[], qualities "char"[], demos boolean[], texts text[]
) returns bigint language sql security definer set search_path = pg_catalog, pg_temp
begin atomic
  with given as (
    select vitalsd.moment(us) as time, value, channel, quality, demo, text, ordinality
    from unnest(times, vals, channels, qualities, demos, texts)
      with ordinality as row(us, value, channel, quality, demo, text, ordinality)
  ), fresh as (
    select g.*, row_number() over (partition by channel, time order by ordinality) as rank from given as g
    where not exists (
      select from vitalsd.obs as o where o.channel = g.channel and o.time = g.time
        and (o.value, o.text, o.quality, o.demo) is not distinct from (g.value, g.text, g.quality, g.demo)
    )
  ), put as (
    insert into vitalsd.obs(time, value, channel, n, quality, demo, text)
    select f.time, f.value, f.channel,
      (select coalesce(max(o.n), -1) from vitalsd.obs as o where o.channel = f.channel and o.time = f.time) + f.rank,
      f.quality, f.demo, f.text
    from fresh as f order by f.channel, f.time
    returning 1
  )
  select count(*) from put;
end;

-- The same for pieces of waves.
create function vitalsd.merge_wave(
  times bigint[], rates float8[], scales float8[], offsets float8[], channels integer[], qualities "char"[],
  demos boolean[], counts integer[], encs smallint[], datas bytea[]
) returns bigint language sql security definer set search_path = pg_catalog, pg_temp
begin atomic
  with given as (
    select vitalsd.moment(us) as time, rate_hz, scale, shift, channel, quality, demo, samples, enc, data, ordinality
    from unnest(times, rates, scales, offsets, channels, qualities, demos, counts, encs, datas)
      with ordinality as row(us, rate_hz, scale, shift, channel, quality, demo, samples, enc, data, ordinality)
  ), fresh as (
    select g.*, row_number() over (partition by channel, time order by ordinality) as rank from given as g
    where not exists (
      select from vitalsd.wave as w where w.channel = g.channel and w.time = g.time
        and (w.rate_hz, w.scale, w."offset", w.quality, w.demo, w.enc, w.data)
          = (g.rate_hz, g.scale, g.shift, g.quality, g.demo, g.enc, g.data)
    )
  ), put as (
    insert into vitalsd.wave(time, rate_hz, scale, "offset", channel, n, quality, demo, samples, enc, data)
    select f.time, f.rate_hz, f.scale, f.shift, f.channel,
      (select coalesce(max(w.n), -1) from vitalsd.wave as w where w.channel = f.channel and w.time = f.time) + f.rank,
      f.quality, f.demo, f.samples, f.enc, f.data
    from fresh as f order by f.channel, f.time
    returning 1
  )
  select count(*) from put;
end;

-- One change of an alarm condition; the same again changes nothing.
create function vitalsd.keep_condition(
  a_bed text, a_device text, a_source text, us bigint, a_type text, a_priority text, a_phase text, a_code text,
  a_text text, a_device_priority text, a_demo boolean, device_us bigint
) returns void language sql security definer set search_path = pg_catalog, pg_temp
begin atomic
  insert into vitalsd.condition(
    time, bed, device, source, n, type, priority, phase, code, text, device_priority, demo, device_time)
  select vitalsd.moment(us), a_bed, a_device, a_source, coalesce(max(c.n), -1) + 1, a_type, a_priority, a_phase, a_code,
    a_text, a_device_priority, a_demo, vitalsd.moment(device_us)
  from vitalsd.condition as c
  where c.bed = a_bed and c.device = a_device and c.source = a_source and c.time = vitalsd.moment(us)
  having not coalesce(bool_or(
    (c.type, c.priority, c.phase, c.code, c.text, c.device_priority, c.demo, c.device_time) is not distinct from
    (a_type, a_priority, a_phase, a_code, a_text, a_device_priority, a_demo, vitalsd.moment(device_us))), false);
end;

-- One identity; the same again changes nothing.
create function vitalsd.keep_identity(a_bed text, a_device text, a_kind text, us bigint, a_body jsonb)
returns void language sql security definer set search_path = pg_catalog, pg_temp
begin atomic
  insert into vitalsd.identity(bed, device, kind, time, n, body)
  select a_bed, a_device, a_kind, vitalsd.moment(us), coalesce(max(i.n), -1) + 1, a_body
  from vitalsd.identity as i
  where i.bed = a_bed and i.device = a_device and i.kind = a_kind and i.time = vitalsd.moment(us)
  having not coalesce(bool_or(i.body = a_body), false);
end;

-- Last readings of channels, in the order of their arrival at the bed.
create function vitalsd.keep_latest(
  channels integer[], times bigint[], vals float8[], texts text[], qualities "char"[], demos boolean[]
) returns void language sql security definer set search_path = pg_catalog, pg_temp
begin atomic
  insert into vitalsd.latest(channel, time, value, text, quality, demo)
  select channel, vitalsd.moment(us), value, text, quality, demo
  from unnest(channels, times, vals, texts, qualities, demos) as row(channel, us, value, text, quality, demo)
  order by channel
  on conflict (channel) do update set time = excluded.time, value = excluded.value, text = excluded.text,
    quality = excluded.quality, demo = excluded.demo;
end;

-- Minutes of channels anew from their readings; first and last are minutes since 1970.
create function vitalsd.roll_up(channels integer[], first bigint, last bigint)
returns void language sql security definer set search_path = pg_catalog, pg_temp
begin atomic
  insert into vitalsd.minute(channel, minute, last, low, high, count, questionable, demo)
  select o.channel, date_bin('1 minute', o.time, '2000-01-01 00:00:00+00'),
    (array_agg(o.value order by o.time desc, o.n desc))[1], min(o.value), max(o.value), count(*),
    bool_or(o.quality = 'Q'), bool_or(o.demo)
  from vitalsd.obs as o
  where o.channel = any(channels) and o.value is not null and o.quality in ('V', 'Q')
    and o.time >= vitalsd.moment(first * 60000000) and o.time < vitalsd.moment((last + 1) * 60000000)
  group by 1, 2 order by 1, 2
  on conflict (channel, minute) do update set last = excluded.last, low = excluded.low, high = excluded.high,
    count = excluded.count, questionable = excluded.questionable, demo = excluded.demo;
end;

revoke execute on all functions in schema vitalsd from public;
grant usage on schema vitalsd to vitalsd_bed, vitalsd_chart;
grant execute on function vitalsd.moment to vitalsd_bed, vitalsd_chart;
grant execute on function vitalsd.merge_obs, vitalsd.merge_wave, vitalsd.keep_condition, vitalsd.keep_identity,
  vitalsd.keep_latest, vitalsd.roll_up to vitalsd_bed;
grant execute on function vitalsd.quality_word to vitalsd_chart, vitalsd_read;
grant insert on vitalsd.obs, vitalsd.wave, vitalsd.parked to vitalsd_bed;
grant select, insert on vitalsd.channel to vitalsd_bed;
grant select, insert, update on vitalsd.position to vitalsd_bed;
grant select on all tables in schema vitalsd to vitalsd_chart;
grant select on public.vitals, public.waves, public.conditions to vitalsd_chart, vitalsd_read;

-- Waves as packed runs. A row of vitalsd.wave with enc 2 holds up to 10 s, packed (collector/packing.py); raw pieces of
-- 1 s at most, enc 0 and 1, are put together when their minute is over.

-- Minutes since 1970 that may hold raw pieces.
alter table vitalsd.position add column loose int8multirange not null default '{}';

-- Where the samples of a channel end: nothing is stored from there on. A channel's row is locked by whoever delivers it.
create table vitalsd.wave_tip(channel integer primary key, ends timestamptz not null) with (fillfactor = 50);

-- Whoever delivers pieces of these channels from `firsts` to `ends` moves their tips. Returns the channels that may have
-- some of it. A tip that is not there, or not to be relied on (anew), is found in what is stored.
create function vitalsd.move_tips(channels integer[], firsts bigint[], ends bigint[], anew boolean)
returns setof integer language plpgsql security definer
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  given record;
  tip timestamptz;
  newest timestamptz;
begin
  for given in
    select channel, vitalsd.moment(first) as begins, vitalsd.moment(last) as ends
    from unnest(channels, firsts, ends) as span(channel, first, last) order by channel
  loop
    select t.ends into tip from vitalsd.wave_tip as t where t.channel = given.channel for update;
    if tip is null then
      insert into vitalsd.wave_tip(channel, ends) values (given.channel, '-infinity') on conflict do nothing;
      select t.ends into tip from vitalsd.wave_tip as t where t.channel = given.channel for update;
    end if;
    if anew or tip = '-infinity' then
      select max(w.time) into newest from vitalsd.wave as w
      where w.channel = given.channel and w.time >= given.begins - interval '10 seconds';
      select greatest(tip, max(w.time + w.samples / w.rate_hz * interval '1 second')) into tip from vitalsd.wave as w
      where w.channel = given.channel and w.time >= newest - interval '10 seconds';
    end if;
    if tip > given.begins + interval '2 microseconds' then  -- starts and ends are rounded
      return next given.channel;
    end if;
    update vitalsd.wave_tip as t set ends = greatest(tip, given.ends)
    where t.channel = given.channel and t.ends <> greatest(tip, given.ends);
  end loop;
end $$;

-- What is stored of channels, each from a time to another, for comparing.
create function vitalsd.stored_waves(channels integer[], firsts bigint[], ends bigint[])
returns setof vitalsd.wave language plpgsql security definer
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan as $$
declare given record;
begin
  for given in
    select channel, vitalsd.moment(first) as begins, vitalsd.moment(last) as ends
    from unnest(channels, firsts, ends) as span(channel, first, last)
  loop
    return query select * from vitalsd.wave as w
    where w.channel = given.channel and w.time >= given.begins - interval '10 seconds' and w.time < given.ends;
  end loop;
end $$;

-- The raw pieces of a minute of the first of these channels that has any.
create function vitalsd.loose_waves(channels integer[], minute bigint)
returns setof vitalsd.wave language plpgsql security definer
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  begins constant timestamptz := vitalsd.moment(minute * 60000000);
  first_channel integer;
begin
  select w.channel into first_channel from vitalsd.wave as w
  where w.channel = any(channels) and w.time >= begins and w.time < begins + interval '1 minute' and w.enc < 2
  order by w.channel limit 1;
  return query select * from vitalsd.wave as w
  where w.channel = first_channel and w.time >= begins and w.time < begins + interval '1 minute' and w.enc < 2;
end $$;

-- Raw pieces of a minute of a channel, all of `times` and `ns`, become packed runs of as many samples; or nothing
-- changes, where they are no longer what they were. They are deleted from their chunk, because a delete from a
-- hypertable is planned for all of its chunks.
create function vitalsd.pack_waves(
  a_channel integer, minute bigint, times bigint[], ns smallint[],
  run_times bigint[], rates float8[], scales float8[], offsets float8[], run_ns smallint[], qualities "char"[],
  demos boolean[], counts integer[], datas bytea[]
) returns void language plpgsql security definer
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  begins constant timestamptz := vitalsd.moment(minute * 60000000);
  chunk regclass;
  hit bigint;
  taken bigint;
begin
  select w.tableoid into chunk from vitalsd.wave as w
  where w.channel = a_channel and w.time >= begins and w.time < begins + interval '1 minute' and w.enc < 2 limit 1;
  if chunk is not null then
    execute format('with gone as (
        delete from only %s as w using unnest($1, $2) as piece(us, n)
        where w.channel = $3 and w.time = vitalsd.moment(piece.us) and w.n = piece.n and w.enc < 2
        returning w.samples
      ) select count(*), sum(samples) from gone', chunk)
    into hit, taken using times, ns, a_channel;
  end if;
  if hit is distinct from cardinality(times) or taken is distinct from (select sum(n) from unnest(counts) as run(n)) then
    raise serialization_failure using message = 'the raw pieces of a minute are no longer what they were';
  end if;
  insert into vitalsd.wave(time, rate_hz, scale, "offset", channel, n, quality, demo, samples, enc, data)
  select vitalsd.moment(us), rate_hz, scale, shift, a_channel, n, quality, demo, samples, 2, data
  from unnest(run_times, rates, scales, offsets, run_ns, qualities, demos, counts, datas)
    as run(us, rate_hz, scale, shift, n, quality, demo, samples, data);
end $$;

revoke execute on all functions in schema vitalsd from public;
grant execute on function vitalsd.move_tips, vitalsd.stored_waves, vitalsd.loose_waves, vitalsd.pack_waves to vitalsd_bed;
grant select on vitalsd.wave_tip to vitalsd_chart;

-- How long the store keeps values and waves. For ever, unless a person has said otherwise with `vitalsd migrate`;
-- conditions and identities always. dropped_before: up to where the last finished run has dropped.
create table vitalsd.retention(
  kind text primary key check (kind in ('values', 'waves')),
  days integer check (days > 0),
  dropped_before timestamptz
);
insert into vitalsd.retention(kind) values ('values'), ('waves');

-- What has been dropped: of a table everything before cutoff, in so many chunks or rows, of which the oldest was from
-- "first"; by whom, from when to when.
create table vitalsd.dropped(
  relation text not null, cutoff timestamptz not null, first timestamptz not null,
  amount bigint not null, unit text not null check (unit in ('chunks', 'rows')),
  by text not null, began timestamptz not null default now(), ended timestamptz not null default now(),
  primary key (relation, cutoff)
);

-- Drop a slice of what is older than a person wants kept, and return what it was; nothing: there is no more before the
-- next day, or somebody else is at it. The day is that of the server's clock or of the newest reading, whichever is
-- earlier: no single wrong clock makes a record old. A slice is short, and never waits long for those who read, because
-- live data of the caller wait for it.
create function vitalsd.drop_old()
returns table(relation text, cutoff timestamptz, first timestamptz, amount bigint, unit text)
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '500ms'
as $$
declare
  chunks_at_once constant integer := 8;
  rows_at_once constant integer := 10000;
  policy record;
  part record;
  slice timestamptz;
  more boolean;
begin
  for policy in select * from vitalsd.retention where days is not null order by kind for update skip locked loop
    select date_trunc('day', least(now(), max(l.time)) - make_interval(hours => 24 * policy.days), 'UTC')
    from vitalsd.latest as l having count(*) > 0 into cutoff;
    continue when cutoff is null or cutoff <= policy.dropped_before;
    more := false;
    for part in
      select p.name, p.clock from (
        values ('values', 'obs', 'time'), ('values', 'minute', 'minute'), ('waves', 'wave', 'time')
      ) as p(kind, name, clock) where p.kind = policy.kind
    loop
      relation := part.name;
      if vitalsd.is_hypertable(relation) then
        unit := 'chunks';
        execute 'select max(range_end), min(range_start), count(*) from ('
          ' select range_start, range_end from timescaledb_information.chunks'
          ' where hypertable_schema = ''vitalsd'' and hypertable_name = $1 and range_end <= $2'
          ' order by range_end limit $3) as oldest'
          into slice, first, amount using relation, cutoff, chunks_at_once;
        if amount > 0 then
          execute format('select count(*) from %I.drop_chunks(%L, older_than => $1)',
            (select nspname from pg_namespace join pg_extension on extnamespace = pg_namespace.oid
             where extname = 'timescaledb'), 'vitalsd.' || relation) into amount using slice;
        end if;
      else
        unit := 'rows';
        execute format('with old as ('
          ' select r.ctid from vitalsd.channel as c, lateral (select ctid from vitalsd.%1$I as r'
          ' where r.channel = c.id and r.%2$I < $1 order by r.%2$I limit $2) as r limit $2'
          '), gone as (delete from vitalsd.%1$I where ctid = any(array(select ctid from old)) returning %2$I)'
          ' select min(%2$I), count(*) from gone', relation, part.clock)
          into first, amount using cutoff, rows_at_once;
      end if;
      if amount > 0 then
        more := true;
        insert into vitalsd.dropped as d values (relation, cutoff, first, amount, unit, session_user)
        on conflict on constraint dropped_pkey do update set first = least(d.first, excluded.first),
          amount = d.amount + excluded.amount, by = excluded.by, ended = excluded.ended;
        return next;
      end if;
    end loop;
    if not more then
      update vitalsd.retention as r set dropped_before = cutoff where r.kind = policy.kind;
    end if;
  end loop;
end $$;

create function vitalsd.is_hypertable(relation text) returns boolean language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare found boolean := false;
begin
  if to_regclass('timescaledb_information.hypertables') is not null then
    execute 'select exists (select from timescaledb_information.hypertables'
      ' where hypertable_schema = ''vitalsd'' and hypertable_name = $1)' into found using relation;
  end if;
  return found;
end $$;

-- The same as a job of the Community edition's scheduler.
create procedure vitalsd.drop_old_job(job_id integer, config jsonb) language plpgsql as $$
begin
  while exists (select from vitalsd.drop_old()) loop
    commit;
  end loop;
end $$;

revoke execute on function vitalsd.drop_old, vitalsd.is_hypertable from public;
revoke execute on procedure vitalsd.drop_old_job from public;
grant execute on function vitalsd.drop_old to vitalsd_bed;
grant usage on schema vitalsd to vitalsd_read;
grant select on vitalsd.retention, vitalsd.dropped to vitalsd_chart, vitalsd_read;

-- Changes of alarm conditions in the order in which they came to the bed, also where its clock was set back meanwhile. A
-- change is number `seq` of a journal; one that an older daemon brought has neither.
alter table vitalsd.condition add column journal uuid, add column seq bigint;

-- One change of an alarm condition; the same again changes nothing.
drop function vitalsd.keep_condition;
create function vitalsd.keep_condition(
  a_bed text, a_device text, a_source text, us bigint, a_type text, a_priority text, a_phase text, a_code text,
  a_text text, a_device_priority text, a_demo boolean, device_us bigint, a_journal uuid default null,
  a_seq bigint default null
) returns void language sql security definer set search_path = pg_catalog, pg_temp
begin atomic
  insert into vitalsd.condition(
    time, bed, device, source, n, type, priority, phase, code, text, device_priority, demo, device_time, journal, seq)
  select vitalsd.moment(us), a_bed, a_device, a_source, coalesce(max(c.n), -1) + 1, a_type, a_priority, a_phase, a_code,
    a_text, a_device_priority, a_demo, vitalsd.moment(device_us), a_journal, a_seq
  from vitalsd.condition as c
  where c.bed = a_bed and c.device = a_device and c.source = a_source and c.time = vitalsd.moment(us)
  having not coalesce(bool_or(
    (c.type, c.priority, c.phase, c.code, c.text, c.device_priority, c.demo, c.device_time) is not distinct from
    (a_type, a_priority, a_phase, a_code, a_text, a_device_priority, a_demo, vitalsd.moment(device_us))), false);
end;
revoke execute on function vitalsd.keep_condition from public;
grant execute on function vitalsd.keep_condition to vitalsd_bed;

-- Within a journal the numbers are the order. Changes of several journals, and those without one, are joined by a clock
-- that goes back in none of them: while its disk fails a bed goes on in another journal, and then returns.
create or replace view public.conditions as
with clocked as (
  select *, max(time) over (partition by bed, device, source, journal order by seq, time, n) as clock
  from vitalsd.condition
), arrived as (
  select *, row_number() over (partition by bed, device, source order by clock, journal nulls first, seq, n) as place
  from clocked
), change as (
  select *, phase = 'start' or lag(phase, 1, 'end') over arrival = 'end' as begins
  from arrived window arrival as (partition by bed, device, source order by place)
), counted as (
  select *, count(*) filter (where begins)
    over (partition by bed, device, source order by place rows unbounded preceding) as episode
  from change
), episode as (
  select *,
    min(time) filter (where phase <> 'end') over whole as onset,
    max(time) filter (where phase = 'end') over whole as ended,
    row_number() over (partition by bed, device, source, episode order by phase = 'end', place desc) as rank
  from counted window whole as (partition by bed, device, source, episode)
)
select onset, ended, bed, device, type, priority, code, text from episode where rank = 1;

-- What a signal is that was stored without a code: a line of the site's dictionary. No stored row is touched. device
-- empty: at any device; unit empty: the stored one.
create table vitalsd.mapping(
  device text not null, source text not null, code text not null, unit text not null,
  mapped timestamptz not null default now(),
  primary key (device, source)
);

-- Channels as they are read. The line of the device itself goes before one of any device.
create view vitalsd.read_channel as
select c.id, c.bed, c.device, coalesce(m.code, c.code) as code, c.source, c.role, c.site,
  coalesce(nullif(m.unit, ''), c.unit) as unit
from vitalsd.channel as c left join lateral (
  select code, unit from vitalsd.mapping
  where c.code = 'MDC_UNMAPPED' and source = c.source and device in ('', c.device) order by device desc limit 1
) as m on true;

create or replace view public.vitals as
select o.time, c.bed, c.device, c.code, c.source, c.role, c.site, o.value, o.text, c.unit,
  vitalsd.quality_word(o.quality) as quality, o.demo
from vitalsd.obs as o join vitalsd.read_channel as c on c.id = o.channel;

create or replace view public.waves as
select w.time, c.bed, c.device, c.code, c.source, w.rate_hz, w.samples as n, c.unit
from vitalsd.wave as w join vitalsd.read_channel as c on c.id = w.channel;

-- Signals that have no code, with their last reading or the end of their last wave.
create view vitalsd.unmapped as
select c.bed, c.device, c.source, c.role, c.unit, coalesce(l.value::text, l.text) as last,
  coalesce(l.time, t.ends) as time
from vitalsd.read_channel as c left join vitalsd.latest as l on l.channel = c.id
left join vitalsd.wave_tip as t on t.channel = c.id
where c.code = 'MDC_UNMAPPED';

grant select on vitalsd.mapping, vitalsd.read_channel, vitalsd.unmapped to vitalsd_chart, vitalsd_read;

insert into vitalsd.migration(name) values ('01_initial'), ('02_runs'), ('03_retention'), ('04_arrival'), ('05_mapping');
