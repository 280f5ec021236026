-- create: the scratch database
create database {};

-- drop: the scratch database, whoever is in it
drop database {} with (force);

-- data_folder: where the server keeps its files, for those who may know
select current_setting('data_directory', true);

-- readings: of a bed, as people and programs read them; times as µs since 1970
select device, code, source, role, site, unit, (extract(epoch from time) * 1000000)::bigint, value, text, quality, demo
from vitals where bed = %s;

-- identities: of a bed
select kind, (extract(epoch from time) * 1000000)::bigint, device, body::text from vitalsd.identity where bed = %s;

-- parked: entries that no table would take
select count(*) from vitalsd.parked;

-- counted: readings of a bed
select count(*) from vitals where bed = %s;

-- newest: the last reading of some devices since a time
select (extract(epoch from max(time)) * 1000000)::bigint from vitals
where bed = %s and device = any(%s) and time >= vitalsd.moment(%s);
