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

insert into vitalsd.migration(name) values ('01_initial');
