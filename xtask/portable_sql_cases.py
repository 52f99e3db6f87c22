"""Cases for portable_sql.py: what passes, and what is refused with which words."""

from portable_sql import Schema, check_statement, numbered, parse, split

SELF_TEST_SCHEMA = """
    CREATE TABLE t (a BIGINT NOT NULL, b TEXT NOT NULL, c BIGINT, at BIGINT NOT NULL, PRIMARY KEY (a, b));
    CREATE TABLE u (id BLOB NOT NULL PRIMARY KEY, t_a BIGINT NOT NULL, t_b TEXT NOT NULL, code TEXT NOT NULL);
    CREATE UNIQUE INDEX u_code ON u (code);
    ALTER TABLE u ADD COLUMN later BIGINT;
"""
PORTABLE = [
    "BEGIN IMMEDIATE", "SAVEPOINT s1", "ROLLBACK TO s1", "COMMIT;",
    "SELECT 1",
    "SELECT a, ':x' FROM t WHERE a = :a AND b = :b",
    "SELECT t.c FROM u JOIN t ON t.a = u.t_a AND t.b = u.t_b WHERE u.id = :id",
    "SELECT u.code FROM u LEFT JOIN t ON t.a = u.t_a AND t.b = u.t_b WHERE u.code = :code",
    "SELECT id FROM u WHERE id IN (:a, :b)",
    "SELECT count(*), CAST(coalesce(sum(c), 0) AS BIGINT), max(at) FROM t WHERE a = :a",
    "SELECT a, b FROM t WHERE (at, a, b) < (:at, :a, :b) ORDER BY at DESC, a DESC, b DESC LIMIT :n",
    "SELECT b, c AS x FROM t WHERE a = :a AND c > 9000000000 ORDER BY at, b LIMIT 20",
    "SELECT b, count(*) FROM t WHERE a = :a GROUP BY b ORDER BY b LIMIT 20",
    "SELECT t.a, t.b, u.code FROM t JOIN u ON u.id = :id ORDER BY t.a, t.b LIMIT 5",
    "SELECT b FROM t WHERE a = :a ORDER BY b /* bounded: at most nine in an order */",
    "SELECT later, id FROM u ORDER BY later NULLS FIRST, id LIMIT 5",
    "SELECT later, id FROM u WHERE later >= :from AND later < :to ORDER BY later, id LIMIT 5",
    "SELECT CASE WHEN a - b * 2 > 0 THEN a ELSE b END FROM u WHERE id = :id AND code LIKE :p || '%' LIMIT 1",
    "WITH x AS (SELECT a FROM t WHERE a = :a) SELECT count(*) FROM x",
    "INSERT INTO t (a, b, at) VALUES (:a, :b, :at) ON CONFLICT DO NOTHING",
    "INSERT INTO t AS t (a, b, c, at) VALUES (:a, :b, 1, 0) ON CONFLICT (a, b) DO UPDATE SET c = t.c + excluded.c RETURNING c",
    "INSERT INTO t (a, b, at) SELECT a, :b, at FROM t WHERE a = :a",
    "UPDATE t SET c = c - :n WHERE a = :a AND c >= :n",
    "DELETE FROM t WHERE a = :a AND at < :at",
    "SELECT n FROM made_by_a_test WHERE name = $1",
    "SELECT now FROM audit_clock",
    "SELECT x.a FROM (SELECT a, sum(c) OVER (ORDER BY at) AS n FROM t) x WHERE x.n < 0 ORDER BY x.a LIMIT :n",
    "SELECT a FROM t GROUP BY a HAVING sum(c) > 0 ORDER BY a LIMIT 5",
    "SELECT now() /* unchecked: a test of the store */",
]
NOT_PORTABLE = [
    ("SELECT a FROM t WHERE a = ?1", "operator `?`"),
    ("INSERT OR REPLACE INTO t (a) VALUES (1)", "cannot read it"),
    ("SELECT 1; SELECT 2", "2 statements"),
    ("PRAGMA foreign_keys", "cannot read it"),
    ("SELECT a FROM t ORDER BY a, b LIMIT 5 OFFSET 10", "OFFSET"),
    ("SELECT a FROM t WHERE a = :a AND b = :b FOR UPDATE", "FOR UPDATE"),
    ("WITH x AS (DELETE FROM t WHERE a = :a RETURNING a) SELECT count(*) FROM x", "inside WITH"),
    ("UPDATE t SET c = u.t_a FROM u WHERE u.id = :id", "UPDATE … FROM"),
    ("DELETE FROM t USING u WHERE u.t_a = t.a", "DELETE … USING"),
    ("MERGE INTO t USING u ON t.a = u.t_a WHEN MATCHED THEN DELETE", "MERGE"),
    ("SELECT count(*) FROM t WHERE at < CURRENT_TIMESTAMP", "parameter"),
    ("UPDATE t SET at = now() WHERE a = :a", "function now()"),
    ("SELECT pg_advisory_lock(1)", "function pg_advisory_lock()"),
    ("SELECT max(a, b) FROM u WHERE id = :id", "several values"),
    ("SELECT CAST(a / 2 AS BIGINT) FROM t WHERE a = :a AND b = :b", "no division"),
    ("SELECT a % 2 FROM t WHERE a = :a AND b = :b", "no division"),
    ("UPDATE t SET c = c * 1.5 WHERE a = :a", "float literal"),
    ("UPDATE t SET c = CAST(:x AS NUMERIC) WHERE a = :a", "CAST to numeric"),
    ("SELECT a::BIGINT FROM t WHERE a = :a AND b = :b", "`::`"),
    ("SELECT a FROM t WHERE a = ANY(:list) ORDER BY a, b LIMIT 5", "operator"),
    ("SELECT a FROM t WHERE b ILIKE :p ORDER BY a, b LIMIT 5", "operator"),
    ("SELECT sum(c) FROM t", "NUMERIC"),
    ("SELECT DISTINCT ON (a) a FROM t ORDER BY a, b LIMIT 5", "DISTINCT ON"),
    ("SELECT row_number() OVER (ORDER BY a) FROM t ORDER BY a, b LIMIT 5", "function row_number()"),
    ("SELECT a, sum(c) FROM t GROUP BY a ORDER BY a LIMIT 5", "NUMERIC"),
    ("INSERT INTO t AS t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET c = 1 WHERE t.c < 5", "upsert"),
    ("UPDATE t SET c = 0", "all rows"),
    ("DELETE FROM t", "all rows"),
    ("CREATE TEMP TABLE x (a BIGINT)", "temporary"),
    ("CREATE TABLE x (a BIGINT)", "statement of kind Create"),
    ("LISTEN orders", "statement of kind Listen"),
    ("SELECT a FROM t WHERE a = :a", "without ORDER BY and LIMIT"),
    ("SELECT a FROM t WHERE a = :a LIMIT 5", "without ORDER BY and LIMIT"),
    ("SELECT a FROM t WHERE a = :a OR b = :b", "without ORDER BY and LIMIT"),
    ("SELECT t.a FROM t JOIN u ON u.t_a = t.a WHERE u.id = :id", "without ORDER BY and LIMIT"),
    ("SELECT b, count(*) FROM t GROUP BY b", "without ORDER BY and LIMIT"),
    ("SELECT a FROM t_unknown WHERE a = :a", "without ORDER BY and LIMIT"),
    ("SELECT a FROM t ORDER BY at LIMIT 5", "unique key"),
    ("SELECT id FROM u ORDER BY later, id LIMIT 5", "may be NULL"),
    ("SELECT lower(b) COLLATE \"C\" FROM t WHERE a = :a AND b = :b", "collations"),
]
FINE_DEFINITIONS = [
    "CREATE TABLE a_b (id BLOB NOT NULL PRIMARY KEY, n BIGINT NOT NULL DEFAULT 0 CHECK (n >= 0), o TEXT, FOREIGN KEY (o) REFERENCES a_c (id))",
    "CREATE VIEW audit_a AS SELECT id_text('ord', x.id) AS id, CAST(sum(x.n) AS BIGINT) AS n FROM a_b x GROUP BY x.id",
    "UPDATE a_b SET n = 0",
]
BAD_DEFINITIONS = [
    ("CREATE TABLE a_b (id SERIAL)", "column id is serial"),
    ("CREATE TABLE a_b (id BIGINT GENERATED ALWAYS AS IDENTITY)", "constraint identity"),
    ("CREATE TABLE a_b (price NUMERIC(10, 2))", "column price is numeric"),
    ("CREATE TABLE a_b (at BIGINT DEFAULT (extract(epoch FROM now())))", "default must be a constant"),
    ("CREATE TABLE a_b (o BLOB REFERENCES orders_order (id))", "foreign key to orders_order"),
    ("CREATE VIEW audit_a AS SELECT sum(n) AS n FROM a_b", "NUMERIC"),
    ("CREATE SEQUENCE a_s", "statement of kind CreateSeq"),
    ("CREATE TABLE a_b (id BLOB) STRICT", "cannot read it"),
]


def self_test():
    schema = Schema()
    schema.modules = {"t", "u"}
    assert [offset for offset, _ in split("-- x;\nA; 'b;' B;\n")] == [6, 9]
    assert numbered("SELECT ':x', :a, :b, :a -- :c\n") == "SELECT ':x', $1, $2, $1 -- :c\n"
    for _, sql in split(SELF_TEST_SCHEMA):
        schema.learn(parse(sql)[0])
    assert schema.keys == {"t": [{"a", "b"}], "u": [{"id"}, {"code"}]}, schema.keys
    for sql in PORTABLE:
        assert check_statement(sql, schema) == [], (sql, check_statement(sql, schema))
    for sql in FINE_DEFINITIONS:
        found = check_statement(sql, schema, is_migration=True)
        assert found == [], (sql, found)
    bad = [(sql, wanted, False) for sql, wanted in NOT_PORTABLE]
    for sql, wanted, is_migration in bad + [(sql, wanted, True) for sql, wanted in BAD_DEFINITIONS]:
        found = check_statement(sql, schema, is_migration)
        assert any(wanted in problem for problem in found), (sql, wanted, found)
