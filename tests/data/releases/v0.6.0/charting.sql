create schema charting authorization vitalsd_migrate;
set role vitalsd_migrate;
set search_path to charting;
create table alembic_version(version_num varchar(32) constraint alembic_version_pkc primary key);
insert into alembic_version values ('0003_operations');
CREATE TABLE entry (
    seq BIGINT NOT NULL, 
    at_us BIGINT NOT NULL, 
    actor TEXT COLLATE "C" NOT NULL, 
    case_id TEXT COLLATE "C" NOT NULL, 
    kind TEXT COLLATE "C" NOT NULL, 
    text TEXT NOT NULL, 
    hash TEXT COLLATE "C" NOT NULL, 
    CONSTRAINT entry_pkey PRIMARY KEY (seq)
);

COMMENT ON TABLE entry IS 'the audit trail';

COMMENT ON COLUMN entry.text IS 'what was hashed (charting.trail.chain)';

CREATE INDEX entry_case ON entry (case_id, seq);

CREATE INDEX entry_kind ON entry (kind, seq);

CREATE TABLE head (
    id SMALLINT NOT NULL, 
    seq BIGINT NOT NULL, 
    at_us BIGINT NOT NULL, 
    hash TEXT COLLATE "C" NOT NULL, 
    CONSTRAINT head_pkey PRIMARY KEY (id), 
    CONSTRAINT head_one_check CHECK (id = 1)
);

COMMENT ON TABLE head IS 'the last entry: one row, changed first by whoever appends';

insert into head (id, seq, at_us, hash) values (1, 0, 0, '');

CREATE TABLE case_row (
    case_id TEXT COLLATE "C" NOT NULL, 
    state TEXT COLLATE "C" NOT NULL, 
    bed TEXT COLLATE "C" NOT NULL, 
    area TEXT COLLATE "C" NOT NULL, 
    opened_us BIGINT NOT NULL, 
    closed_us BIGINT, 
    number TEXT COLLATE "C" NOT NULL, 
    name TEXT COLLATE "C" NOT NULL, 
    temporary TEXT COLLATE "C" NOT NULL, 
    procedure TEXT COLLATE "C" NOT NULL, 
    is_test BOOLEAN NOT NULL, 
    held BOOLEAN NOT NULL, 
    last BIGINT NOT NULL, 
    CONSTRAINT case_row_pkey PRIMARY KEY (case_id)
);

COMMENT ON TABLE case_row IS 'what lists know of a case; its entries are the truth';

CREATE INDEX case_row_opened ON case_row (opened_us);

CREATE TABLE account (
    account TEXT COLLATE "C" NOT NULL, 
    name TEXT COLLATE "C" NOT NULL, 
    roles TEXT COLLATE "C" NOT NULL, 
    active BOOLEAN NOT NULL, 
    password TEXT COLLATE "C" NOT NULL, 
    CONSTRAINT account_pkey PRIMARY KEY (account)
);

COMMENT ON COLUMN account.roles IS 'with spaces';

COMMENT ON COLUMN account.password IS 'argon2id';

CREATE TABLE session (
    digest TEXT COLLATE "C" NOT NULL, 
    account TEXT COLLATE "C" NOT NULL, 
    begun_us BIGINT NOT NULL, 
    used_us BIGINT NOT NULL, 
    idle_us BIGINT NOT NULL, 
    locked BOOLEAN NOT NULL, 
    CONSTRAINT session_pkey PRIMARY KEY (digest), 
    CONSTRAINT session_account_fkey FOREIGN KEY(account) REFERENCES account (account)
);

COMMENT ON COLUMN session.digest IS 'SHA-256 of the token';

CREATE INDEX session_account ON session (account);

CREATE TABLE attempt (
    key TEXT COLLATE "C" NOT NULL, 
    failures BIGINT NOT NULL, 
    at_us BIGINT NOT NULL, 
    CONSTRAINT attempt_pkey PRIMARY KEY (key)
);

COMMENT ON TABLE attempt IS 'sign-ins that failed of late';

COMMENT ON COLUMN attempt.key IS 'SHA-256 of an account''s name or of an address';

create function refuse() returns trigger language plpgsql as
$$ begin raise exception 'entries are only added'; end $$;

revoke execute on function refuse from public;

create trigger entry_append_only before update or delete or truncate on entry
for each statement execute function refuse();

create trigger head_forward before update on head for each row when (new.seq < old.seq) execute function refuse();

create trigger head_stays before delete or truncate on head for each statement execute function refuse();

grant usage on schema charting to vitalsd_chart;

grant select on alembic_version to vitalsd_chart;

grant select, insert on entry to vitalsd_chart;

grant select, update on head to vitalsd_chart;

grant select, insert, update on case_row, account to vitalsd_chart;

grant select, insert, update, delete on session, attempt to vitalsd_chart;

CREATE TABLE case_fact (
    case_id TEXT COLLATE "C" NOT NULL, 
    last BIGINT NOT NULL, 
    rules TEXT COLLATE "C" NOT NULL, 
    anchor_us BIGINT, 
    facts TEXT NOT NULL, 
    CONSTRAINT case_fact_pkey PRIMARY KEY (case_id)
);

COMMENT ON TABLE case_fact IS 'what quality counts, derived from the cases; can be derived again';

COMMENT ON COLUMN case_fact.last IS 'the case''s entry up to which they were derived';

COMMENT ON COLUMN case_fact.anchor_us IS 'null: it counts nowhere';

COMMENT ON COLUMN case_fact.facts IS 'JSON (charting.quality.facts)';

CREATE INDEX case_fact_anchor ON case_fact (anchor_us);

grant select, insert, update, delete on case_fact to vitalsd_chart;

CREATE TABLE client (
    id TEXT COLLATE "C" NOT NULL, 
    account TEXT COLLATE "C" NOT NULL, 
    version TEXT COLLATE "C" NOT NULL, 
    agent TEXT COLLATE "C" NOT NULL, 
    page TEXT COLLATE "C" NOT NULL, 
    seen_us BIGINT NOT NULL, 
    CONSTRAINT client_pkey PRIMARY KEY (id)
);

COMMENT ON TABLE client IS 'browsers that show our pages';

COMMENT ON COLUMN client.id IS 'made up by the browser';

COMMENT ON COLUMN client.account IS 'who was signed in last';

COMMENT ON COLUMN client.version IS 'of the page that it shows';

COMMENT ON COLUMN client.page IS 'which kind of page, without whose';

CREATE TABLE inspection (
    id TEXT COLLATE "C" NOT NULL, 
    kind TEXT COLLATE "C" NOT NULL, 
    period TEXT COLLATE "C" NOT NULL, 
    made_us BIGINT NOT NULL, 
    body TEXT NOT NULL, 
    CONSTRAINT inspection_pkey PRIMARY KEY (id)
);

COMMENT ON TABLE inspection IS 'inspection reports as they were made';

COMMENT ON COLUMN inspection.kind IS 'inspection or performance';

COMMENT ON COLUMN inspection.period IS 'as 2026-11, 2026-Q4, 2026';

COMMENT ON COLUMN inspection.body IS 'JSON (charting.inspection)';

CREATE TABLE backup (
    id TEXT COLLATE "C" NOT NULL, 
    kind TEXT COLLATE "C" NOT NULL, 
    began_us BIGINT NOT NULL, 
    ended_us BIGINT NOT NULL, 
    ok BOOLEAN NOT NULL, 
    place TEXT COLLATE "C" NOT NULL, 
    size_bytes BIGINT NOT NULL, 
    detail TEXT NOT NULL, 
    CONSTRAINT backup_pkey PRIMARY KEY (id)
);

COMMENT ON TABLE backup IS 'runs of backups and of their trial restores';

COMMENT ON COLUMN backup.kind IS 'backup or restore_test';

COMMENT ON COLUMN backup.detail IS 'JSON: what was compared, or what failed';

CREATE INDEX backup_ended ON backup (kind, ended_us);

create function occupied(a_bed text) returns boolean language sql stable security definer
set search_path = charting, pg_temp
return exists (select from case_row where bed = a_bed and state = 'open');

revoke execute on function occupied from public;

grant usage on schema charting to vitalsd_bed;

grant execute on function occupied to vitalsd_bed, vitalsd_chart;

grant select, insert, update, delete on client, inspection, backup to vitalsd_chart;

reset role;
reset search_path;
