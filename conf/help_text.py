"""The options and commands of a program, read from what its --help prints: the one place where they
are described."""
import dataclasses
import re

OPTION = re.compile(r"^( +)(?:-(\w), )?--([\w-]+)(?: (\S+))?(?:  +(.*))?$")
# An argument begins with no small letter, unlike the text behind it.
COMMAND = re.compile(r"^  ([a-z]\S*)((?: [^\sa-z]\S*)*)(?:$| +(.*)$)")
CONTINUED = re.compile(r"^ {12,}(\S.*)$")
DEEP = 6  # an option so far to the right, behind a command, belongs to it


@dataclasses.dataclass
class Option:
    short: str     # "" if there is none
    long: str
    argument: str  # as --help shows it; "" if it takes none
    help: str


@dataclasses.dataclass
class Command:
    name: str
    argument: str
    help: str
    options: list


def parse(text):
    """The options of the program itself, and its commands with theirs."""
    options, commands, last = [], [], None
    for line in text.splitlines():
        option, command = OPTION.match(line), COMMAND.match(line)
        continued = CONTINUED.match(line)
        if option:
            last = Option(*(part or "" for part in option.groups()[1:]))
            is_of_command = commands and len(option[1]) == DEEP and not is_after_blank
            (commands[-1].options if is_of_command else options).append(last)
        elif command:
            last = Command(command[1], command[2].strip(), command[3] or "", [])
            commands.append(last)
        elif continued and last:
            last.help = (last.help + " " + continued[1]).strip()
        # Behind the commands an empty line follows, then the options of the program.
        is_after_blank = not line.strip() or (bool(option) and not is_of_command)
    return options, commands
