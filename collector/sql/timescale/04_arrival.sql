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
