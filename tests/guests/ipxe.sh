# SPDX-License-Identifier: MIT
# The iPXE boot CD comes to its banner.
guest fetch ipxe
boot ipxe --cdrom "$packages/ipxe/usr/lib/ipxe/ipxe.iso"
