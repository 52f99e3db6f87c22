-- Groups of words that mean the same; the words of a group are lines of one text.
CREATE TABLE search_synonym (
    id         BLOB   NOT NULL PRIMARY KEY,
    words      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- How many people asked for something on a day, and how many products the last of them found.
CREATE TABLE search_query (
    day      BIGINT NOT NULL,
    query    TEXT   NOT NULL,
    people   BIGINT NOT NULL,
    found    BIGINT NOT NULL,
    asked_at BIGINT NOT NULL,
    PRIMARY KEY (day, query)
);

-- Who asked, so that nobody counts twice on a day; forgotten after two days.
CREATE TABLE search_asker (
    person BLOB   NOT NULL,
    day    BIGINT NOT NULL,
    query  TEXT   NOT NULL,
    PRIMARY KEY (person, day, query)
);
CREATE INDEX search_asker_day ON search_asker (day, person, query);
