-- Wherever the extension is there, also when it came after the tables. Keys begin with the channel, so no index on time
-- alone. Six hours of a hundred beds, a day of ten, and their index fit into memory.
select create_hypertable('vitalsd.obs', by_range('time', interval '6 hours'),
  create_default_indexes => false, if_not_exists => true, migrate_data => true);
select create_hypertable('vitalsd.wave', by_range('time', interval '6 hours'),
  create_default_indexes => false, if_not_exists => true, migrate_data => true);
select create_hypertable('vitalsd.condition', by_range('time', interval '30 days'),
  create_default_indexes => false, if_not_exists => true, migrate_data => true);
select create_hypertable('vitalsd.minute', by_range('minute', interval '7 days'),
  create_default_indexes => false, if_not_exists => true, migrate_data => true);
