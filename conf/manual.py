"""What the manual pages (docs/man/*.scd, for scdoc) contain of the tables of the programs."""
import re


def plain(text):
    """Text in which scdoc finds no mark-up."""
    text = re.sub(r"([\\*_`])", r"\\\1", text)
    return re.sub(r"^([#\-.|;\[\]])", r"\\\1", text)


def sentence(text):
    if text.partition(" ")[0].isalpha():
        text = text[0].upper() + text[1:]
    return text if text.endswith(".") else text + "."


def entry(head, *paragraphs):
    """One row: what it is called, then sentences, indented."""
    return head + "\n" + "".join(f"\t{plain(text)}\n" for text in paragraphs if text) + "\n"


def argument_head(option):
    names = ([f"*-{option.short}*"] if option.short else []) + [f"*--{option.long}*"]
    return ", ".join(names) + (f" _{plain(option.argument)}_" if option.argument else "")


def arguments(options):
    return "".join(entry(argument_head(option), sentence(option.help)) for option in options)


def commands(found):
    text = ""
    for command in found:
        argument = f" _{plain(command.argument)}_" if command.argument else ""
        text += entry(f"*{command.name}*{argument}", sentence(command.help))
        for option in command.options:
            text += f"\t{argument_head(option)}\n\t\t{plain(sentence(option.help))}\n\n"
    return text


def options(rows, limits):
    """By section, in the order of the tables. `limits` writes the bounds of an option."""
    text, last = "", None
    for row in rows:
        section = row["name"].rpartition(".")[0]
        if section != last:
            title = section.replace(".<name>", ' "name"') or "outside of sections"
            text += f"## {plain(title)}\n\n"
            last = section
        default = f" = {plain(row['default'])}" if row["default"] else ""
        more = limits(row) + (" Reloadable." if row["reloadable"] == "yes" else "")
        text += entry(f"*{plain(row['name'].rpartition('.')[2])}*{default}",
                      sentence(row["help"]) + more)
    return text


def keys(rows):
    return "".join(entry(f"*{plain(row['name'])}* ({row['type']})", sentence(row["content"]))
                   for row in rows)


def metrics(rows):
    """`rows` have a name, all labels with the same meaning, a type and a text."""
    return "".join(
        entry(f"*{plain(name)}* ({kind})",
              sentence(text) + (f" Labels: {', '.join(labels)}." if labels else ""))
        for name, kind, text, labels in rows)


def exit_codes(page):
    """The table below "## Exit codes" of docs/operations.md."""
    table = page.partition("\n## Exit codes\n")[2]
    rows = re.findall(r"^\| (\d+) \| (.*?) \|$", table, re.MULTILINE)
    return "".join(entry(f"*{code}*", sentence(text)) for code, text in rows)
