"""What the manual pages of the commands of cascadectl contain beside its --help: how a command works,
examples, and which exit codes it has. generate-docs writes docs/man/cascadectl-COMMAND.1.scd of it."""
import re

import manual

EXIT_CODES = {
    0: "Success.",
    64: "Wrong usage of the command line.",
    65: "The argument cannot be read.",
    66: "There is no such person, post, board, alert, source, webhook or campaign.",
    69: "Redis cannot be reached, or the daemon does not run: the message contains the line to type.",
    71: "The operating system refused a resource.",
    74: "Standard output cannot be written.",
    75: "The daemon cannot answer now; try again.",
    77: "The control socket may not be used by this user.",
    78: "*reload --wait*: the configuration has errors.",
}
ALWAYS = [0, 64, 69, 71, 74]
SERVICE = [*ALWAYS, 75, 77]

# Command: paragraphs, examples, exit codes.
PAGES = {
    "status": ([
        "Asks the running daemon, by its control socket or over HTTP. The first line has its version, how "
        "many posts it has counted, how many a second, and how far it is behind. Then follow Redis, the "
        "sources, how much of each window was seen, and what is missing: a source that is not live or has "
        "a gap, Redis that acknowledges nothing, or windows that are not full yet.",
        "The exit code is 0 while the daemon runs, also if something is missing; the member complete of "
        "the JSON shows that."],
        ["cascadectl status", "cascadectl status --json | jq .complete"], SERVICE),
    "sources": ([
        "One line for each source: its state, how far its newest post is behind the clock, and its newest "
        "gap, a stretch of time of which messages may be missing."],
        ["cascadectl sources", "cascadectl sources x"], [*SERVICE, 66]),
    "top": ([
        "Redraws the terminal until q or Ctrl-C. The last line names the keys: left, right or 1 to 8 choose the "
        "window, shortest first; tab shows the next board alone, a letter that board, o all boards again; a "
        "lists alerts; + and - change the number of rows; the space bar pauses. Where standard output is no terminal, or one that cannot be "
        "redrawn (TERM=dumb), frames are written one after another; with *--once* there is one."],
        ["cascadectl top", "cascadectl top --window 24h --once"], ALWAYS),
    "board": ([
        "Reads one leaderboard from Redis: rank, score, handle and id. Boards of posts show the text. "
        "The names are those of *cascaded-keys*(7); a board holds redis.top members."],
        ["cascadectl board influence 1h", "cascadectl board hashtags 24h --rows 50",
         "cascadectl board carriers --json"], [*ALWAYS, 66]),
    "user": ([
        "Every field of the hash of a person in Redis, and the values of each window as a table. A handle "
        "is looked up in all networks that have one; @net:handle names the network."],
        ["cascadectl user @ann", "cascadectl user x:783214 --json"], [*ALWAYS, 66]),
    "cascade": ([
        "Every field of the hash of a cascade in Redis. With *--tree* or *--dot* the daemon is asked: who "
        "came through whom, the earliest 10 000 posts. A path that no network has shown is marked: the "
        "post is placed below the root."],
        ["cascadectl cascade app:12", "cascadectl cascade app:12 --tree --rows 40",
         "cascadectl cascade app:12 --dot | dot -Tsvg > tree.svg"], [*SERVICE, 66]),
    "carriers": (["The board of carriers with the reason for each: docs/carriers.md defines them."],
                 ["cascadectl carriers --rows 50"], ALWAYS),
    "carrier": (["Every field of the entry of a person in the ledger of carriers, for members of its boards."],
                ["cascadectl carrier @ann"], [*ALWAYS, 66]),
    "campaign": ([
        "The figures of a campaign for each window, and the first rows of its boards. The running daemon adds "
        "the window before each window, the new carriers, and the growth of the last seven days with Rogers' "
        "classes; if it does not answer, a line contains why these are missing."],
                 ["cascadectl campaign", "cascadectl campaign cup --window 24h"], [*ALWAYS, 66]),
    "outreach": ([
        "People who have carried posts of the campaign, with the reason for each. A mark stays when the "
        "person leaves the list, and over restarts."],
        ["cascadectl outreach cup --csv > people.csv", "cascadectl outreach cup done @ann",
         "cascadectl outreach cup undo @ann"], [*ALWAYS, 66]),
    "alerts": ([
        "Reads the stream of alerts in Redis. Each line ends with the id of the alert in brackets, for "
        "*cascadectl-explain*(1). *--follow* prints each new alert within a second."],
        ["cascadectl alerts --rows 5", "cascadectl alerts --follow --rule viral",
         "cascadectl alerts --json --rows 1000 > alerts.ndjson"], ALWAYS),
    "explain": ([
        "Shows the reasons of an alert (the conditions of its rule, with the values when it was raised), "
        "the people in it, how its cascade is now, and which webhooks have not acknowledged it."],
        ["cascadectl explain viral:app:12:1"], [*ALWAYS, 66]),
    "reload": ([
        "Does what SIGHUP does: sources, alert rules, campaigns and webhooks are those of the file from "
        "then on; other options are reported as changed and apply after a restart. A file with an error "
        "changes nothing. With *--wait* each change is printed, or each error as file:line: text."],
        ["cascadectl reload --wait"], [*SERVICE, 78]),
    "config": ([
        "Prints the options that the running daemon uses, one a line. With *--origin* each line ends with "
        "file:line, with \"command line\" or with \"default\". Secrets are in files, whose names are "
        "shown; addresses are shown without user, password and query, those of webhooks also without "
        "their path."],
        ["cascadectl config show --origin", "cascadectl config show --json"], SERVICE),
    "completion": ([
        "Prints the completions for a shell, as the package installs them. They offer the names of boards, "
        "windows, rules, sources, webhooks and campaigns of the running daemon, which the command prints, "
        "too."],
        ["cascadectl completion bash > ~/.local/share/bash-completion/completions/cascadectl",
         "cascadectl completion rules"], SERVICE),
    "webhook": ([
        "Shows each webhook with how many alerts it has acknowledged, how many wait, and how many attempts "
        "have failed. Of its address only the host is shown.",
        "*webhook test* sends an invented alert of the type webhook.test at once, also while the queue "
        "waits, and shows the answer; unless that is 2xx, the exit code is 69. *webhook replay* puts one alert, "
        "or the newest of those that the webhook gets, into its queue once more, with the same id as "
        "before. *cascadectl-alerts*(1) shows the ids."],
        ["cascadectl webhook list", "cascadectl webhook test ops",
         "cascadectl webhook replay ops viral:app:12:1", "cascadectl webhook replay ops --rows 20"],
        [*SERVICE, 66]),
    "purge": ([
        "The running daemon takes back every post, reshare and reply of the person that it remembers, as when "
        "the network reports that the account is gone: cascades of the person end, what others gained by the "
        "person's reshares is subtracted, and what others did stays. Then it removes the person's own counters, "
        "board places, ledger entries, campaign figures, names and texts, deletes the keys in Redis, and writes "
        "two snapshots, so that neither of the two that are kept contains the person. At last the command "
        "deletes alerts that name the person from the stream and from the outboxes of webhooks, and marks of "
        "*cascadectl-outreach*(1). It prints how much of each was removed. If it fails, repeat it.",
        "Not removed: reshares that are older than the memory of events (dedupe.capacity) stay in the sizes of "
        "cascades, without a name; keyed hashes of the ids of remembered posts, so that posts that come twice count "
        "once; the person's handle in texts of other people; snapshots that were set aside "
        "(snapshot.damaged, snapshot.discarded-DATE); files on the disk of Redis until it writes them again; "
        "recordings, logs, people files, and alerts that were delivered. The command cannot prevent a source "
        "from sending posts by or about the person later: they are counted as those of a new person.",
        "The daemon stops counting for a moment, about 50 ms with millions of records. The Redis user of the "
        "command needs HDEL, HGETALL, SCAN, UNLINK, XDEL and XRANGE."],
        ["cascadectl purge --user x:783214", "cascadectl purge --user bsky:did:plc:abc --yes --json"],
        [*SERVICE, 66]),
    "bugreport": ([
        "Writes what a report needs: versions, the system, the state of the daemon, its options, its "
        "metrics, and its last lines of log if they can be read. Secrets are in files and are not read; "
        "addresses are shown without user, password and query. Look at it before you send it: it contains "
        "the names of sources, rules and campaigns."],
        ["cascadectl bugreport > report.txt"], SERVICE),
}


def exit_codes(codes=None):
    return "".join(f"*{code}*\n\t{EXIT_CODES[code]}\n\n"
                   for code in sorted(codes or EXIT_CODES))


def marked(text):
    """Prose in which only *bold* is mark-up."""
    return re.sub(r"([_`\\])", r"\\\1", text)


def page(command):
    """The source of the page of a command (conf/help_text.py)."""
    paragraphs, examples, codes = PAGES[command.name]
    argument = f" _{manual.plain(command.argument)}_" if command.argument else ""
    options = "".join(manual.entry(manual.argument_head(option), manual.sentence(option.help))
                      for option in command.options)
    name = f"cascadectl-{command.name}"
    parts = [f'{name}(1) "cascaded" "General Commands Manual"\n',
             f"; conf/generate-docs writes this file; its prose is in conf/command_pages.py.\n",
             f"# NAME\n\n{name} - {manual.plain(command.help)}\n",
             f"# SYNOPSIS\n\n*cascadectl* [_option_]... *{command.name}*{argument}\n",
             "# DESCRIPTION\n\n" + "\n\n".join(marked(text) for text in paragraphs) + "\n"]
    if options:
        parts.append("# OPTIONS\n\n" + options.rstrip("\n") + "\n\nThe options of *cascadectl*(1) come "
                     "before or after these.\n")
    parts.append("# EXIT STATUS\n\n" + exit_codes(codes).rstrip("\n") + "\n")
    parts.append("# EXAMPLES\n\n```\n" + "\n".join(examples) + "\n```\n")
    parts.append("# SEE ALSO\n\n*cascadectl*(1), *cascaded*(8), *cascaded-keys*(7)\n")
    return "\n".join(parts)
