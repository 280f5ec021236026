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
