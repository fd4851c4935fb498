
# The names of connections, and scripts before other files.
functions[_dropscript_generated]=$functions[_dropscript]
_dropscript() {
    local names at=$CURRENT
    local connections='names=(${(f)"$(_call_program names $words[1] connection names 2>/dev/null)"}); compadd -- $names'
    if [[ $words[CURRENT-1] == --connection ]]; then
        eval $connections
        return
    fi
    if [[ $words[CURRENT] == --connection=* ]]; then
        compset -P '*='
        eval $connections
        return
    fi
    if [[ $words[CURRENT] != -* && $words[CURRENT-1] != -* ]]; then
        case "$words[2] $words[3]" in
            "connection "(show|edit|clone|remove|default|login|logout|test))
                if (( CURRENT == 4 )); then
                    eval $connections
                    return
                fi
                ;;
            (run|watch|repl|check|test)\ *)
                _files -g '*.rhai' || _files
                return
                ;;
        esac
    fi
    _dropscript_generated "$@"
}
if [ "$funcstack[1]" != "_dropscript" ]; then
    compdef _dropscript dropscript
fi
