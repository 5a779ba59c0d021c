-- Moments are milliseconds since the epoch, days are ISO dates, money is whole yen.
-- Nothing here is a person's name, number, card serial or document in the clear.

CREATE TABLE terminals (
    terminal   TEXT PRIMARY KEY,
    operator   TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to   TEXT
);

-- Certificates of terminals withdrawn before their end, by SHA-256 of the certificate.
CREATE TABLE revocations (
    fingerprint BLOB PRIMARY KEY,
    revoked_ms  BIGINT NOT NULL,
    reason      TEXT NOT NULL
);

-- The builds that may open visits (I-11).
CREATE TABLE builds (
    build TEXT PRIMARY KEY
);

-- Which person of which city a card belongs to: by SHA-256 of its certificate, never by what it says.
CREATE TABLE card_links (
    card        BLOB PRIMARY KEY,
    city        TEXT NOT NULL,
    resident    TEXT NOT NULL,
    card_issued TEXT NOT NULL
);

-- open → signed_in → ended. The certificate is there only while the visit lives.
CREATE TABLE visits (
    visit          TEXT PRIMARY KEY,
    terminal       TEXT NOT NULL REFERENCES terminals (terminal),
    state          TEXT NOT NULL,
    body_digest    BLOB NOT NULL,
    public_key     BLOB NOT NULL UNIQUE,
    build          TEXT NOT NULL,
    nonce          BLOB NOT NULL UNIQUE,
    opened_ms      BIGINT NOT NULL,
    expires_ms     BIGINT NOT NULL,
    sign_in_digest BLOB,
    city           TEXT,
    certificate    BLOB
);
CREATE INDEX visits_alive ON visits (expires_ms) WHERE state <> 'ended';

-- ordered → issued → paid → printed | void | suspect. An ended order stays for ever as a tombstone (I-7);
-- one that was ended before it arrived has no visit.
CREATE TABLE orders (
    order_id    TEXT PRIMARY KEY,
    terminal    TEXT NOT NULL REFERENCES terminals (terminal),
    state       TEXT NOT NULL,
    visit       TEXT REFERENCES visits (visit),
    city        TEXT,
    product     TEXT,
    body_digest BLOB,
    body        BLOB,
    digest      BLOB,
    copies      INTEGER NOT NULL DEFAULT 0,
    total_yen   INTEGER NOT NULL DEFAULT 0,
    placed_ms   BIGINT NOT NULL,
    expires_ms  BIGINT NOT NULL
);
CREATE INDEX orders_waiting ON orders (expires_ms) WHERE state = 'ordered';
CREATE INDEX orders_of_visit ON orders (visit);

CREATE TABLE serials (
    serial   TEXT PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES orders (order_id),
    copy     INTEGER NOT NULL,
    UNIQUE (order_id, copy)
);

-- Kept for fetching again until the order ends; only the visit's worker can open them.
CREATE TABLE sealed_documents (
    order_id TEXT NOT NULL REFERENCES orders (order_id),
    copy     INTEGER NOT NULL,
    sealed   BLOB NOT NULL,
    PRIMARY KEY (order_id, copy)
);

CREATE TABLE payments (
    order_id    TEXT PRIMARY KEY REFERENCES orders (order_id),
    terminal    TEXT NOT NULL,
    reference   TEXT NOT NULL,
    body_digest BLOB NOT NULL,
    amount_yen  INTEGER NOT NULL,
    taken_ms    BIGINT NOT NULL,
    UNIQUE (terminal, reference)
);

-- What a terminal said about the end, as it said it; a suspect order may be settled by a second word.
CREATE TABLE results (
    order_id           TEXT NOT NULL REFERENCES orders (order_id),
    body_digest        BLOB NOT NULL,
    said               TEXT NOT NULL,
    recorded           TEXT NOT NULL,
    reason             TEXT NOT NULL,
    refunded_yen       INTEGER NOT NULL,
    sheets_out         INTEGER,
    impressions_before INTEGER,
    impressions_after  INTEGER,
    recorded_ms        BIGINT NOT NULL,
    PRIMARY KEY (order_id, body_digest)
);

-- Money per order: taken, refunded, and what is still owed to the person.
CREATE TABLE ledger (
    order_id   TEXT NOT NULL REFERENCES orders (order_id),
    entry      TEXT NOT NULL,
    amount_yen INTEGER NOT NULL,
    entered_ms BIGINT NOT NULL,
    PRIMARY KEY (order_id, entry)
);

CREATE TABLE incidents (
    incident    TEXT PRIMARY KEY,
    terminal    TEXT NOT NULL,
    body_digest BLOB NOT NULL,
    kind        TEXT NOT NULL,
    happened_ms BIGINT NOT NULL,
    order_id    TEXT,
    detail      TEXT NOT NULL,
    recorded_ms BIGINT NOT NULL
);

-- Why somebody was sent away: the class and the requirement, never the person.
CREATE TABLE audit (
    reference   TEXT PRIMARY KEY,
    at_ms       BIGINT NOT NULL,
    terminal    TEXT NOT NULL,
    kind        TEXT NOT NULL,
    requirement TEXT NOT NULL
);

-- Calls that came after their order had ended: dropped, and counted (I-7).
CREATE TABLE late_calls (
    order_id TEXT NOT NULL,
    call     TEXT NOT NULL,
    calls    INTEGER NOT NULL,
    PRIMARY KEY (order_id, call)
);
