# SPDX-License-Identifier: MIT
# The benchmark's programs give the check sums that they give on the host.
kernels=(integer/{fib,sieve,crc,list,quicksort,bytecode,arith64,strings} {x87,sse}/{matrix,mandelbrot,libm,print}
  system/{getpid,pipe,fork,exec,touch,selfmod})
guest fetch linux-686
kernel=$(echo "$packages/linux-686"/boot/vmlinuz-*)
guest make-bench
programs=$images/bench
"$programs/integer" fib 1 >/dev/null 2>&1 || skip 'this host does not run 32-bit x86 programs'
for one in "${kernels[@]}"; do
  "$programs/${one%/*}" "${one#*/}" 2 | awk '$1 == "#end" { print $2, $3, $5 }'
done >"$work/sums"
export BENCH_SUMS=$work/sums
boot bench --mem 64M --cpu pentium4 --kernel "$kernel" --initrd "$guest" --append 'console=ttyS0,115200 quiet'
