-- What the cities know. Three kinds of tables: what the rules decide by ("standing"), what a certificate
-- may print (opened by its product or by a chosen item, openings.py), and what nothing ever opens.

-- --- residents: standing and 住民票 (R16) ------------------------------------------------------------

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
    moved_in_notified_on TEXT NOT NULL, -- when that was notified at the counter (R40)
    address_since TEXT NOT NULL,
    notified_on TEXT NOT NULL,          -- that of the present address
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

CREATE TABLE domiciles (                -- 本籍・筆頭者, as the 住民票 states them
    resident TEXT PRIMARY KEY REFERENCES residents (id),
    registered_domicile TEXT NOT NULL,
    registered_head TEXT NOT NULL
) STRICT;

CREATE TABLE my_numbers (
    resident TEXT PRIMARY KEY REFERENCES residents (id),
    my_number TEXT NOT NULL CHECK (length(my_number) = 12)
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

-- --- what nothing opens ------------------------------------------------------------------------

CREATE TABLE resident_codes (           -- 住民票コード (R32)
    resident TEXT PRIMARY KEY REFERENCES residents (id),
    resident_code TEXT NOT NULL CHECK (length(resident_code) = 11)
) STRICT;

CREATE TABLE kana_aliases (             -- 併記名 (R33); only whether there is one
    resident TEXT PRIMARY KEY REFERENCES residents (id),
    kana_alias TEXT NOT NULL
) STRICT;

CREATE TABLE tax_adjustment_deductions (        -- 調整控除額 (R39)
    resident TEXT NOT NULL REFERENCES residents (id),
    year INTEGER NOT NULL,
    adjustment_deduction INTEGER NOT NULL,
    PRIMARY KEY (resident, year)
) STRICT;

-- --- seals: standing and 印鑑登録証明書 (R17) --------------------------------------------------------

CREATE TABLE seals (
    resident TEXT PRIMARY KEY REFERENCES residents (id),
    registered_on TEXT NOT NULL,
    abolished_on TEXT                   -- 廃印
) STRICT;

CREATE TABLE seal_impressions (         -- 印影
    resident TEXT PRIMARY KEY REFERENCES seals (resident),
    impression BLOB NOT NULL,           -- PNG, black on white
    width_mm REAL NOT NULL CHECK (width_mm BETWEEN 8 AND 25),
    height_mm REAL NOT NULL CHECK (height_mm BETWEEN 8 AND 25)
) STRICT;

-- --- taxes: standing, 課税(非課税)証明書 (R18) and 所得証明書 (R19) ------------------------------------

CREATE TABLE tax_years (                -- one row for each 年度 in which the city taxed the resident
    resident TEXT NOT NULL REFERENCES residents (id),
    year INTEGER NOT NULL,
    declared INTEGER NOT NULL CHECK (declared IN (0, 1)),
    PRIMARY KEY (resident, year)
) STRICT;

CREATE TABLE tax_holds (                -- while an amended declaration is worked in (R38), days included
    resident TEXT NOT NULL REFERENCES residents (id),
    year INTEGER NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL
) STRICT;

CREATE TABLE tax_statements (
    resident TEXT NOT NULL,
    year INTEGER NOT NULL,
    address TEXT NOT NULL,              -- on 1 January
    total_income INTEGER NOT NULL,      -- 合計所得金額: after losses are set off, so no sum of the kinds
    PRIMARY KEY (resident, year),
    FOREIGN KEY (resident, year) REFERENCES tax_years (resident, year)
) STRICT;

CREATE TABLE tax_incomes (              -- yen; kinds as in certificates/taxes.py
    resident TEXT NOT NULL,
    year INTEGER NOT NULL,
    kind TEXT NOT NULL,
    revenue INTEGER,                    -- 収入, where the kind has any
    income INTEGER NOT NULL,            -- 所得
    PRIMARY KEY (resident, year, kind),
    FOREIGN KEY (resident, year) REFERENCES tax_years (resident, year)
) STRICT;

CREATE TABLE tax_deductions (           -- 所得控除
    resident TEXT NOT NULL,
    year INTEGER NOT NULL,
    kind TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (resident, year, kind),
    FOREIGN KEY (resident, year) REFERENCES tax_years (resident, year)
) STRICT;

CREATE TABLE tax_dependents (           -- 扶養, people
    resident TEXT NOT NULL,
    year INTEGER NOT NULL,
    kind TEXT NOT NULL,
    people INTEGER NOT NULL,
    PRIMARY KEY (resident, year, kind),
    FOREIGN KEY (resident, year) REFERENCES tax_years (resident, year)
) STRICT;

CREATE TABLE tax_levies (               -- yen
    resident TEXT NOT NULL,
    year INTEGER NOT NULL,
    total_deductions INTEGER NOT NULL,
    taxable_base INTEGER NOT NULL,      -- 課税標準額
    city_income_levy INTEGER NOT NULL,  -- 市民税 所得割
    city_per_capita_levy INTEGER NOT NULL,
    prefecture_income_levy INTEGER NOT NULL,
    prefecture_per_capita_levy INTEGER NOT NULL,
    forest_levy INTEGER NOT NULL,       -- 森林環境税
    annual_tax INTEGER NOT NULL,        -- 年税額
    PRIMARY KEY (resident, year),
    FOREIGN KEY (resident, year) REFERENCES tax_years (resident, year)
) STRICT;

-- --- family registers: standing, 戸籍 (R20) and 戸籍の附票 (R21) --------------------------------------

CREATE TABLE registers (
    id TEXT PRIMARY KEY,
    city TEXT NOT NULL                  -- that of the 本籍 (R25)
) STRICT;

CREATE TABLE register_members (
    id TEXT PRIMARY KEY,
    register TEXT NOT NULL REFERENCES registers (id),
    place INTEGER NOT NULL,
    resident TEXT REFERENCES residents (id), -- if the person lives in one of the cities
    name TEXT NOT NULL,                 -- 氏名
    furigana TEXT NOT NULL,
    removed INTEGER NOT NULL CHECK (removed IN (0, 1)),    -- 除籍
    withheld INTEGER NOT NULL CHECK (withheld IN (0, 1)),  -- 支援措置 or 交付制限, wherever the person lives
    UNIQUE (register, place)
) STRICT;
-- Somebody may have been removed from several, and is in one.
CREATE UNIQUE INDEX register_of_resident ON register_members (resident) WHERE NOT removed;
CREATE INDEX registers_of_resident ON register_members (resident);

CREATE TABLE register_notices (         -- what was notified and is not yet written (R54)
    register TEXT NOT NULL REFERENCES registers (id),
    notified_on TEXT NOT NULL,
    recorded_on TEXT                    -- NULL: not yet
) STRICT;

CREATE TABLE register_heads (           -- what the 附票 prints only if asked
    register TEXT PRIMARY KEY REFERENCES registers (id),
    domicile TEXT NOT NULL,             -- 本籍
    head TEXT NOT NULL                  -- 筆頭者
) STRICT;

CREATE TABLE register_matters (         -- 戸籍事項 (no member) and 身分事項: one row a line
    register TEXT NOT NULL REFERENCES registers (id),
    member TEXT REFERENCES register_members (id),
    matter INTEGER NOT NULL,
    line INTEGER NOT NULL,
    title TEXT NOT NULL,
    label TEXT NOT NULL,
    value TEXT NOT NULL
) STRICT;
CREATE INDEX register_matters_by_register ON register_matters (register);

CREATE TABLE register_entries (         -- 戸籍に記録されている者
    member TEXT PRIMARY KEY REFERENCES register_members (id),
    given_name TEXT NOT NULL,           -- 名
    given_furigana TEXT NOT NULL,
    birth TEXT NOT NULL,
    spouse TEXT NOT NULL,               -- 配偶者区分: 夫, 妻 or none
    father TEXT NOT NULL,
    mother TEXT NOT NULL,
    relationship TEXT NOT NULL          -- 続柄: 長男, 二女 …
) STRICT;

CREATE TABLE register_address_books (   -- 附票 as such
    register TEXT PRIMARY KEY REFERENCES registers (id),
    made_on TEXT NOT NULL               -- 編製日
) STRICT;

CREATE TABLE register_address_people (
    member TEXT PRIMARY KEY REFERENCES register_members (id),
    birth TEXT NOT NULL,
    sex TEXT NOT NULL CHECK (sex IN ('男', '女'))
) STRICT;

CREATE TABLE register_addresses (
    member TEXT NOT NULL REFERENCES register_members (id),
    place INTEGER NOT NULL,
    address TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (member, place)
) STRICT;
