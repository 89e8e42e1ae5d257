// What the kernels use of a device, in one place: a host shim that defines ADAPT4J_DEVICE first
// replaces all of it. No header is included, so that NVRTC needs none.
#ifndef ADAPT4J_DEVICE
#define ADAPT4J_DEVICE

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define KERNEL(threads) extern "C" __global__ void __launch_bounds__(threads)
#define DEVICE static __device__ __forceinline__
#define SHARED __shared__
#define ALIGNED(bytes) __align__(bytes)
#define RESTRICT __restrict__
#define UNROLL _Pragma("unroll")

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
#define TENSOR_CORES 1
#else
#define TENSOR_CORES 0
#endif

DEVICE int thread_index() { return (int)threadIdx.x; }
DEVICE int block_column() { return (int)blockIdx.x; }
DEVICE int block_row() { return (int)blockIdx.y; }

DEVICE void sync_block() { __syncthreads(); }
DEVICE float shuffle_xor(float value, int mask) { return __shfl_xor_sync(0xFFFFFFFFu, value, mask); }

// Loads through the read-only cache.
template <class T>
DEVICE T load(const T* address) { return __ldg(address); }

// Rounded once each: never contracted to a fused multiply-add.
DEVICE float multiply_once(float a, float b) { return __fmul_rn(a, b); }
DEVICE float add_once(float a, float b) { return __fadd_rn(a, b); }
DEVICE float divide_once(float a, float b) { return __fdiv_rn(a, b); }
DEVICE float fused(float a, float b, float c) { return __fmaf_rn(a, b, c); }

DEVICE u32 bits_of(float value) { return __float_as_uint(value); }
DEVICE float float_of(u32 bits) { return __uint_as_float(bits); }

DEVICE u16 f16_of(float value) {
  u16 bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}

DEVICE float float_of_f16(u16 bits) {
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
  return value;
}

DEVICE u16 bf16_of(float value) {
#if TENSOR_CORES
  u16 bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
#else
  u32 bits = __float_as_uint(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) {
    return 0x7FFF;
  }
  return (u16)((bits + 0x7FFFu + ((bits >> 16) & 1)) >> 16);
#endif
}

// Two bf16 numbers in one word, the first in the low half.
DEVICE u32 bf16_pair(float low, float high) {
#if TENSOR_CORES
  u32 pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
#else
  return (u32)bf16_of(low) | (u32)bf16_of(high) << 16;
#endif
}

#if TENSOR_CORES
// c += a b on a warp: mma.sync.m16n8k16. Of lane 4g + t, a holds rows g and g + 8 at columns
// 2t, 2t + 1 (a[0], a[1]) and 2t + 8, 2t + 9 (a[2], a[3]); b column g at rows 2t, 2t + 1 (b0) and
// 2t + 8, 2t + 9 (b1); c rows g (c[0], c[1]) and g + 8 (c[2], c[3]) at columns 2t, 2t + 1.
DEVICE void multiply_add(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Begins to copy 16 bytes from global to shared memory, or to clear them there.
DEVICE void copy_async(void* shared, const void* global, bool valid) {
  u32 target = (u32)__cvta_generic_to_shared(shared);
  int bytes = valid ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(target), "l"(global), "r"(bytes)
               : "memory");
}

DEVICE void copies_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits for this thread's copies; others see them after sync_block.
DEVICE void copies_wait() { asm volatile("cp.async.wait_group 0;" ::: "memory"); }
#endif

#endif
