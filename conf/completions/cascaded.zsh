#compdef cascaded
# Completions of cascaded for zsh; conf/generate-docs writes this file.

local -a options
options=(
    '(-c --config)'{-c,--config}'[configuration (default /etc/cascaded/cascaded.conf, if it exists)]:FILE:_files'
    '(-o --option)'{-o,--option}'[override one option, as in -o redis.url=unix\:/run/redis.sock]:KEY=VALUE:{compadd -S "" -- format= log.format= windows= redis.top= dedupe.capacity= dedupe.retweets= users.capacity= users.per_post= cascades.capacity= cascades.engine= cascades.authors= carriers.capacity= carriers.half_life= campaigns.capacity= cascades.text= hashtags.capacity= hashtags.per_post= trees.capacity= memory.windows= memory.texts= memory.posts= alerts.capacity= redis.users_from= redis.cascades_from= redis.url= redis.prefix= redis.flush= redis.user= redis.password_file= redis.sentinel_user= redis.sentinel_password_file= redis.db= redis.ca_file= redis.cert_file= redis.key_file= redis.connect_timeout= redis.timeout= redis.patience= state.dir= state.every= http.listen= http.allow_remote= http.hosts= http.token_file= http.max_body= http.timeout= control.socket= names.lookup= names.url= names.pause= names.refresh= alerts.keep= alerts.stdout= scale.role= scale.backlog= scale.takeover=}'
    '(-t --check)'{-t,--check}'[check the configuration and exit (0, or 78 with the errors)]'
    '--speed[replay speed\: 1 = as recorded, 60 = a minute per second]:N|max:(max)'
    '--stay[keep running after the replay, until a signal]'
    '--deliver[let a replay call webhooks (by default it does not)]'
    '--backtest[print the alerts that the rules would have sent for FILEs]'
    '--per-day[with --backtest\: wanted number of alerts a day (default 10)]:N: '
    '--report[print a report of the campaign of that name for FILEs]:NAME:{_cascadectl_names campaigns}'
    '--html[with --report\: as an HTML file]'
    '--discard-state[rename a snapshot of other options or another version, and count from zero]'
    '--describe[print a table\: options, metrics, keys, formats or alerts]:WHAT:(options metrics keys formats alerts)'
    '--json[with --describe or --report\: as JSON]'
    '(-q --quiet)'{-q,--quiet}'[log errors only]'
    '(-v --verbose)'{-v,--verbose}'[log every refused message, and all counters at the end]'
    '(-V --version)'{-V,--version}'[print the version, and those of the libraries]'
    '(-h --help)'{-h,--help}'[print this help]'
)
_arguments -s -S $options '*:file:_files'
