# SPDX-License-Identifier: MIT
# The benchmark's programs give the check sums that they give on the host.
# argument: which set of them (kernels, applications)
set=$1
case $set in
  kernels)
    programs=(integer/{fib,sieve,crc,list,quicksort,bytecode,arith64,strings} embedded/{lists,matrices,states,mixed}
      {x87,sse}/{matrix,mandelbrot,libm,print} system/{getpid,pipe,fork,exec,touch,selfmod})
    memory=64M
    ;;
  applications)
    programs=(applications/{gzip,gunzip,bzip2,bunzip2,sha256,aes,rsa,lua,sqlite,cc1})
    memory=256M
    ;;
esac
guest fetch linux-686
kernel=$(echo "$packages/linux-686"/boot/vmlinuz-*)
guest make-bench "$set"
on_host() { (cd "$images/bench-$set" && "bench/${1%/*}" "${1#*/}" 2 2>/dev/null); }
on_host "${programs[0]}" >/dev/null || skip 'this host does not run 32-bit x86 programs'
for one in "${programs[@]}"; do
  on_host "$one" | awk '$1 == "#end" { print $2, $3, $5 }'
done >"$work/sums"
[ "$(wc -l <"$work/sums")" = ${#programs[@]} ] || die 'a program failed on the host'
export BENCH_SUMS=$work/sums
boot bench --mem "$memory" --cpu pentium4 --kernel "$kernel" --initrd "$guest" --append 'console=ttyS0,115200 quiet'
