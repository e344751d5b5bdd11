# Completions of cascadectl for fish; conf/generate-docs writes this file.
function __cascadectl_names
    set -l words (commandline -opc)
    set -l reach
    for at in (seq 2 (math (count $words) - 1))
        if contains -- $words[$at] -r --redis -p --prefix -o --option
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
        else if contains -- $word -r --redis -p --prefix -o --option -w --window -n --rows -e --every --rule --user --control --http
            set skips 1
        else if not string match -q -- '-*' $word
            set place (math $place + 1)
            if test $place = 1; and test $word != $argv[1]
                return 1
            end
        end
    end
    test $place = $argv[2]
end
complete -c cascadectl -f
complete -c cascadectl -n 'not __fish_seen_subcommand_from status sources top board user cascade carriers carrier campaign outreach alerts explain reload config webhook purge bugreport completion' -a status -d 'show whether the daemon runs, its Redis, its sources, and what is incomplete'
complete -c cascadectl -n '__fish_seen_subcommand_from status' -s j -l json -d 'as one JSON object'
complete -c cascadectl -n 'not __fish_seen_subcommand_from status sources top board user cascade carriers carrier campaign outreach alerts explain reload config webhook purge bugreport completion' -a sources -d 'list the sources with their state, lag and newest gap'
complete -c cascadectl -n '__fish_seen_subcommand_from sources' -s j -l json -d 'as one JSON object'
complete -c cascadectl -n '__cascadectl_at sources 1' -a '(__cascadectl_names sources)'
complete -c cascadectl -n 'not __fish_seen_subcommand_from status sources top board user cascade carriers carrier campaign outreach alerts explain reload config webhook purge bugreport completion' -a top -d 'show the leaderboards until q or Ctrl-C; by keys also one board, another window or the alerts'
complete -c cascadectl -n '__fish_seen_subcommand_from top' -s w -l window -x -a '5m 1h 24h' -d 'window to show first, as configured (default 1h)'
complete -c cascadectl -n '__fish_seen_subcommand_from top' -s n -l rows -x -d 'at most N rows per board'
complete -c cascadectl -n '__fish_seen_subcommand_from top' -s e -l every -x -d 'time between two updates (default 1s)'
complete -c cascadectl -n '__fish_seen_subcommand_from top' -s 1 -l once -d 'show them once, then exit'
complete -c cascadectl -n '__fish_seen_subcommand_from top' -s j -l json -d 'once, as one JSON object'
complete -c cascadectl -n 'not __fish_seen_subcommand_from status sources top board user cascade carriers carrier campaign outreach alerts explain reload config webhook purge bugreport completion' -a board -d 'list one leaderboard; carriers, early and carriers_estimated have no window'
complete -c cascadectl -n '__fish_seen_subcommand_from board' -s n -l rows -x -d 'the first N (default 20)'
complete -c cascadectl -n '__fish_seen_subcommand_from board' -s j -l json -d 'as one JSON object'
complete -c cascadectl -n '__cascadectl_at board 1' -a '(__cascadectl_names boards)'
complete -c cascadectl -n '__cascadectl_at board 2' -a '(__cascadectl_names windows)'
complete -c cascadectl -n 'not __fish_seen_subcommand_from status sources top board user cascade carriers carrier campaign outreach alerts explain reload config webhook purge bugreport completion' -a user -d 'show all values of a user'
complete -c cascadectl -n '__fish_seen_subcommand_from user' -s j -l json -d 'as one JSON object'
complete -c cascadectl -n 'not __fish_seen_subcommand_from status sources top board user cascade carriers carrier campaign outreach alerts explain reload config webhook purge bugreport completion' -a cascade -d 'show all values of a post\'s cascade'
complete -c cascadectl -n '__fish_seen_subcommand_from cascade' -l tree -d 'who came through whom, as a tree of lines'
complete -c cascadectl -n '__fish_seen_subcommand_from cascade' -l dot -d 'the same as a graph for dot (Graphviz)'
complete -c cascadectl -n '__fish_seen_subcommand_from cascade' -s n -l rows -x -d 'the first N posts of the tree (default all)'
complete -c cascadectl -n '__fish_seen_subcommand_from cascade' -s j -l json -d 'as one JSON object'
complete -c cascadectl -n 'not __fish_seen_subcommand_from status sources top board user cascade carriers carrier campaign outreach alerts explain reload config webhook purge bugreport completion' -a carriers -d 'list the people through whom most people came'
complete -c cascadectl -n '__fish_seen_subcommand_from carriers' -s n -l rows -x -d 'the first N (default 20)'
complete -c cascadectl -n '__fish_seen_subcommand_from carriers' -s j -l json -d 'as one JSON object'
complete -c cascadectl -n 'not __fish_seen_subcommand_from status sources top board user cascade carriers carrier campaign outreach alerts explain reload config webhook purge bugreport completion' -a carrier -d 'show what is known of one of them'
complete -c cascadectl -n '__fish_seen_subcommand_from carrier' -s j -l json -d 'as one JSON object'
complete -c cascadectl -n 'not __fish_seen_subcommand_from status sources top board user cascade carriers carrier campaign outreach alerts explain reload config webhook purge bugreport completion' -a campaign -d 'show the figures and boards of a campaign, or list all'
complete -c cascadectl -n '__fish_seen_subcommand_from campaign' -s w -l window -x -a '5m 1h 24h' -d 'window of the boards (default 1h)'
complete -c cascadectl -n '__fish_seen_subcommand_from campaign' -s n -l rows -x -d 'at most N rows per board (default 3)'
complete -c cascadectl -n '__fish_seen_subcommand_from campaign' -s j -l json -d 'as one JSON object'
complete -c cascadectl -n '__cascadectl_at campaign 1' -a '(__cascadectl_names campaigns)'
complete -c cascadectl -n 'not __fish_seen_subcommand_from status sources top board user cascade carriers carrier campaign outreach alerts explain reload config webhook purge bugreport completion' -a outreach -d 'list whom to talk to in a campaign, with reasons; or mark a person as talked to (done), or not (undo)'
complete -c cascadectl -n '__fish_seen_subcommand_from outreach' -s n -l rows -x -d 'the first N (default all)'
complete -c cascadectl -n '__fish_seen_subcommand_from outreach' -l csv -d 'as CSV'
complete -c cascadectl -n '__fish_seen_subcommand_from outreach' -s j -l json -d 'as one JSON object'
complete -c cascadectl -n '__cascadectl_at outreach 1' -a '(__cascadectl_names campaigns)'
complete -c cascadectl -n '__cascadectl_at outreach 2' -a 'done undo'
complete -c cascadectl -n 'not __fish_seen_subcommand_from status sources top board user cascade carriers carrier campaign outreach alerts explain reload config webhook purge bugreport completion' -a alerts -d 'list the newest alerts, the newest last'
complete -c cascadectl -n '__fish_seen_subcommand_from alerts' -s f -l follow -d 'then print each new alert until Ctrl-C'
complete -c cascadectl -n '__fish_seen_subcommand_from alerts' -l rule -x -a '(__cascadectl_names rules)' -d 'only those of this rule'
complete -c cascadectl -n '__fish_seen_subcommand_from alerts' -s n -l rows -x -d 'the last N (default 20)'
complete -c cascadectl -n '__fish_seen_subcommand_from alerts' -s j -l json -d 'each as one JSON object per line'
complete -c cascadectl -n 'not __fish_seen_subcommand_from status sources top board user cascade carriers carrier campaign outreach alerts explain reload config webhook purge bugreport completion' -a explain -d 'show why an alert was raised, and what became of it'
complete -c cascadectl -n '__fish_seen_subcommand_from explain' -s j -l json -d 'as one JSON object'
complete -c cascadectl -n 'not __fish_seen_subcommand_from status sources top board user cascade carriers carrier campaign outreach alerts explain reload config webhook purge bugreport completion' -a reload -d 'let the daemon read its configuration again'
complete -c cascadectl -n '__fish_seen_subcommand_from reload' -l wait -d 'and print what changed, or the line of each fault'
complete -c cascadectl -n '__fish_seen_subcommand_from reload' -s j -l json -d 'as one JSON object'
complete -c cascadectl -n 'not __fish_seen_subcommand_from status sources top board user cascade carriers carrier campaign outreach alerts explain reload config webhook purge bugreport completion' -a config -d 'print the options in use'
complete -c cascadectl -n '__fish_seen_subcommand_from config' -l origin -d 'with the file and line, or other origin, of each'
complete -c cascadectl -n '__fish_seen_subcommand_from config' -s j -l json -d 'as one JSON object'
complete -c cascadectl -n '__cascadectl_at config 1' -a 'show'
complete -c cascadectl -n 'not __fish_seen_subcommand_from status sources top board user cascade carriers carrier campaign outreach alerts explain reload config webhook purge bugreport completion' -a webhook -d 'list the webhooks, what was sent to each and what waits; or send a test to one; or send it alerts once more'
complete -c cascadectl -n '__fish_seen_subcommand_from webhook' -s n -l rows -x -d 'replay: the newest N, instead of ALERT (default 1)'
complete -c cascadectl -n '__fish_seen_subcommand_from webhook' -s j -l json -d 'as one JSON object'
complete -c cascadectl -n '__cascadectl_at webhook 1' -a 'list test replay'
complete -c cascadectl -n '__cascadectl_at webhook 2' -a '(__cascadectl_names webhooks)'
complete -c cascadectl -n 'not __fish_seen_subcommand_from status sources top board user cascade carriers carrier campaign outreach alerts explain reload config webhook purge bugreport completion' -a purge -d 'remove a person from memory, Redis and snapshots; posts that a source sends later are counted again'
complete -c cascadectl -n '__fish_seen_subcommand_from purge' -l user -x -d 'id of the person, such as x:783214'
complete -c cascadectl -n '__fish_seen_subcommand_from purge' -l yes -d 'do not ask'
complete -c cascadectl -n '__fish_seen_subcommand_from purge' -s j -l json -d 'as one JSON object'
complete -c cascadectl -n 'not __fish_seen_subcommand_from status sources top board user cascade carriers carrier campaign outreach alerts explain reload config webhook purge bugreport completion' -a bugreport -d 'print what a report of a fault needs, without secrets'
complete -c cascadectl -n '__fish_seen_subcommand_from bugreport' -s j -l json -d 'as one JSON object'
complete -c cascadectl -n 'not __fish_seen_subcommand_from status sources top board user cascade carriers carrier campaign outreach alerts explain reload config webhook purge bugreport completion' -a completion -d 'print the completions for bash, zsh or fish; or the names that they offer: boards, windows, rules, sources, webhooks or campaigns'
complete -c cascadectl -n '__fish_seen_subcommand_from completion' -l control -x -d 'control socket of the daemon (default /run/cascaded/control.sock, or what the daemon has written to Redis)'
complete -c cascadectl -n '__fish_seen_subcommand_from completion' -l http -x -d 'address of its HTTP interface (default http://127.0.0.1:7787, or likewise)'
complete -c cascadectl -n '__cascadectl_at completion 1' -a 'bash zsh fish boards windows rules sources webhooks campaigns'
complete -c cascadectl -s r -l redis -x -d 'unix:/path, redis://host:port/db, sentinel://host:port,host:port/name or cluster://host:port,host:port; rediss://, sentinels:// and clusters:// for TLS (default unix:/run/redis/redis-server.sock)'
complete -c cascadectl -s p -l prefix -x -d 'prefix of the keys (default cascaded:)'
complete -c cascadectl -s o -l option -x -a 'redis.top= redis.users_from= redis.cascades_from= redis.url= redis.prefix= redis.flush= redis.user= redis.password_file= redis.sentinel_user= redis.sentinel_password_file= redis.db= redis.ca_file= redis.cert_file= redis.key_file= redis.connect_timeout= redis.timeout= redis.patience=' -d 'an option of cascaded\'s section redis: redis.user, redis.password_file, redis.sentinel_user, redis.sentinel_password_file, redis.ca_file, redis.cert_file, redis.key_file …'
complete -c cascadectl -s V -l version -d 'print the version'
complete -c cascadectl -s h -l help -d 'print this help'
