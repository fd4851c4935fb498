
# The names of connections, and scripts before other files.
_dropscript_generated=$(complete -p dropscript 2>/dev/null | sed -n 's/.*-F \([^ ]*\).*/\1/p')
_dropscript_more() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
    # What stands before and behind a `=` are words of their own.
    [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}
    [[ $cur == = ]] && cur=
    if [[ $prev == --connection ]]; then
        COMPREPLY=($(compgen -W "$("$1" connection names 2>/dev/null)" -- "$cur"))
        return
    fi
    if [[ $cur != -* && $prev != -* ]]; then
        case "${COMP_WORDS[1]} ${COMP_WORDS[2]}" in
            "connection show" | "connection edit" | "connection clone" | "connection remove" | \
                "connection default" | "connection login" | "connection logout" | "connection test")
                if ((COMP_CWORD == 3)); then
                    COMPREPLY=($(compgen -W "$("$1" connection names 2>/dev/null)" -- "$cur"))
                    return
                fi
                ;;
            "run "* | "watch "* | "repl "* | "check "* | "test "*)
                compopt -o filenames 2>/dev/null
                COMPREPLY=($(compgen -f -X '!*.rhai' -- "$cur") $(compgen -d -- "$cur"))
                ((${#COMPREPLY[@]})) || COMPREPLY=($(compgen -f -- "$cur"))
                return
                ;;
        esac
    fi
    "$_dropscript_generated" "$@"
}
complete -F _dropscript_more -o nosort -o bashdefault -o default dropscript
