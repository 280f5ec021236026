-- Times are whole microseconds since 1970 UTC. quality is the first letter of the word in the views.

create table meta(id text not null, duplicates integer not null, different integer not null);

-- A daemon's runs over this file; `first` is the first sequence number of each.
create table life(number integer primary key, id text not null unique, first integer not null);

-- How many frames of each replayed input are in here.
create table input(device text primary key, frames integer not null) without rowid;

-- What each durable reader has of the queue, as runs: {[1,6),[9,12)}.
create table reader(name text primary key, done text not null) without rowid;

create table channel(
  id integer primary key,
  bed text not null, device text not null, code text not null, source text not null,
  role text not null, site text not null, unit text not null,
  unique (bed, device, code, source, role, site, unit)
);

-- n is 0 unless the device gave the channel another value for the same time.
create table obs(
  channel integer not null, time integer not null, n integer not null,
  value real, text text, quality text not null, demo integer not null,
  primary key (channel, time, n)
) without rowid;

-- data: counts, little-endian, 16 bits wide where enc is 0, 32 where it is 1; at most 1 s of them.
create table wave(
  id integer primary key,
  channel integer not null, time integer not null, n integer not null,
  rate_hz real not null, scale real not null, "offset" real not null, quality text not null, demo integer not null,
  samples integer not null, enc integer not null, data blob not null,
  unique (channel, time, n)
);

create table condition(
  id integer primary key,
  bed text not null, device text not null, source text not null, time integer not null, n integer not null,
  type text not null, priority text not null, phase text not null, code text not null, text text not null,
  device_priority text not null, demo integer not null, device_time integer,
  unique (bed, device, source, time, n)
);

-- kind: device or patient; body: JSON.
create table identity(
  id integer primary key,
  bed text not null, device text not null, kind text not null, time integer not null, n integer not null,
  body text not null,
  unique (bed, device, kind, time, n)
);

-- The order of everything that is not yet with every reader. id: the channel of an obs (kind 0), else the row's id in
-- wave (1), condition (2) or identity (3).
create table queue(
  seq integer primary key autoincrement,
  kind integer not null, id integer not null, time integer not null, n integer not null
);

create table latest(
  channel integer primary key,
  seq integer not null, time integer not null, value real, text text, quality text not null, demo integer not null
);

-- By minute first: a commit changes one page of it, not one for each channel.
create table minute(
  minute integer not null, channel integer not null,
  last_time integer not null, last real not null, low real not null, high real not null,
  count integer not null, questionable integer not null, demo integer not null,
  primary key (minute, channel)
) without rowid;

create view vitals as
select strftime('%Y-%m-%dT%H:%M:%S', o.time / 1000000, 'unixepoch') || printf('.%06dZ', o.time % 1000000) as time,
  c.bed, c.device, c.code, c.source, c.role, c.site, o.value, o.text, c.unit,
  case o.quality when 'V' then 'valid' when 'Q' then 'questionable' when 'I' then 'invalid' when 'C' then 'calibrating'
    when 'O' then 'overflow' when 'U' then 'underflow' when 'N' then 'not_available' end as quality,
  o.demo
from obs as o join channel as c on c.id = o.channel;

create view waves as
select strftime('%Y-%m-%dT%H:%M:%S', w.time / 1000000, 'unixepoch') || printf('.%06dZ', w.time % 1000000) as time,
  c.bed, c.device, c.code, c.source, w.rate_hz, w.samples as n, c.unit
from wave as w join channel as c on c.id = w.channel;

-- A condition begins with its first change, or with the next one after its end. What was never seen stays null: the
-- onset of one that was only seen to end, the end of one that was never seen to end.
create view conditions as
with change as (
  select *, phase = 'start' or coalesce(lag(phase) over arrival = 'end', true) as begins
  from condition window arrival as (partition by bed, device, source order by id)
), counted as (
  select *, sum(begins) over (partition by bed, device, source order by id rows unbounded preceding) as episode
  from change
), episode as (
  select *,
    min(case when phase <> 'end' then time end) over whole as onset,
    max(case when phase = 'end' then time end) over whole as ended,
    row_number() over (partition by bed, device, source, episode order by phase = 'end', id desc) as rank
  from counted window whole as (partition by bed, device, source, episode)
)
select
  strftime('%Y-%m-%dT%H:%M:%S', onset / 1000000, 'unixepoch') || printf('.%06dZ', onset % 1000000) as onset,
  strftime('%Y-%m-%dT%H:%M:%S', ended / 1000000, 'unixepoch') || printf('.%06dZ', ended % 1000000) as ended,
  bed, device, type, priority, code, text
from episode where rank = 1;
