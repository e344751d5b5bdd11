#compdef cascadectl
# Completions of cascadectl for zsh; conf/generate-docs writes this file.

local -a options
options=(
    '(-r --redis)'{-r,--redis}'[unix\:/path, redis\://host\:port/db or sentinel\://host\:port,host\:port/name; rediss\:// and sentinels\:// for TLS (default unix\:/run/redis/redis-server.sock)]:URL: '
    '(-p --prefix)'{-p,--prefix}'[prefix of the keys (default cascaded\:)]:PREFIX: '
    '(-o --option)'{-o,--option}'[an option of cascaded’s section redis\: redis.user, redis.password_file, redis.sentinel_user, redis.sentinel_password_file, redis.ca_file, redis.cert_file, redis.key_file …]:KEY=VALUE:{compadd -S "" -- redis.top= redis.users_from= redis.cascades_from= redis.url= redis.prefix= redis.flush= redis.user= redis.password_file= redis.sentinel_user= redis.sentinel_password_file= redis.db= redis.ca_file= redis.cert_file= redis.key_file= redis.connect_timeout= redis.timeout= redis.patience=}'
    '(-V --version)'{-V,--version}'[print the version]'
    '(-h --help)'{-h,--help}'[print this help]'
)
case ${words[(r)(top|user|cascade|carriers|carrier|campaign|outreach)]} in
top)
    options+=(
        '(-w --window)'{-w,--window}'[window to show, as configured (default 1h)]:W:(5m 1h 24h)'
        '(-n --rows)'{-n,--rows}'[at most N rows per board]:N: '
        '(-e --every)'{-e,--every}'[time between two updates (default 1s)]:SPAN: '
        '(-1 --once)'{-1,--once}'[show them once, then exit]'
    )
    ;;
carriers)
    options+=(
        '(-n --rows)'{-n,--rows}'[the first N (default 20)]:N: '
        '(-j --json)'{-j,--json}'[as one JSON object]'
    )
    ;;
campaign)
    options+=(
        '(-w --window)'{-w,--window}'[window of the boards (default 1h)]:W:(5m 1h 24h)'
        '(-n --rows)'{-n,--rows}'[at most N rows per board (default 3)]:N: '
        '(-j --json)'{-j,--json}'[as one JSON object]'
    )
    ;;
outreach)
    options+=(
        '(-n --rows)'{-n,--rows}'[the first N (default all)]:N: '
        '--csv[as CSV]'
        '(-j --json)'{-j,--json}'[as one JSON object]'
        '3:change:(done undo)' '4:id: '
    )
    ;;
esac
_arguments -s -S $options '1:command:((top\:"show the leaderboards until Ctrl-C" user\:"show all values of a user" cascade\:"show all values of a post’s cascade" carriers\:"list the people through whom most people came" carrier\:"show what is known of one of them" campaign\:"show the figures and boards of a campaign, or list all" outreach\:"list whom to talk to in a campaign, with reasons; or mark a person as talked to (done), or not (undo)"))' '2:id: '
