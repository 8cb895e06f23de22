# SPDX-License-Identifier: MIT
# Which Debian the guests come from, and from where. Source it.

release=bookworm # the last Debian with i386 kernels
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The host's own Debian sources of our release, one "[signed-by] URI SUITE main" a line; Debian's address where it has none.
debian_sources() {
  local found
  found=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
    awk -v release="$release" '$3 == "main" && $2 ~ "^" release "(-|$)" { print $1, $2 }' | sort -u)
  [ -n "$found" ] || found="http://deb.debian.org/debian $release"
  sed "s|^|[signed-by=$keyring] |; s|\$| main|" <<<"$found"
}

# The address of the main archive, for debootstrap.
debian_mirror() { debian_sources | awk -v release="$release" '$3 == release { print $2; exit }'; }
