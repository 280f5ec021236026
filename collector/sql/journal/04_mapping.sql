-- What a signal is that was stored without a code: a line of the site's dictionary. No stored row is touched. device
-- empty: at any device; unit empty: the stored one.
create table mapping(
  device text not null, source text not null, code text not null, unit text not null,
  primary key (device, source)
) without rowid;

-- Channels as they are read. The line of the device itself goes before one of any device.
create view read_channel as
select c.id, c.bed, c.device, coalesce(own.code, any.code, c.code) as code, c.source, c.role, c.site,
  coalesce(nullif(own.unit, ''), case when own.code is null then nullif(any.unit, '') end, c.unit) as unit
from channel as c
left join mapping as own on c.code = 'MDC_UNMAPPED' and own.source = c.source and own.device = c.device
left join mapping as any on c.code = 'MDC_UNMAPPED' and any.source = c.source and any.device = '';

drop view vitals;
create view vitals as
select strftime('%Y-%m-%dT%H:%M:%S', o.time / 1000000, 'unixepoch') || printf('.%06dZ', o.time % 1000000) as time,
  c.bed, c.device, c.code, c.source, c.role, c.site, o.value, o.text, c.unit,
  case o.quality when 'V' then 'valid' when 'Q' then 'questionable' when 'I' then 'invalid' when 'C' then 'calibrating'
    when 'O' then 'overflow' when 'U' then 'underflow' when 'N' then 'not_available' end as quality,
  o.demo
from obs as o join read_channel as c on c.id = o.channel;

drop view waves;
create view waves as
select strftime('%Y-%m-%dT%H:%M:%S', w.time / 1000000, 'unixepoch') || printf('.%06dZ', w.time % 1000000) as time,
  c.bed, c.device, c.code, c.source, w.rate_hz, w.samples as n, c.unit
from wave as w join read_channel as c on c.id = w.channel;
