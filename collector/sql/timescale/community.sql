-- What only the Community edition has: chunks that nobody writes to any more shrink to about a fifteenth.
do $$
declare name text;
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
  perform add_compression_policy('vitalsd.obs', interval '7 days', if_not_exists => true);
  perform add_compression_policy('vitalsd.minute', interval '30 days', if_not_exists => true);
end $$;
