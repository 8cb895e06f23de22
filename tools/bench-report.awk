# SPDX-License-Identifier: MIT
# Table of tools/bench. Files: the chosen kernels ("GROUP KERNEL COUNT"), then the results
# ("PEER GROUP/KERNEL MICROSECONDS TICKS SUM"). Variables: list (the peers in order), clock.

function median(key,    n, i, j, swap, value) {
    n = split(times[key], value, " ")
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && value[j - 1] + 0 > value[j] + 0; j--) {
            swap = value[j]; value[j] = value[j - 1]; value[j - 1] = swap
        }
    return value[int((n + 1) / 2)] + 0
}

function header(    i) {
    printf "\n%-20s %10s %9s", "", peer[1], "Minsn/s"
    for (i = 2; i <= peers; i++)
        printf " %20s", peer[i] " takes x"
    printf "\n"
}

function row(name,    i, own, other) {
    own = median(peer[1] SUBSEP name)
    printf "%-20s %8.3f s", name, own / 1e6
    if (peer[1] ~ /^lathe/ && ticks[peer[1] SUBSEP name] && own)
        printf " %9.1f", ticks[peer[1] SUBSEP name] / own
    else
        printf " %9s", ""
    for (i = 2; i <= peers; i++) {
        other = median(peer[i] SUBSEP name)
        if (!own || !other) { printf " %20s", "-"; continue }
        printf " %8.3f s %9.2f", other / 1e6, other / own
        logs[group, i] += log(other / own); number[group, i]++
        if (group == "boot") continue
        logs["all", i] += log(other / own); number["all", i]++
    }
    if (ticks[peer[1] SUBSEP name] && own) { rates[group] += log(ticks[peer[1] SUBSEP name] / own); rated[group]++ }
    printf "\n"
}

function mean(group, title,    i) {
    printf "%-20s %10s", title, ""
    if (peer[1] ~ /^lathe/ && rated[group]) printf " %9.1f", exp(rates[group] / rated[group]); else printf " %9s", ""
    for (i = 2; i <= peers; i++)
        if (number[group, i]) printf " %20.2f", exp(logs[group, i] / number[group, i]); else printf " %20s", "-"
    printf "\n"
}

BEGIN { peers = split(list, peer, " ") }

FNR == 1 { file++ }
NF == 3 { order[++kernels] = $1 "/" $2; next }
{
    key = $1 SUBSEP $2
    times[key] = times[key] " " $3
    ticks[key] = $4
    if ($2 in sum && sum[$2] != $5) { printf "%s: check sum %s on %s, %s elsewhere\n", $2, $5, $1, sum[$2]; wrong = 1 }
    sum[$2] = $5
}

END {
    printf "%s time, medians; x: times as long as %s\n", clock, peer[1]
    header()
    for (k = 1; k <= kernels; k++) {
        split(order[k], part, "/")
        if (group != "" && group != part[1]) mean(group, "  geometric mean")
        group = part[1]
        row(order[k])
    }
    mean(group, "  geometric mean")
    if (group != "boot") mean("all", "all kernels")
    exit wrong
}
