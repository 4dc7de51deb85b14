# shellcheck shell=sh
# For shells that do not come from the editor, as `su - dev` makes them.
if [ -r /run/tidepool/env ]; then
  while IFS= read -r tidepool_line; do
    export "${tidepool_line?}"
  done </run/tidepool/env
  unset tidepool_line
fi
export LANG="${LANG:-C.UTF-8}" TZ="${TZ:-UTC}"
