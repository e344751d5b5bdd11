# Completions of cascadectl for bash; conf/generate-docs writes this file.
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
    esac
    local offered='-r --redis -p --prefix -o --option -V --version -h --help'
    local command= at
    for at in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $at in
        top | user | cascade | carriers | carrier | campaign | outreach) command=$at ;;
        esac
    done
    case $command in
    '') offered+=' top user cascade carriers carrier campaign outreach' ;;
    top) offered+=' -w --window -n --rows -e --every -1 --once' ;;
    carriers) offered+=' -n --rows -j --json' ;;
    campaign) offered+=' -w --window -n --rows -j --json' ;;
    outreach) offered+=' -n --rows --csv -j --json done undo' ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$word")
}
complete -F _cascadectl cascadectl
