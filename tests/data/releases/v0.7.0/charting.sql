create schema charting authorization vitalsd_migrate;
set role vitalsd_migrate;
set search_path to charting;
create table alembic_version(version_num varchar(32) constraint alembic_version_pkc primary key);
insert into alembic_version values ('0004_exchange');
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

CREATE INDEX case_row_number ON case_row (number);

CREATE TABLE message (
    seq BIGINT NOT NULL, 
    source TEXT COLLATE "C" NOT NULL, 
    key TEXT COLLATE "C" NOT NULL, 
    received_us BIGINT NOT NULL, 
    occurred_us BIGINT, 
    kind TEXT COLLATE "C" NOT NULL, 
    number TEXT COLLATE "C" NOT NULL, 
    visit TEXT COLLATE "C" NOT NULL, 
    case_id TEXT COLLATE "C" NOT NULL, 
    state TEXT COLLATE "C" NOT NULL, 
    done TEXT NOT NULL, 
    body BYTEA NOT NULL, 
    CONSTRAINT message_pkey PRIMARY KEY (seq), 
    CONSTRAINT message_source_key UNIQUE (source, key)
);

COMMENT ON TABLE message IS 'what other systems told, and what was done about it';

COMMENT ON COLUMN message.source IS 'name of the connection';

COMMENT ON COLUMN message.key IS 'by which the sender tells messages apart';

COMMENT ON COLUMN message.kind IS 'as ADT^A02';

COMMENT ON COLUMN message.number IS 'the patient''s';

COMMENT ON COLUMN message.state IS 'new, done, ignored, waiting or failed';

COMMENT ON COLUMN message.done IS 'JSON: what was done about it';

COMMENT ON COLUMN message.body IS 'as it came';

CREATE INDEX message_visit ON message (visit, seq);

CREATE INDEX message_number ON message (number, seq);

CREATE INDEX message_state ON message (state, seq);

CREATE TABLE hospital_event (
    seq BIGINT NOT NULL, 
    n BIGINT NOT NULL, 
    number TEXT COLLATE "C" NOT NULL, 
    old_number TEXT COLLATE "C" NOT NULL, 
    visit TEXT COLLATE "C" NOT NULL, 
    booking TEXT COLLATE "C" NOT NULL, 
    body TEXT NOT NULL, 
    CONSTRAINT hospital_event_pkey PRIMARY KEY (seq, n)
);

COMMENT ON TABLE hospital_event IS 'what messages told, as it was read; can be read again';

COMMENT ON COLUMN hospital_event.seq IS 'the message that told it';

COMMENT ON COLUMN hospital_event.number IS 'the patient''s';

COMMENT ON COLUMN hospital_event.old_number IS 'of a merge: the one that goes';

COMMENT ON COLUMN hospital_event.booking IS 'as the scheduler calls it';

COMMENT ON COLUMN hospital_event.body IS 'JSON (charting.inbox.events)';

CREATE INDEX hospital_event_visit ON hospital_event (visit);

CREATE INDEX hospital_event_number ON hospital_event (number);

CREATE INDEX hospital_event_old_number ON hospital_event (old_number);

CREATE INDEX hospital_event_booking ON hospital_event (booking);

CREATE TABLE booking (
    id TEXT COLLATE "C" NOT NULL, 
    number TEXT COLLATE "C" NOT NULL, 
    visit TEXT COLLATE "C" NOT NULL, 
    bed TEXT COLLATE "C" NOT NULL, 
    start_us BIGINT, 
    state TEXT COLLATE "C" NOT NULL, 
    case_id TEXT COLLATE "C" NOT NULL, 
    body TEXT NOT NULL, 
    CONSTRAINT booking_pkey PRIMARY KEY (id)
);

COMMENT ON TABLE booking IS 'the operation list, as messages and check-ins made it';

COMMENT ON COLUMN booking.id IS 'as the scheduler calls it';

COMMENT ON COLUMN booking.state IS 'requested, booked, cancelled or no_show';

COMMENT ON COLUMN booking.case_id IS 'which was opened of it';

COMMENT ON COLUMN booking.body IS 'JSON (charting.inbox)';

CREATE INDEX booking_start ON booking (start_us);

CREATE TABLE parcel (
    key TEXT COLLATE "C" NOT NULL, 
    seq BIGINT NOT NULL, 
    destination TEXT COLLATE "C" NOT NULL, 
    kind TEXT COLLATE "C" NOT NULL, 
    lane TEXT COLLATE "C" NOT NULL, 
    case_id TEXT COLLATE "C" NOT NULL, 
    control TEXT COLLATE "C" NOT NULL, 
    content_type TEXT COLLATE "C" NOT NULL, 
    path TEXT COLLATE "C" NOT NULL, 
    body BYTEA NOT NULL, 
    made_us BIGINT NOT NULL, 
    next_us BIGINT NOT NULL, 
    until_us BIGINT, 
    attempts BIGINT NOT NULL, 
    state TEXT COLLATE "C" NOT NULL, 
    reason TEXT COLLATE "C" NOT NULL, 
    answered_us BIGINT, 
    answer BYTEA NOT NULL, 
    told BOOLEAN NOT NULL, 
    log TEXT NOT NULL, 
    CONSTRAINT parcel_pkey PRIMARY KEY (key), 
    CONSTRAINT parcel_seq UNIQUE (seq)
);

COMMENT ON TABLE parcel IS 'what leaves for other systems';

COMMENT ON COLUMN parcel.control IS 'by which an answer names it';

COMMENT ON COLUMN parcel.state IS 'waiting, answered, parked, expired or withdrawn';

COMMENT ON COLUMN parcel.told IS 'false while somebody here waits for what was answered';

COMMENT ON COLUMN parcel.log IS 'JSON';

CREATE INDEX parcel_state ON parcel (state, destination, seq);

CREATE INDEX parcel_case ON parcel (case_id, seq);

CREATE INDEX parcel_open ON parcel (destination, seq) WHERE state in ('waiting', 'parked');

CREATE INDEX parcel_ready ON parcel (destination, next_us) WHERE state = 'waiting';

CREATE INDEX parcel_until ON parcel (state, until_us) WHERE until_us is not null;

CREATE INDEX parcel_untold ON parcel (seq) WHERE told = false;

CREATE INDEX parcel_forget ON parcel (made_us) WHERE until_us is not null or length(body) > 0;

CREATE TABLE charge (
    id TEXT COLLATE "C" NOT NULL, 
    case_id TEXT COLLATE "C" NOT NULL, 
    n BIGINT NOT NULL, 
    document TEXT COLLATE "C" NOT NULL, 
    version BIGINT NOT NULL, 
    point BIGINT NOT NULL, 
    source TEXT COLLATE "C" NOT NULL, 
    kind TEXT COLLATE "C" NOT NULL, 
    item TEXT COLLATE "C" NOT NULL, 
    catalogue TEXT COLLATE "C" NOT NULL, 
    quantity TEXT COLLATE "C" NOT NULL, 
    reverses TEXT COLLATE "C" NOT NULL, 
    at_us BIGINT NOT NULL, 
    end_us BIGINT NOT NULL, 
    number TEXT COLLATE "C" NOT NULL, 
    visit TEXT COLLATE "C" NOT NULL, 
    account TEXT COLLATE "C" NOT NULL, 
    made_us BIGINT NOT NULL, 
    parcel TEXT COLLATE "C" NOT NULL, 
    state TEXT COLLATE "C" NOT NULL, 
    settled_us BIGINT, 
    CONSTRAINT charge_pkey PRIMARY KEY (id), 
    CONSTRAINT charge_case UNIQUE (case_id, n)
);

COMMENT ON TABLE charge IS 'lines of bills';

COMMENT ON COLUMN charge.id IS 'of the transaction, FT1-2; never used again';

COMMENT ON COLUMN charge.n IS 'in the order of the case''s lines, from 0';

COMMENT ON COLUMN charge.version IS 'of the document';

COMMENT ON COLUMN charge.point IS 'the entry that made it due';

COMMENT ON COLUMN charge.source IS 'the item of the record, or a kind of them';

COMMENT ON COLUMN charge.kind IS 'CG or CD';

COMMENT ON COLUMN charge.item IS 'of the catalogue';

COMMENT ON COLUMN charge.catalogue IS 'version of the catalogue';

COMMENT ON COLUMN charge.quantity IS 'a decimal';

COMMENT ON COLUMN charge.reverses IS 'the transaction that a credit takes back';

COMMENT ON COLUMN charge.at_us IS 'of the service';

COMMENT ON COLUMN charge.number IS 'of the patient who is charged';

COMMENT ON COLUMN charge.account IS 'who signed or confirmed';

COMMENT ON COLUMN charge.parcel IS 'the message that has it';

COMMENT ON COLUMN charge.state IS 'sent, accepted or withdrawn';

CREATE INDEX charge_state ON charge (state, case_id);

CREATE INDEX charge_made ON charge (made_us);

CREATE TABLE api_client (
    id TEXT COLLATE "C" NOT NULL, 
    name TEXT COLLATE "C" NOT NULL, 
    digest TEXT COLLATE "C" NOT NULL, 
    scopes TEXT COLLATE "C" NOT NULL, 
    patient TEXT COLLATE "C" NOT NULL, 
    active BOOLEAN NOT NULL, 
    made_us BIGINT NOT NULL, 
    until_us BIGINT, 
    used_us BIGINT, 
    CONSTRAINT api_client_pkey PRIMARY KEY (id), 
    CONSTRAINT api_client_digest UNIQUE (digest)
);

COMMENT ON TABLE api_client IS 'programs that may ask, and for what';

COMMENT ON COLUMN api_client.digest IS 'SHA-256 of the token';

COMMENT ON COLUMN api_client.scopes IS 'with spaces';

COMMENT ON COLUMN api_client.patient IS 'number of the only one whom it may read';

CREATE TABLE subscription (
    id TEXT COLLATE "C" NOT NULL, 
    client TEXT COLLATE "C" NOT NULL, 
    topic TEXT COLLATE "C" NOT NULL, 
    body TEXT NOT NULL, 
    state TEXT COLLATE "C" NOT NULL, 
    since BIGINT NOT NULL, 
    events BIGINT NOT NULL, 
    sent BIGINT NOT NULL, 
    handshake BIGINT NOT NULL, 
    made_us BIGINT NOT NULL, 
    reason TEXT COLLATE "C" NOT NULL, 
    CONSTRAINT subscription_pkey PRIMARY KEY (id)
);

COMMENT ON TABLE subscription IS 'who wants to be told by FHIR';

COMMENT ON COLUMN subscription.body IS 'JSON, the resource';

COMMENT ON COLUMN subscription.state IS 'requested, active, error or off';

COMMENT ON COLUMN subscription.since IS 'the last entry of the trail before it';

COMMENT ON COLUMN subscription.events IS 'number of the last one';

COMMENT ON COLUMN subscription.sent IS 'number of the last one that is in the outbox';

COMMENT ON COLUMN subscription.handshake IS 'how many there were';

CREATE TABLE notification (
    subscription TEXT COLLATE "C" NOT NULL, 
    number BIGINT NOT NULL, 
    at_us BIGINT NOT NULL, 
    cause TEXT COLLATE "C" NOT NULL, 
    focus TEXT NOT NULL, 
    CONSTRAINT notification_pkey PRIMARY KEY (subscription, number), 
    CONSTRAINT notification_cause UNIQUE (subscription, cause)
);

COMMENT ON TABLE notification IS 'events of subscriptions';

COMMENT ON COLUMN notification.cause IS 'the entry of the trail, or the charge';

COMMENT ON COLUMN notification.focus IS 'resources, as Encounter/a; the first is what it is about';

CREATE INDEX notification_at ON notification (at_us);

CREATE TABLE cursor (
    name TEXT COLLATE "C" NOT NULL, 
    seq BIGINT NOT NULL, 
    CONSTRAINT cursor_pkey PRIMARY KEY (name)
);

COMMENT ON TABLE cursor IS 'how far the audit trail was followed, and by whom';

grant select, insert, update, delete on
message, hospital_event, booking, parcel, charge, api_client, subscription, notification, cursor to vitalsd_chart;

reset role;
reset search_path;
