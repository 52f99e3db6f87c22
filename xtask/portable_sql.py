"""Refuses SQL that does not mean the same on both engines, or that other PostgreSQL-wire databases lack.

One text per query serves SQLite and PostgreSQL (docs/adr/0001), so every statement is read by PostgreSQL's own
parser and its tree is compared with the rules below. Two sources of statements:

    --crates DIR   every `DIR/*/migrations/*.sql`; the tables' keys are learnt from them
    --log DIR      files of statements that the tests ran, one JSON string in a line

`--self-test` checks the checker. Needs the package `pglast`. A statement may say why it is an exception:
`/* bounded: reason */` for a list that cannot be long, `/* unchecked: reason */` for anything else.
"""

import argparse
import json
import pathlib
import re
import sys

from pglast import parse_sql
from pglast.parser import ParseError

FUNCTIONS = {"coalesce", "count", "length", "lower", "max", "min", "substr", "sum", "upper"}
AGGREGATES = {"count", "max", "min", "sum"}
# Only in the definition of views: the store writes them in each engine's own words.
VIEW_FUNCTIONS = {"id_text", "lower_hex", "micros_now"}
OPERATORS = {"=", "<>", "<", ">", "<=", ">=", "+", "-", "*", "||", "~~", "!~~"}
KINDS = {"AEXPR_OP", "AEXPR_IN", "AEXPR_LIKE", "AEXPR_BETWEEN", "AEXPR_NOT_BETWEEN", "AEXPR_NULLIF",
         "AEXPR_DISTINCT", "AEXPR_NOT_DISTINCT"}
COLUMN_TYPES = {"int8", "text", "blob", "bytea"}
CAST_TYPES = COLUMN_TYPES - {"blob"}
CONSTRAINTS = {"CONSTR_NULL", "CONSTR_NOTNULL", "CONSTR_DEFAULT", "CONSTR_CHECK", "CONSTR_PRIMARY",
               "CONSTR_UNIQUE", "CONSTR_FOREIGN"}
STATEMENTS = {"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt"}
DEFINITIONS = {"CreateStmt", "IndexStmt", "ViewStmt", "AlterTableStmt", "DropStmt", "RenameStmt"}
TRANSACTION = re.compile(r"\s*(BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE)\b[^;]*;?\s*$", re.I)

# What a node is refused for by its kind alone.
REFUSED = {
    "LockingClause": "FOR UPDATE/SHARE does not exist on SQLite: guard the row with UPDATE … WHERE",
    "MergeStmt": "MERGE: use INSERT … ON CONFLICT",
    "SQLValueFunction": "the time comes in as a parameter",
    "RangeFunction": "functions in FROM",
    "A_ArrayExpr": "arrays",
    "A_Indirection": "arrays and row fields",
    "XmlExpr": "XML", "JsonFuncExpr": "JSON is opaque text", "JsonObjectConstructor": "JSON is opaque text",
    "JsonArrayConstructor": "JSON is opaque text", "JsonIsPredicate": "JSON is opaque text",
    "GroupingSet": "GROUPING SETS, CUBE and ROLLUP",
    "RangeTableSample": "TABLESAMPLE",
    "SetToDefault": "DEFAULT as a value",
    "MinMaxExpr": "GREATEST and LEAST have other names on SQLite: use CASE",
    "CurrentOfExpr": "cursors",
    "CollateClause": "collations differ: fold case into a column of its own",
    "BooleanTest": "IS TRUE and its kin: compare with 0 or 1",
}


class Schema:
    """The tables' columns (True when NOT NULL) and unique keys."""

    def __init__(self):
        self.columns, self.keys, self.modules = {}, {}, set()

    def is_free(self, name):
        """Whether lists of it may be long: an audit view, which is read whole, or a table that a test made."""
        return name not in self.columns and name.split("_")[0] not in self.modules

    def learn(self, stmt):
        kind = stmt["@"]
        if kind == "CreateStmt":
            self.learn_table(stmt)
        elif kind == "IndexStmt" and stmt.get("unique") and not stmt.get("whereClause"):
            names = [part.get("name") for part in stmt["indexParams"]]
            if all(names):
                self.keys.setdefault(stmt["relation"]["relname"], []).append(set(names))
        elif kind == "AlterTableStmt":
            for command in stmt["cmds"]:
                column = command.get("def_") or {}
                if column.get("@") == "ColumnDef":
                    table = self.columns.setdefault(stmt["relation"]["relname"], {})
                    table[column["colname"]] = is_not_null(column)

    def learn_table(self, stmt):
        table = stmt["relation"]["relname"]
        columns, keys = self.columns.setdefault(table, {}), self.keys.setdefault(table, [])
        for part in stmt.get("tableElts") or ():
            if part["@"] == "ColumnDef":
                columns[part["colname"]] = is_not_null(part)
                if contypes(part) & {"CONSTR_PRIMARY", "CONSTR_UNIQUE"}:
                    keys.append({part["colname"]})
            elif part["@"] == "Constraint" and part["contype"]["name"] in ("CONSTR_PRIMARY", "CONSTR_UNIQUE"):
                names = {key["sval"] for key in part["keys"]}
                keys.append(names)
                if part["contype"]["name"] == "CONSTR_PRIMARY":
                    columns.update(dict.fromkeys(names, True))


def contypes(column):
    return {constraint["contype"]["name"] for constraint in column.get("constraints") or ()}


def is_not_null(column):
    return bool(contypes(column) & {"CONSTR_NOTNULL", "CONSTR_PRIMARY"})


def numbered(sql):
    """The statement with `$n` for each `:name`, outside of strings and comments."""
    names = []

    def number(match):
        if match.group(1) is None:
            return match.group(0)
        if match.group(1) not in names:
            names.append(match.group(1))
        return f"${names.index(match.group(1)) + 1}"

    return re.sub(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|::|:([A-Za-z_][A-Za-z0-9_]*)", number, sql, flags=re.S)


def bare(sql):
    """The statement without strings and comments."""
    return re.sub(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/", " ", sql, flags=re.S)


def nodes(tree, above=()):
    """Every node with the nodes above it, outermost first."""
    if isinstance(tree, (list, tuple)):
        for part in tree:
            yield from nodes(part, above)
    elif isinstance(tree, dict) and "@" in tree:
        yield tree, above
        for key, part in tree.items():
            if key != "@":
                yield from nodes(part, (*above, tree))


def typename(node):
    return node["typeName"]["names"][-1]["sval"]


def function(node):
    return node["funcname"][-1]["sval"] if node["@"] == "FuncCall" else None


def check_node(node, above, is_view):
    """What is wrong with one node, in words."""
    kind = node["@"]
    if kind in REFUSED:
        yield REFUSED[kind]
    elif kind == "SelectStmt":
        if node.get("limitOffset"):
            yield "OFFSET: page by keyset"
        if node["limitOption"]["name"] == "LIMIT_OPTION_WITH_TIES":
            yield "FETCH … WITH TIES"
        if any(part for part in node.get("distinctClause") or ()):
            yield "DISTINCT ON: use GROUP BY"
        if node.get("intoClause"):
            yield "SELECT INTO"
    elif kind == "CommonTableExpr" and node["ctequery"]["@"] != "SelectStmt":
        yield "a write inside WITH: make it two statements"
    elif kind == "UpdateStmt" and node.get("fromClause"):
        yield "UPDATE … FROM: use a subquery"
    elif kind == "DeleteStmt" and node.get("usingClause"):
        yield "DELETE … USING: use a subquery"
    elif kind == "FuncCall":
        yield from check_function(node, above, is_view)
    elif kind == "A_Expr":
        operator = node["name"][-1]["sval"]
        if operator in ("/", "%"):
            yield f"`{operator}`: no division or rounding in SQL, compute in the program"
        elif node["kind"]["name"] not in KINDS or (node["kind"]["name"] == "AEXPR_OP" and operator not in OPERATORS):
            yield f"operator `{operator}` ({node['kind']['name'][6:].lower()})"
    elif kind == "Float" and not node["fval"].isdigit():
        yield f"float literal {node['fval']}: whole minor units only"
    elif kind == "TypeCast" and typename(node) not in CAST_TYPES:
        yield f"CAST to {typename(node)}: only BIGINT, TEXT and BYTEA"
    elif kind == "OnConflictClause" and node.get("whereClause"):
        yield "a guard inside the upsert: put it into an UPDATE … WHERE"
    elif kind == "JoinExpr" and node.get("isNatural"):
        yield "NATURAL JOIN: name the columns"
    elif kind == "RangeSubselect" and node.get("lateral"):
        yield "LATERAL"
    elif kind == "RangeVar" and node.get("relpersistence") == "t":
        yield "temporary tables"
    elif kind == "RangeVar" and node.get("schemaname"):
        yield "a schema before the table's name"


def check_function(node, above, is_view):
    name = function(node)
    if name not in FUNCTIONS and not (is_view and name in VIEW_FUNCTIONS):
        yield f"function {name}(): only {', '.join(sorted(FUNCTIONS))} are the same everywhere"
    elif name in ("min", "max") and len(node.get("args") or ()) != 1:
        yield f"{name}() of several values is another function on PostgreSQL: use CASE"
    elif name == "sum" and is_returned(above) and not is_cast(above):
        yield "sum() is NUMERIC on PostgreSQL: write CAST(… AS BIGINT) around it"


def is_cast(above):
    return any(up["@"] == "TypeCast" and typename(up) == "int8" for up in above)


def is_returned(above):
    """Whether a node is a part of what the statement, not one of its subqueries, gives back."""
    kinds = {up["@"] for up in above}
    return "ResTarget" in kinds and not kinds & {"SubLink", "RangeSubselect", "CommonTableExpr"}


def check_definition(stmt):
    """What is wrong with a migration's statement."""
    for node, above in nodes(stmt):
        kind = node["@"]
        if kind == "ColumnDef":
            if typename(node) not in COLUMN_TYPES:
                yield f"column {node['colname']} is {typename(node)}: only BIGINT, TEXT and BLOB"
        elif kind == "Constraint":
            contype = node["contype"]["name"]
            if contype not in CONSTRAINTS:
                yield f"constraint {contype[7:].lower()}"
            elif contype == "CONSTR_DEFAULT" and node["raw_expr"]["@"] != "A_Const":
                yield "a default must be a constant"
            elif contype == "CONSTR_FOREIGN":
                tables = [up["relation"]["relname"] for up in above if up.get("relation")]
                other = node["pktable"]["relname"]
                if tables and tables[0].split("_")[0] != other.split("_")[0]:
                    yield f"a foreign key to {other}, in another module: only inside one aggregate"


class Rows:
    """How many rows a SELECT can give, as far as keys tell."""

    def __init__(self, select, schema):
        self.schema = schema
        self.relations, conditions = {}, list(conjuncts(select.get("whereClause")))
        self.is_known, self.is_free = True, False
        shadowed = {cte["ctename"] for cte in (select.get("withClause") or {}).get("ctes", ())}
        pending = list(select.get("fromClause") or ())
        while pending:
            node = pending.pop()
            if node["@"] == "JoinExpr":
                pending += [node["larg"], node["rarg"]]
                conditions += conjuncts(node.get("quals"))
            elif node["@"] == "RangeVar" and node["relname"] in schema.columns and node["relname"] not in shadowed:
                self.relations[(node.get("alias") or {}).get("aliasname", node["relname"])] = node["relname"]
            else:
                self.is_known = False
                self.is_free |= node["@"] == "RangeVar" and schema.is_free(node["relname"])
        self.equal, self.listed, self.compared = [], [], []
        for condition in conditions:
            if condition["@"] != "A_Expr":
                continue
            if condition["kind"]["name"] == "AEXPR_OP":
                self.compared += [condition["lexpr"], condition.get("rexpr")]
            if condition["name"][-1]["sval"] != "=":
                continue
            if condition["kind"]["name"] == "AEXPR_OP":
                self.equal.append((condition["lexpr"], condition["rexpr"]))
            elif condition["kind"]["name"] == "AEXPR_IN" and isinstance(condition["rexpr"], (list, tuple)):
                self.listed.append(condition["lexpr"])

    def column(self, node):
        """(relation, column), or None when the node is no column of a known table."""
        if not isinstance(node, dict) or node["@"] != "ColumnRef" or any(f["@"] != "String" for f in node["fields"]):
            return None
        names = [field["sval"] for field in node["fields"]]
        if len(names) == 2:
            return tuple(names) if names[0] in self.relations else None
        owners = [alias for alias, table in self.relations.items() if names[0] in self.schema.columns[table]]
        return (owners[0], names[0]) if len(owners) == 1 else None

    def is_unique(self, fixed):
        """Whether `fixed` columns, with what the conditions equate, leave at most one row."""
        fixed, single, size = set(fixed), set(), -1
        while size != len(fixed) + len(single):
            size = len(fixed) + len(single)
            for pair in self.equal:
                for one, other in (pair, pair[::-1]):
                    column, source = self.column(one), self.column(other)
                    if column and (is_value(other) or source in fixed or (source and source[0] in single)):
                        fixed.add(column)
            for alias, table in self.relations.items():
                own = {name for owner, name in fixed if owner == alias}
                if any(key <= own for key in self.schema.keys.get(table, ())):
                    single.add(alias)
        return self.is_known and single == set(self.relations)

    def is_bounded(self):
        return self.is_unique(column for column in map(self.column, self.listed) if column)


def is_value(node):
    while node["@"] == "TypeCast":
        node = node["arg"]
    return node["@"] in ("ParamRef", "A_Const")


def conjuncts(node):
    if node is None:
        return
    if node["@"] == "BoolExpr" and node["boolop"]["name"] == "AND_EXPR":
        for part in node["args"]:
            yield from conjuncts(part)
    else:
        yield node


def is_aggregate(select):
    if select.get("groupClause"):
        return False
    return any(
        function(node) in AGGREGATES and not any(up["@"] == "SubLink" for up in above)
        for node, above in nodes(select.get("targetList") or ())
    )


def check_list(select, schema, is_marked):
    """A list has an end and one order."""
    order = select.get("sortClause") or ()
    rows = Rows(select, schema)
    if rows.is_free:
        return
    is_set = select["op"]["name"] != "SETOP_NONE"
    if not is_set and (not select.get("fromClause") or is_aggregate(select) or rows.is_bounded()):
        return
    if not is_marked and not (order and select.get("limitCount")):
        yield "a list without ORDER BY and LIMIT: add them, fix a unique key by =, or write /* bounded: reason */"
    if not order or is_set or not rows.is_known:
        return
    targets = {target.get("name"): target["val"] for target in select["targetList"]}
    ordered = set()
    for part in order:
        node = part["node"]
        if node["@"] == "ColumnRef" and len(node["fields"]) == 1 and node["fields"][0].get("sval") in targets:
            node = targets[node["fields"][0]["sval"]]
        column = rows.column(node)
        if column is None:
            continue
        ordered.add(column)
        is_not_null = schema.columns[rows.relations[column[0]]].get(column[1], True)
        # What a row is chosen by comparing is not NULL in it.
        is_not_null = is_not_null or column in map(rows.column, rows.compared)
        if not is_not_null and part["sortby_nulls"]["name"] == "SORTBY_NULLS_DEFAULT":
            yield f"ORDER BY {column[1]}, which may be NULL: the engines differ, say NULLS FIRST or NULLS LAST"
    groups = {rows.column(node) for node in select.get("groupClause") or ()}
    if not rows.is_unique(ordered) and not (groups and None not in groups and groups <= ordered):
        yield "ORDER BY does not end in a unique key: pages would lose or repeat rows"


def check_statement(sql, schema, is_migration=False):
    """What is wrong with one statement."""
    if TRANSACTION.match(sql) or re.search(r"/\*\s*unchecked:\s*\S", sql):
        return []
    try:
        statements = parse(sql)
    except ParseError as error:
        return [f"PostgreSQL cannot read it: {error.args[0]}"]
    if len(statements) != 1:
        return [f"{len(statements)} statements in one text"]
    stmt = statements[0]
    found = []
    if "::" in bare(sql):
        found.append("`::` does not exist on SQLite: write CAST(… AS …)")
    kind = stmt["@"]
    if kind not in STATEMENTS and not (is_migration and kind in DEFINITIONS):
        found.append(f"a statement of kind {kind.removesuffix('Stmt')}")
    if kind in ("UpdateStmt", "DeleteStmt") and not stmt.get("whereClause") and not is_migration:
        found.append("a write to all rows of a table: add WHERE")
    for node, above in nodes(stmt):
        found += check_node(node, above, kind == "ViewStmt")
    if kind == "SelectStmt":
        found += check_list(stmt, schema, bool(re.search(r"/\*\s*bounded:\s*\S", sql)))
    if is_migration:
        found += check_definition(stmt)
    return list(dict.fromkeys(found))


def parse(sql):
    return [raw.stmt(skip_none=True) for raw in parse_sql(numbered(sql))]


def split(sql):
    """(offset, statement) for each statement of a file."""
    start = 0
    pieces = re.finditer(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|;", sql, flags=re.S)
    for end in [*(piece.start() for piece in pieces if piece.group() == ";"), len(sql)]:
        text = sql[start:end]
        if bare(text).strip():
            blank = re.match(r"(?:\s|--[^\n]*|/\*.*?\*/)*", text, flags=re.S).end()
            yield start + blank, text
        start = end + 1


def check_migrations(crates, schema):
    files = sorted(pathlib.Path(crates).glob("*/migrations/*.sql"))
    common = [file for file in files if not re.search(r"\.(sqlite|postgres)\.sql$", file.name)]
    schema.modules |= {file.parent.parent.name for file in files}
    for file in common:
        for _, sql in split(file.read_text(encoding="utf-8")):
            try:
                for stmt in parse(sql):
                    schema.learn(stmt)
            except ParseError:
                pass  # Told of below, with its place.
    for file in common:
        text = file.read_text(encoding="utf-8")
        for offset, sql in split(text):
            line = text.count("\n", 0, offset) + 1
            for problem in check_statement(sql, schema, is_migration=True):
                yield f"{file}:{line}: {problem}"


def check_log(folder, schema):
    statements = set()
    for file in sorted(pathlib.Path(folder).glob("**/*")) if folder else ():
        if file.is_file():
            statements |= {json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()}
    for sql in sorted(statements):
        for problem in check_statement(sql, schema):
            yield f"{problem}\n    {' '.join(sql.split())[:400]}"
    print(f"{len(statements)} statements read from {folder}")
    if folder and schema.columns and not statements:
        yield "no statements to check: run the tests with TUAN_SQL_LOG set to this folder first"


def main():
    arguments = argparse.ArgumentParser(description="Refuses SQL that is not portable.")
    arguments.add_argument("--crates")
    arguments.add_argument("--log")
    arguments.add_argument("--self-test", action="store_true")
    given = arguments.parse_args()
    if given.self_test:
        from portable_sql_cases import self_test

        self_test()
        return 0
    schema = Schema()
    problems = [*check_migrations(given.crates or "crates", schema), *check_log(given.log, schema)]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
