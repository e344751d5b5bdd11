"""Writes the completions of a program for bash, zsh and fish."""
import re

HEAD = "# Completions of {name} for {shell}; conf/generate-docs writes this file."
TABLES = "options metrics keys formats alerts"


def values(argument, names):
    """What is offered for the argument of an option: words, "=" at the end if a value follows, or
    None for files."""
    if argument == "FILE":
        return None
    return {"WHAT": TABLES.split(), "N|max": ["max"], "W": ["5m", "1h", "24h"],
            "KEY=VALUE": [name + "=" for name in names]}.get(argument, [])


def flags(options):
    return [flag for option in options
            for flag in ([f"-{option.short}"] if option.short else []) + [f"--{option.long}"]]


def choices(command):
    """The words of "[done|undo WHO]", of which one may be the second argument."""
    found = re.search(r"\[(\w+(?:\|\w+)+)", command.argument)
    return found[1].split("|") if found else []


# ── bash ───────────────────────────────────────────────────────────────────────────────────

def bash_value(option, names):
    offered = values(option.argument, names)
    pattern = " | ".join(flags([option]))
    if offered is None:
        return f'    {pattern})\n        mapfile -t COMPREPLY < <(compgen -f -- "$word")\n' \
               "        return\n        ;;"
    space = "compopt -o nospace\n        " if option.argument == "KEY=VALUE" else ""
    return f"    {pattern})\n        {space}mapfile -t COMPREPLY < <(compgen -W " \
           f"'{' '.join(offered)}' -- \"$word\")\n        return\n        ;;"


def bash(name, options, commands, names):
    every = {option.long: option for option in options}
    for command in commands:
        every.update({option.long: option for option in command.options})
    cases = "\n".join(bash_value(option, names) for option in every.values() if option.argument)
    lines = [HEAD.format(name=name, shell="bash"), f"_{name}()", "{",
             "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}",
             "    COMPREPLY=()", "    case $before in", cases, "    esac",
             f"    local offered='{' '.join(flags(options))}'"]
    if commands:
        lines += ["    local command= at", "    for at in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do",
                  "        case $at in",
                  f"        {' | '.join(command.name for command in commands)}) command=$at ;;",
                  "        esac", "    done", "    case $command in",
                  f"    '') offered+=' {' '.join(command.name for command in commands)}' ;;"]
        lines += [f"    {command.name}) offered+=' "
                  f"{' '.join(flags(command.options) + choices(command))}' ;;"
                  for command in commands if command.options]
        lines += ["    esac", "    mapfile -t COMPREPLY < <(compgen -W \"$offered\" -- \"$word\")",
                  "}", f"complete -F _{name} {name}"]
    else:
        lines += ["    case $word in",
                  "    -*) mapfile -t COMPREPLY < <(compgen -W \"$offered\" -- \"$word\") ;;",
                  "    *) mapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;", "    esac", "}",
                  f"complete -o filenames -F _{name} {name}"]
    return "\n".join(lines) + "\n"


# ── zsh ────────────────────────────────────────────────────────────────────────────────────

def zsh_text(text):
    return text.translate(str.maketrans({"'": "’", "[": "(", "]": ")", ":": "\\:", '"': "”"}))


def zsh_option(option, names):
    offered = values(option.argument, names)
    action = "_files" if offered is None else f"({' '.join(offered)})" if offered else " "
    if option.argument == "KEY=VALUE":
        action = "{" + f"compadd -S \"\" -- {' '.join(offered)}" + "}"
    what = f":{zsh_text(option.argument)}:{action}" if option.argument else ""
    text = f"'[{zsh_text(option.help)}]{what}'"
    if not option.short:
        return f"'--{option.long}{text[1:]}"
    return f"'(-{option.short} --{option.long})'{{-{option.short},--{option.long}}}{text}"


def zsh(name, options, commands, names):
    lines = [f"#compdef {name}", HEAD.format(name=name, shell="zsh"), "", "local -a options",
             "options=("]
    lines += [f"    {zsh_option(option, names)}" for option in options] + [")"]
    if not commands:
        return "\n".join(lines + ["_arguments -s -S $options '*:file:_files'"]) + "\n"
    words = "|".join(command.name for command in commands)
    lines.append(f"case ${{words[(r)({words})]}} in")
    for command in commands:
        if command.options:
            lines += [f"{command.name})", "    options+=("]
            lines += [f"        {zsh_option(option, names)}" for option in command.options]
            if choices(command):
                lines += [f"        '3:change:({' '.join(choices(command))})' '4:id: '"]
            lines += ["    )", "    ;;"]
    lines.append("esac")
    described = " ".join(f'{command.name}\\:"{zsh_text(command.help)}"' for command in commands)
    lines.append(f"_arguments -s -S $options '1:command:(({described}))' '2:id: '")
    return "\n".join(lines) + "\n"


# ── fish ───────────────────────────────────────────────────────────────────────────────────

def fish_text(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish_option(name, option, names, condition=""):
    offered = values(option.argument, names)
    words = ["complete", "-c", name] + ([condition] if condition else [])
    words += ["-s", option.short] if option.short else []
    words += ["-l", option.long]
    if option.argument:
        words += ["-r", "-F"] if offered is None else ["-x"]
        words += ["-a", fish_text(" ".join(offered))] if offered else []
    return " ".join(words + ["-d", fish_text(option.help)])


def fish(name, options, commands, names):
    lines = [HEAD.format(name=name, shell="fish")]
    if commands:
        lines.append(f"complete -c {name} -f")
        seen = "__fish_seen_subcommand_from"
        every = " ".join(command.name for command in commands)
        for command in commands:
            lines.append(f"complete -c {name} -n 'not {seen} {every}' -a {command.name} "
                         f"-d {fish_text(command.help)}")
            lines += [fish_option(name, option, names, f"-n '{seen} {command.name}'")
                      for option in command.options]
            if choices(command):
                lines.append(f"complete -c {name} -n '{seen} {command.name}' "
                             f"-a {fish_text(' '.join(choices(command)))}")
    lines += [fish_option(name, option, names) for option in options]
    return "\n".join(lines) + "\n"


WRITERS = {"bash": bash, "zsh": zsh, "fish": fish}
