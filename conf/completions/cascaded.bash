# Completions of cascaded for bash; conf/generate-docs writes this file.
_cascaded()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    case $before in
    -c | --config)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    -o | --option)
        compopt -o nospace
        mapfile -t COMPREPLY < <(compgen -W 'format= log.format= windows= redis.top= dedupe.capacity= dedupe.retweets= users.capacity= users.per_post= cascades.capacity= cascades.engine= cascades.authors= carriers.capacity= carriers.half_life= campaigns.capacity= cascades.text= hashtags.capacity= hashtags.per_post= trees.capacity= memory.windows= memory.texts= memory.posts= alerts.capacity= redis.users_from= redis.cascades_from= redis.url= redis.prefix= redis.flush= redis.user= redis.password_file= redis.sentinel_user= redis.sentinel_password_file= redis.db= redis.ca_file= redis.cert_file= redis.key_file= redis.connect_timeout= redis.timeout= redis.patience= state.dir= state.every= http.listen= http.allow_remote= http.hosts= http.token_file= http.max_body= http.timeout= control.socket= names.lookup= names.url= names.pause= names.refresh= alerts.keep= alerts.stdout= scale.role= scale.backlog= scale.takeover=' -- "$word")
        return
        ;;
    --speed)
        mapfile -t COMPREPLY < <(compgen -W 'max' -- "$word")
        return
        ;;
    --per-day)
        mapfile -t COMPREPLY < <(compgen -W '' -- "$word")
        return
        ;;
    --report)
        mapfile -t COMPREPLY < <(compgen -W "$(_cascadectl_names campaigns)" -- "$word")
        return
        ;;
    --describe)
        mapfile -t COMPREPLY < <(compgen -W 'options metrics keys formats alerts' -- "$word")
        return
        ;;
    esac
    local offered='-c --config -o --option -t --check --speed --stay --deliver --backtest --per-day --report --html --discard-state --describe --json -q --quiet -v --verbose -V --version -h --help'
    case $word in
    -*) mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$word") ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    esac
}
complete -o filenames -F _cascaded cascaded
