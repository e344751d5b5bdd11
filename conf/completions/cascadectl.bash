# Completions of cascadectl for bash; conf/generate-docs writes this file.
_cascadectl_names()
{
    local reach=() at
    for ((at = 1; at < COMP_CWORD - 1; at++)); do
        case ${COMP_WORDS[at]} in
        -r | --redis | -p | --prefix | -o | --option) reach+=("${COMP_WORDS[at]}" "${COMP_WORDS[at + 1]}") ;;
        esac
    done
    cascadectl "${reach[@]}" completion "$1" 2>/dev/null
}
_cascadectl()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    case $before in
    -r | --redis)
        mapfile -t COMPREPLY < <(compgen -W '' -- "$word")
        return
        ;;
    -p | --prefix)
        mapfile -t COMPREPLY < <(compgen -W '' -- "$word")
        return
        ;;
    -o | --option)
        compopt -o nospace
        mapfile -t COMPREPLY < <(compgen -W 'redis.top= redis.users_from= redis.cascades_from= redis.url= redis.prefix= redis.flush= redis.user= redis.password_file= redis.sentinel_user= redis.sentinel_password_file= redis.db= redis.ca_file= redis.cert_file= redis.key_file= redis.connect_timeout= redis.timeout= redis.patience=' -- "$word")
        return
        ;;
    -w | --window)
        mapfile -t COMPREPLY < <(compgen -W '5m 1h 24h' -- "$word")
        return
        ;;
    -n | --rows)
        mapfile -t COMPREPLY < <(compgen -W '' -- "$word")
        return
        ;;
    -e | --every)
        mapfile -t COMPREPLY < <(compgen -W '' -- "$word")
        return
        ;;
    --rule)
        mapfile -t COMPREPLY < <(compgen -W "$(_cascadectl_names rules)" -- "$word")
        return
        ;;
    --user)
        mapfile -t COMPREPLY < <(compgen -W '' -- "$word")
        return
        ;;
    --control)
        mapfile -t COMPREPLY < <(compgen -W '' -- "$word")
        return
        ;;
    --http)
        mapfile -t COMPREPLY < <(compgen -W '' -- "$word")
        return
        ;;
    esac
    local offered='-r --redis -p --prefix -o --option -V --version -h --help'
    local command='' place=0 skips='' at
    for at in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        if [[ -n $skips ]]; then
            skips=''
            continue
        fi
        case $at in
        -r | --redis | -p | --prefix | -o | --option | -w | --window | -n | --rows | -e | --every | --rule | --user | --control | --http) skips=1 ;;
        -*) ;;
        *)
            place=$((place + 1))
            [[ $place -gt 1 ]] || command=$at
            ;;
        esac
    done
    case $command in
    '') offered+=' status sources top board user cascade carriers carrier campaign outreach alerts explain reload config webhook purge bugreport completion' ;;
    status) offered+=' -j --json' ;;
    sources) offered+=' -j --json' ;;
    top) offered+=' -w --window -n --rows -e --every -1 --once -j --json' ;;
    board) offered+=' -n --rows -j --json' ;;
    user) offered+=' -j --json' ;;
    cascade) offered+=' --tree --dot -n --rows -j --json' ;;
    carriers) offered+=' -n --rows -j --json' ;;
    carrier) offered+=' -j --json' ;;
    campaign) offered+=' -w --window -n --rows -j --json' ;;
    outreach) offered+=' -n --rows --csv -j --json' ;;
    alerts) offered+=' -f --follow --rule -n --rows -j --json' ;;
    explain) offered+=' -j --json' ;;
    reload) offered+=' --wait -j --json' ;;
    config) offered+=' --origin -j --json' ;;
    webhook) offered+=' -n --rows -j --json' ;;
    purge) offered+=' --user --yes -j --json' ;;
    bugreport) offered+=' -j --json' ;;
    completion) offered+=' --control --http' ;;
    esac
    case $command:$place in
    sources:1) offered+=" $(_cascadectl_names sources)" ;;
    board:1) offered+=" $(_cascadectl_names boards)" ;;
    board:2) offered+=" $(_cascadectl_names windows)" ;;
    campaign:1) offered+=" $(_cascadectl_names campaigns)" ;;
    outreach:1) offered+=" $(_cascadectl_names campaigns)" ;;
    outreach:2) offered+=' done undo' ;;
    config:1) offered+=' show' ;;
    webhook:1) offered+=' list test replay' ;;
    webhook:2) offered+=" $(_cascadectl_names webhooks)" ;;
    completion:1) offered+=' bash zsh fish boards windows rules sources webhooks campaigns' ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$word")
}
complete -F _cascadectl cascadectl
