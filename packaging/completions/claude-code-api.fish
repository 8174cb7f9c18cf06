# fish completion for claude-code-api and ccapi.
for program in claude-code-api ccapi
    complete -c $program -f
    complete -c $program -s h -l help -d "Print a summary of the options, then exit"
    complete -c $program -s c -l config -rF -d "Read this configuration file as well"
    complete -c $program -l host -x -a "127.0.0.1 localhost ::1" -d "Address to listen on"
    complete -c $program -s p -l port -x -d "Port to listen on; 0 takes any free one"
    complete -c $program -l claude -rF -d "The Claude Code CLI: name in PATH, or path"
    complete -c $program -l demo -d "Answer with the bundled simulator"
    complete -c $program -l log-level -x -a "trace debug info warning error off" -d "Least severe lines that are logged"
    complete -c $program -l check-config -d "Check the configuration, then exit"
    complete -c $program -l print-config -d "Print every key and where it came from, then exit"
    complete -c $program -l new-key -x -d "Print a new API key and the table that makes it known, then exit"
    complete -c $program -l check-store -d "Check the file of conversations, then exit"
    complete -c $program -l export -d "Write all conversations as lines of JSON, then exit"
    complete -c $program -l import -d "Add such lines to the file of conversations, then exit"
    complete -c $program -s V -l version -d "Print the version, then exit"
end
