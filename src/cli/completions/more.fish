
# The names of connections, and scripts before other files.
function __dropscript_below
    set -l words (commandline -opc)
    test "$words[2]" = $argv[1]; or return 1
    set -q argv[2]; or return 0
    contains -- "$words[3]" $argv[2..-1]; and test (count $words) -eq 3
end
for command in run eval watch repl
    complete -c dropscript -n "__dropscript_below $command" -l connection -x -a '(dropscript connection names 2>/dev/null)'
end
for command in run watch repl check test
    complete -c dropscript -n "__dropscript_below $command" -k -xa '(__fish_complete_suffix .rhai)'
end
complete -c dropscript -n '__dropscript_below connection show edit clone remove default login logout test' -xa '(dropscript connection names 2>/dev/null)'
