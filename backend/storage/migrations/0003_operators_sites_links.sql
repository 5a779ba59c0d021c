-- Who operates terminals, and until when (R12). A terminal's operator must be one of these.
CREATE TABLE operators (
    operator   TEXT PRIMARY KEY,
    valid_from TEXT NOT NULL,
    valid_to   TEXT
);

INSERT INTO operators (operator, valid_from, valid_to)
SELECT operator, MIN(valid_from), NULL FROM terminals GROUP BY operator;

-- Where a terminal stands, as the cities call it in their hours; without one, nowhere in particular.
ALTER TABLE terminals ADD COLUMN site TEXT;

-- When a card's use was continued after a move, and when its PIN was changed at a counter.
ALTER TABLE card_links ADD COLUMN continued_on TEXT;
ALTER TABLE card_links ADD COLUMN pin_changed_on TEXT;
