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


# What a running daemon knows the names of, by the word for the argument in --help.
SHELLS = "bash zsh fish boards windows rules sources webhooks campaigns".split()
NAMES = {"METRIC": "boards", "WINDOW": "windows", "RULE": "rules", "SOURCE": "sources",
         "NAME": "campaigns", "WEBHOOK": "webhooks"}
REACH = ("redis", "prefix", "option", "control", "http")  # options that show where it is


def positions(command):
    """For each argument of a command its words, the kind of its names ("boards"), or None."""
    found = []
    for word in command.argument.replace("[", "").replace("]", "").split():
        if word in NAMES:
            found.append(NAMES[word])
        elif word == "SHELL":
            found.append(SHELLS)
        else:
            found.append(word.split("|") if re.fullmatch(r"[a-z|]+", word) else None)
    return found


# ── bash ───────────────────────────────────────────────────────────────────────────────────

def bash_value(option, names):
    offered = values(option.argument, names)
    pattern = " | ".join(flags([option]))
    if offered is None:
        return f'    {pattern})\n        mapfile -t COMPREPLY < <(compgen -f -- "$word")\n' \
               "        return\n        ;;"
    space = "compopt -o nospace\n        " if option.argument == "KEY=VALUE" else ""
    quoted = f"\"$(_cascadectl_names {NAMES[option.argument]})\"" if option.argument in NAMES else \
        f"'{' '.join(offered)}'"
    return f"    {pattern})\n        {space}mapfile -t COMPREPLY < <(compgen -W " \
           f"{quoted} -- \"$word\")\n        return\n        ;;"


def bash_names(options):
    """A function that asks for names, with the options of the line that show where to ask."""
    reach = " | ".join(flag for option in options if option.long in REACH for flag in flags([option]))
    return ["_cascadectl_names()", "{", "    local reach=() at",
            "    for ((at = 1; at < COMP_CWORD - 1; at++)); do", "        case ${COMP_WORDS[at]} in",
            f"        {reach}) reach+=(\"${{COMP_WORDS[at]}}\" \"${{COMP_WORDS[at + 1]}}\") ;;",
            "        esac", "    done",
            '    cascadectl "${reach[@]}" completion "$1" 2>/dev/null', "}"]


def bash_commands(options, every, commands):
    taking = " | ".join(flag for option in every if option.argument for flag in flags([option]))
    lines = ["    local command='' place=0 skips='' at",
             "    for at in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do",
             "        if [[ -n $skips ]]; then", "            skips=''", "            continue",
             "        fi", "        case $at in", f"        {taking}) skips=1 ;;", "        -*) ;;",
             "        *)", "            place=$((place + 1))",
             "            [[ $place -gt 1 ]] || command=$at", "            ;;",
             "        esac", "    done", "    case $command in",
             f"    '') offered+=' {' '.join(command.name for command in commands)}' ;;"]
    lines += [f"    {command.name}) offered+=' {' '.join(flags(command.options))}' ;;"
              for command in commands if command.options]
    lines += ["    esac", "    case $command:$place in"]
    for command in commands:
        for place, offered in enumerate(positions(command), 1):
            if isinstance(offered, list):
                lines.append(f"    {command.name}:{place}) offered+=' {' '.join(offered)}' ;;")
            elif offered:
                lines.append(f"    {command.name}:{place}) offered+=\" $(_cascadectl_names {offered})\" ;;")
    return lines + ["    esac"]


def bash(name, options, commands, names):
    every = {option.long: option for option in options}
    for command in commands:
        every.update({option.long: option for option in command.options})
    cases = "\n".join(bash_value(option, names) for option in every.values() if option.argument)
    lines = [HEAD.format(name=name, shell="bash")]
    lines += bash_names(options) if commands else []
    lines += [f"_{name}()", "{",
              "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}",
              "    COMPREPLY=()", "    case $before in", cases, "    esac",
              f"    local offered='{' '.join(flags(options))}'"]
    if commands:
        lines += bash_commands(options, every.values(), commands)
        lines += ["    mapfile -t COMPREPLY < <(compgen -W \"$offered\" -- \"$word\")",
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
    if option.argument in NAMES:
        action = "{_cascadectl_names " + NAMES[option.argument] + "}"
    if option.argument == "KEY=VALUE":
        action = "{" + f"compadd -S \"\" -- {' '.join(offered)}" + "}"
    what = f":{zsh_text(option.argument)}:{action}" if option.argument else ""
    text = f"'[{zsh_text(option.help)}]{what}'"
    if not option.short:
        return f"'--{option.long}{text[1:]}"
    return f"'(-{option.short} --{option.long})'{{-{option.short},--{option.long}}}{text}"


def zsh_names(options):
    reach = "|".join(flag for option in options if option.long in REACH for flag in flags([option]))
    return ["_cascadectl_names() {", "    local -a reach", "    local at",
            "    for ((at = 2; at < CURRENT - 1; at++)); do", "        case ${words[at]} in",
            f"        {reach}) reach+=(${{words[at]}} ${{words[at + 1]}}) ;;", "        esac", "    done",
            '    compadd -- ${(f)"$(cascadectl $reach completion $1 2>/dev/null)"}', "}"]


def zsh_positions(command):
    actions = []
    for place, offered in enumerate(positions(command), 2):
        action = (" " if offered is None else f"({' '.join(offered)})" if isinstance(offered, list)
                  else "{_cascadectl_names " + offered + "}")
        actions.append(f"'{place}:argument:{action}'")
    return actions


def zsh(name, options, commands, names):
    lines = [f"#compdef {name}", HEAD.format(name=name, shell="zsh"), ""]
    lines += zsh_names(options) + [""] if commands else []
    lines += ["local -a options", "options=("]
    lines += [f"    {zsh_option(option, names)}" for option in options] + [")"]
    if not commands:
        return "\n".join(lines + ["_arguments -s -S $options '*:file:_files'"]) + "\n"
    listed = "|".join(command.name for command in commands)
    lines.append(f"case ${{words[(r)({listed})]}} in")
    for command in commands:
        if command.options or command.argument:
            lines += [f"{command.name})", "    options+=("]
            lines += [f"        {zsh_option(option, names)}" for option in command.options]
            lines += [f"        {action}" for action in zsh_positions(command)]
            lines += ["    )", "    ;;"]
    lines.append("esac")
    described = " ".join(f'{command.name}\\:"{zsh_text(command.help)}"' for command in commands)
    lines.append(f"_arguments -s -S $options '1:command:(({described}))'")
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
        words += ["-a", fish_text(f"(__cascadectl_names {NAMES[option.argument]})")] \
            if option.argument in NAMES else []
    return " ".join(words + ["-d", fish_text(option.help)])


def fish_names(options):
    reach = " ".join(flag for option in options if option.long in REACH for flag in flags([option]))
    return f"""function __cascadectl_names
    set -l words (commandline -opc)
    set -l reach
    for at in (seq 2 (math (count $words) - 1))
        if contains -- $words[$at] {reach}
            set -a reach $words[$at] $words[(math $at + 1)]
        end
    end
    cascadectl $reach completion $argv[1] 2>/dev/null
end
function __cascadectl_at
    set -l place 0
    set -l skips 0
    for word in (commandline -opc)[2..]
        if test $skips = 1
            set skips 0
        else if contains -- $word TAKING
            set skips 1
        else if not string match -q -- '-*' $word
            set place (math $place + 1)
            if test $place = 1; and test $word != $argv[1]
                return 1
            end
        end
    end
    test $place = $argv[2]
end"""


def fish_commands(name, commands, names):
    lines = [f"complete -c {name} -f"]
    seen = "__fish_seen_subcommand_from"
    every = " ".join(command.name for command in commands)
    for command in commands:
        lines.append(f"complete -c {name} -n 'not {seen} {every}' -a {command.name} "
                     f"-d {fish_text(command.help)}")
        lines += [fish_option(name, option, names, f"-n '{seen} {command.name}'")
                  for option in command.options]
        for place, offered in enumerate(positions(command), 1):
            if offered:
                words = " ".join(offered) if isinstance(offered, list) else \
                    f"(__cascadectl_names {offered})"
                lines.append(f"complete -c {name} -n '__cascadectl_at {command.name} {place}' "
                             f"-a {fish_text(words)}")
    return lines


def fish(name, options, commands, names):
    lines = [HEAD.format(name=name, shell="fish")]
    if commands:
        every = {option.long: option for option in options}
        for command in commands:
            every.update({option.long: option for option in command.options})
        taking = " ".join(flag for option in every.values() if option.argument
                          for flag in flags([option]))
        lines.append(fish_names(options).replace("TAKING", taking))
        lines += fish_commands(name, commands, names)
    lines += [fish_option(name, option, names) for option in options]
    return "\n".join(lines) + "\n"


WRITERS = {"bash": bash, "zsh": zsh, "fish": fish}
