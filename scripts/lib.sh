# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What several scripts do. Read by ./dev, scripts/package and flatpak/local-runtime.

say() {
  printf '%s\n' "$*" >&2
}

as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi
}

# Usage: copy_source DIRECTORY, from the top of the tree. The files that belong to it, changes included; every copy is new. A tree that
# came without git has no others but builds.
copy_source() {
  local files=(git ls-files -z --cached --others --exclude-standard --deduplicate)
  rm -rf "$1"
  mkdir -p "$1"
  "${files[@]}" >/dev/null 2>&1 || files=(find . -mindepth 1 -maxdepth 1 -not -name 'build*' -not -name '.git' -print0)
  "${files[@]}" | tar --create --exclude=__pycache__ --ignore-failed-read --null --files-from=- | tar --extract --touch --directory="$1"
}

# Usage: debian_sources SUITE  Where this machine gets its Debian packages from, as lines for apt.
debian_sources() {
  local found
  # shellcheck disable=SC2016 # apt's own variables
  found=$(apt-get indextargets --format 'deb $(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' | sort -u)
  printf '%s\n' "${found:-deb http://deb.debian.org/debian $1 main}"
}
