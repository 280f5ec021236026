-- When a daemon was last known to run.
alter table life add column seen integer;
