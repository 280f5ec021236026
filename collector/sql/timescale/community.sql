-- What only the Community edition has; done at each migration, changes nothing that is so already.
do $$
declare
  name text;
  wanted boolean := exists (select from vitalsd.retention where days is not null);
  job integer := (
    select job_id from timescaledb_information.jobs where proc_schema = 'vitalsd' and proc_name = 'drop_old_job');
begin
  foreach name in array array['obs', 'minute'] loop
    if not exists (
      select from timescaledb_information.hypertables
      where hypertable_schema = 'vitalsd' and hypertable_name = name and compression_enabled
    ) then
      execute format(
        'alter table vitalsd.%I set (timescaledb.compress, timescaledb.compress_segmentby = ''channel'','
        ' timescaledb.compress_orderby = %L)', name, case name when 'obs' then 'time, n' else 'minute' end);
    end if;
  end loop;
  -- Chunks that nobody writes to any more shrink to about a fifteenth. A gateway keeps 72 hours of what it could not
  -- deliver; a day later all of a long outage is in. What comes later still is taken too, only more slowly. Minutes are
  -- a sixtieth of the readings, in chunks of seven days.
  perform add_compression_policy('vitalsd.obs', interval '4 days', if_not_exists => true);
  perform add_compression_policy('vitalsd.minute', interval '30 days', if_not_exists => true);
  -- Not add_retention_policy: that believes the server's clock alone, and keeps no record of what it drops.
  if wanted and job is null then
    perform add_job('vitalsd.drop_old_job', interval '1 hour');
  elsif job is not null and not wanted then
    perform delete_job(job);
  end if;
end $$;
