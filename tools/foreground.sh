#!/usr/bin/env bash
# foreground.sh COMMAND…: run it so that Ctrl-C on a terminal reaches it alone. Make, in the same process group, would
# take the signal too and end with status 130 although the command has ended well.
read -r _ _ _ _ group _ _ foreground _ </proc/self/stat
[ "$group" = "$foreground" ] || exec "$@"
set -m
"$@"
