-- The residents of the sample cities. What may be printed only if asked for stands in columns of
-- its own (residents.py, _OPENED_BY), so that a certificate without it never reads it (I-13).

CREATE TABLE households (
    id TEXT PRIMARY KEY,
    city TEXT NOT NULL,
    address TEXT NOT NULL,
    head TEXT NOT NULL
) STRICT;

CREATE TABLE residents (
    id TEXT PRIMARY KEY,
    household TEXT NOT NULL REFERENCES households (id),
    place INTEGER NOT NULL,             -- order on the household's sheet
    name TEXT NOT NULL,                 -- as written, variation sequences kept
    furigana TEXT NOT NULL,
    former_name TEXT NOT NULL,          -- 旧氏
    alias TEXT NOT NULL,                -- 通称
    birth TEXT NOT NULL,                -- every date is ISO 8601
    sex TEXT NOT NULL CHECK (sex IN ('男', '女')),
    is_foreign INTEGER NOT NULL CHECK (is_foreign IN (0, 1)),
    became_resident_on TEXT NOT NULL,
    address_since TEXT NOT NULL,
    notified_on TEXT NOT NULL,
    previous_address TEXT NOT NULL,
    remarks TEXT NOT NULL,
    relationship TEXT NOT NULL,         -- 続柄
    UNIQUE (household, place)
) STRICT;

-- What may keep a certificate back. A resident without a row here gets nothing (I-9).
CREATE TABLE standings (
    resident TEXT PRIMARY KEY REFERENCES residents (id),
    under_guardianship INTEGER NOT NULL CHECK (under_guardianship IN (0, 1)),
    restricted INTEGER NOT NULL CHECK (restricted IN (0, 1)),
    support_measures INTEGER NOT NULL CHECK (support_measures IN (0, 1)),
    in_transit_by_birth INTEGER NOT NULL CHECK (in_transit_by_birth IN (0, 1)),
    deceased_on TEXT,
    moving_out_on TEXT                  -- 異動日 of a moving-out notice
) STRICT;

CREATE TABLE domiciles (                -- 本籍・筆頭者
    resident TEXT PRIMARY KEY REFERENCES residents (id),
    registered_domicile TEXT NOT NULL,
    registered_head TEXT NOT NULL
) STRICT;

CREATE TABLE my_numbers (
    resident TEXT PRIMARY KEY REFERENCES residents (id),
    my_number TEXT NOT NULL CHECK (length(my_number) = 12)
) STRICT;

CREATE TABLE resident_codes (           -- 住民票コード: never printed, never read (R32)
    resident TEXT PRIMARY KEY REFERENCES residents (id),
    resident_code TEXT NOT NULL CHECK (length(resident_code) = 11)
) STRICT;

CREATE TABLE kana_aliases (             -- 併記名: never printed (R33)
    resident TEXT PRIMARY KEY REFERENCES residents (id),
    kana_alias TEXT NOT NULL
) STRICT;

CREATE TABLE foreign_residents (
    resident TEXT PRIMARY KEY REFERENCES residents (id),
    nationality TEXT NOT NULL,
    status_art30_45 TEXT NOT NULL,
    residence_status TEXT NOT NULL,
    residence_period TEXT NOT NULL,
    residence_card_number TEXT NOT NULL,
    residence_period_ends TEXT
) STRICT;
