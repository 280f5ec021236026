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
