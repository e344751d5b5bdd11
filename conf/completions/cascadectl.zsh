#compdef cascadectl
# Completions of cascadectl for zsh; conf/generate-docs writes this file.

_cascadectl_names() {
    local -a reach
    local at
    for ((at = 2; at < CURRENT - 1; at++)); do
        case ${words[at]} in
        -r|--redis|-p|--prefix|-o|--option) reach+=(${words[at]} ${words[at + 1]}) ;;
        esac
    done
    compadd -- ${(f)"$(cascadectl $reach completion $1 2>/dev/null)"}
}

local -a options
options=(
    '(-r --redis)'{-r,--redis}'[unix\:/path, redis\://host\:port/db, sentinel\://host\:port,host\:port/name or cluster\://host\:port,host\:port; rediss\://, sentinels\:// and clusters\:// for TLS (default unix\:/run/redis/redis-server.sock)]:URL: '
    '(-p --prefix)'{-p,--prefix}'[prefix of the keys (default cascaded\:)]:PREFIX: '
    '(-o --option)'{-o,--option}'[an option of cascaded’s section redis\: redis.user, redis.password_file, redis.sentinel_user, redis.sentinel_password_file, redis.ca_file, redis.cert_file, redis.key_file …]:KEY=VALUE:{compadd -S "" -- redis.top= redis.users_from= redis.cascades_from= redis.url= redis.prefix= redis.flush= redis.user= redis.password_file= redis.sentinel_user= redis.sentinel_password_file= redis.db= redis.ca_file= redis.cert_file= redis.key_file= redis.connect_timeout= redis.timeout= redis.patience=}'
    '(-V --version)'{-V,--version}'[print the version]'
    '(-h --help)'{-h,--help}'[print this help]'
)
case ${words[(r)(status|sources|top|board|user|cascade|carriers|carrier|campaign|outreach|alerts|explain|reload|config|webhook|purge|bugreport|completion)]} in
status)
    options+=(
        '(-j --json)'{-j,--json}'[as one JSON object]'
    )
    ;;
sources)
    options+=(
        '(-j --json)'{-j,--json}'[as one JSON object]'
        '2:argument:{_cascadectl_names sources}'
    )
    ;;
top)
    options+=(
        '(-w --window)'{-w,--window}'[window to show first, as configured (default 1h)]:W:(5m 1h 24h)'
        '(-n --rows)'{-n,--rows}'[at most N rows per board]:N: '
        '(-e --every)'{-e,--every}'[time between two updates (default 1s)]:SPAN: '
        '(-1 --once)'{-1,--once}'[show them once, then exit]'
        '(-j --json)'{-j,--json}'[once, as one JSON object]'
    )
    ;;
board)
    options+=(
        '(-n --rows)'{-n,--rows}'[the first N (default 20)]:N: '
        '(-j --json)'{-j,--json}'[as one JSON object]'
        '2:argument:{_cascadectl_names boards}'
        '3:argument:{_cascadectl_names windows}'
    )
    ;;
user)
    options+=(
        '(-j --json)'{-j,--json}'[as one JSON object]'
        '2:argument: '
    )
    ;;
cascade)
    options+=(
        '--tree[who came through whom, as a tree of lines]'
        '--dot[the same as a graph for dot (Graphviz)]'
        '(-n --rows)'{-n,--rows}'[the first N posts of the tree (default all)]:N: '
        '(-j --json)'{-j,--json}'[as one JSON object]'
        '2:argument: '
    )
    ;;
carriers)
    options+=(
        '(-n --rows)'{-n,--rows}'[the first N (default 20)]:N: '
        '(-j --json)'{-j,--json}'[as one JSON object]'
    )
    ;;
carrier)
    options+=(
        '(-j --json)'{-j,--json}'[as one JSON object]'
        '2:argument: '
    )
    ;;
campaign)
    options+=(
        '(-w --window)'{-w,--window}'[window of the boards (default 1h)]:W:(5m 1h 24h)'
        '(-n --rows)'{-n,--rows}'[at most N rows per board (default 3)]:N: '
        '(-j --json)'{-j,--json}'[as one JSON object]'
        '2:argument:{_cascadectl_names campaigns}'
    )
    ;;
outreach)
    options+=(
        '(-n --rows)'{-n,--rows}'[the first N (default all)]:N: '
        '--csv[as CSV]'
        '(-j --json)'{-j,--json}'[as one JSON object]'
        '2:argument:{_cascadectl_names campaigns}'
        '3:argument:(done undo)'
        '4:argument: '
    )
    ;;
alerts)
    options+=(
        '(-f --follow)'{-f,--follow}'[then print each new alert until Ctrl-C]'
        '--rule[only those of this rule]:RULE:{_cascadectl_names rules}'
        '(-n --rows)'{-n,--rows}'[the last N (default 20)]:N: '
        '(-j --json)'{-j,--json}'[each as one JSON object per line]'
    )
    ;;
explain)
    options+=(
        '(-j --json)'{-j,--json}'[as one JSON object]'
        '2:argument: '
    )
    ;;
reload)
    options+=(
        '--wait[and print what changed, or the line of each fault]'
        '(-j --json)'{-j,--json}'[as one JSON object]'
    )
    ;;
config)
    options+=(
        '--origin[with the file and line, or other origin, of each]'
        '(-j --json)'{-j,--json}'[as one JSON object]'
        '2:argument:(show)'
    )
    ;;
webhook)
    options+=(
        '(-n --rows)'{-n,--rows}'[replay\: the newest N, instead of ALERT (default 1)]:N: '
        '(-j --json)'{-j,--json}'[as one JSON object]'
        '2:argument:(list test replay)'
        '3:argument:{_cascadectl_names webhooks}'
        '4:argument: '
    )
    ;;
purge)
    options+=(
        '--user[id of the person, such as x\:783214]:ID: '
        '--yes[do not ask]'
        '(-j --json)'{-j,--json}'[as one JSON object]'
    )
    ;;
bugreport)
    options+=(
        '(-j --json)'{-j,--json}'[as one JSON object]'
    )
    ;;
completion)
    options+=(
        '--control[control socket of the daemon (default /run/cascaded/control.sock, or what the daemon has written to Redis)]:PATH: '
        '--http[address of its HTTP interface (default http\://127.0.0.1\:7787, or likewise)]:URL: '
        '2:argument:(bash zsh fish boards windows rules sources webhooks campaigns)'
    )
    ;;
esac
_arguments -s -S $options '1:command:((status\:"show whether the daemon runs, its Redis, its sources, and what is incomplete" sources\:"list the sources with their state, lag and newest gap" top\:"show the leaderboards until q or Ctrl-C; by keys also one board, another window or the alerts" board\:"list one leaderboard; carriers, early and carriers_estimated have no window" user\:"show all values of a user" cascade\:"show all values of a post’s cascade" carriers\:"list the people through whom most people came" carrier\:"show what is known of one of them" campaign\:"show the figures and boards of a campaign, or list all" outreach\:"list whom to talk to in a campaign, with reasons; or mark a person as talked to (done), or not (undo)" alerts\:"list the newest alerts, the newest last" explain\:"show why an alert was raised, and what became of it" reload\:"let the daemon read its configuration again" config\:"print the options in use" webhook\:"list the webhooks, what was sent to each and what waits; or send a test to one; or send it alerts once more" purge\:"remove a person from memory, Redis and snapshots; posts that a source sends later are counted again" bugreport\:"print what a report of a fault needs, without secrets" completion\:"print the completions for bash, zsh or fish; or the names that they offer\: boards, windows, rules, sources, webhooks or campaigns"))'
