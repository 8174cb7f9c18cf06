"""The matrix of clients and cells: gathered from test reports, written and compared as Markdown."""

from roster import CELLS

HEAD = ["client", "version", *CELLS]


class Matrix:
    def __init__(self):
        self.rows = {}  # title -> {"version": str, cell: outcome}

    def record(self, title, version, cell, outcome):
        self.rows.setdefault(title, {"version": version or "-"})[cell] = outcome

    def markdown(self):
        lines = ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
        for title, row in self.rows.items():
            cells = [title, row["version"], *(row.get(cell, "not run") for cell in CELLS)]
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines) + "\n"


def parse(text):
    """{title: {"version" and cells}} of the matrix in a Markdown page."""
    rows, inside = {}, False
    for line in text.splitlines():
        fields = [field.strip() for field in line.strip().strip("|").split("|")]
        if fields == HEAD:
            inside = True
        elif inside and not line.startswith("|"):
            break
        elif inside and not line.startswith("|---"):
            rows[fields[0]] = dict(zip(HEAD[1:], fields[1:]))
    return rows


def differences(documented, ran):
    """What a page says otherwise than the run; cells that did not run are not compared."""
    found = []
    for title, row in ran.items():
        for column, outcome in row.items():
            said = documented.get(title, {}).get(column, "nothing")
            if said != outcome:
                found.append(f"{title}, {column}: the page says {said}, the run {outcome}")
    return found
