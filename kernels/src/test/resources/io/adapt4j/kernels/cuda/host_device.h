// A device on the CPU, in place of device.cuh: the threads of a block are fibres that run one at a
// time and meet at barriers; warp operations exchange their operands through slots. Included before
// the kernels, whose own header it switches off.
#ifndef ADAPT4J_DEVICE
#define ADAPT4J_DEVICE

#include <setjmp.h>
#include <stdio.h>
#include <ucontext.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define KERNEL(threads) static void
#define DEVICE static inline
#define SHARED static // one block runs at a time
#define ALIGNED(bytes) __attribute__((aligned(bytes)))
#define RESTRICT __restrict__
#define UNROLL
#define TENSOR_CORES 1

struct alignas(8) uint2 {
  u32 x, y;
};
struct alignas(16) uint4 {
  u32 x, y, z, w;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
static inline uint4 make_uint4(u32 x, u32 y, u32 z, u32 w) { return {x, y, z, w}; }
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

static inline u32 bits_of(float value) {
  u32 bits;
  memcpy(&bits, &value, 4);
  return bits;
}

static inline float float_of(u32 bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

namespace host {

enum class Waits { NOTHING, WARP, BLOCK };

struct Copy {
  void* target;
  const void* source;
  bool valid;
};

struct Fibre {
  ucontext_t start;
  jmp_buf stopped; // switching by longjmp spares the system calls of swapcontext
  bool fresh;
  bool done;
  Waits waits;
  std::vector<Copy> issued;
  std::vector<Copy> committed;
};

// What a lane brings to an operation of its warp, and gets from it.
struct Slot {
  char operation;
  int mask;
  float value;
  u32 a[4];
  u32 b[2];
  float c[4];
};

const size_t STACK = 128 << 10;
std::vector<Fibre> fibres;
std::vector<Slot> slots;
std::vector<char> stacks;
jmp_buf scheduler;
int current;
int block_x, block_y;
void (*body)();

inline void fail(const char* message) {
  fprintf(stderr, "%s (block %d, %d, thread %d)\n", message, block_x, block_y, current);
  _exit(4);
}

inline void wait(Waits what) {
  fibres[current].waits = what;
  if (_setjmp(fibres[current].stopped) == 0) {
    _longjmp(scheduler, 1);
  }
}

inline Slot& together(const Slot& slot) {
  slots[current] = slot;
  wait(Waits::WARP);
  return slots[current];
}

inline void entry() {
  body();
  fibres[current].done = true;
  _longjmp(scheduler, 1);
}

__attribute__((noinline)) void resume(int i) {
  current = i;
  if (_setjmp(scheduler) == 0) {
    if (fibres[i].fresh) {
      fibres[i].fresh = false;
      setcontext(&fibres[i].start);
    }
    _longjmp(fibres[i].stopped, 1);
  }
}

inline void shuffle(Slot* warp) {
  float values[32];
  for (int lane = 0; lane < 32; lane++) {
    values[lane] = warp[lane ^ warp[lane].mask].value;
  }
  for (int lane = 0; lane < 32; lane++) {
    warp[lane].value = values[lane];
  }
}

inline float half_of(u32 pair, int i) { return float_of(i == 0 ? pair << 16 : pair & 0xFFFF0000u); }

// PTX ISA, "Matrix Fragments for mma.m16n8k16 with floating point type". Of lane 4 group + quarter,
// the halves of a[i] are at row group (+ 8 for i = 1, 3), column 2 quarter + half (+ 8 for i = 2, 3);
// those of b[i] at row 2 quarter + half + 8 i, column group; c[i] is at row group (+ 8 for i = 2, 3),
// column 2 quarter + (1 for i = 1, 3).
inline void multiply(Slot* warp) {
  double left[16][16];
  double right[16][8];
  for (int lane = 0; lane < 32; lane++) {
    int group = lane / 4;
    int quarter = lane % 4;
    for (int half = 0; half < 2; half++) {
      for (int i = 0; i < 4; i++) {
        left[group + i % 2 * 8][2 * quarter + half + i / 2 * 8] = half_of(warp[lane].a[i], half);
      }
      for (int i = 0; i < 2; i++) {
        right[2 * quarter + half + 8 * i][group] = half_of(warp[lane].b[i], half);
      }
    }
  }
  for (int lane = 0; lane < 32; lane++) {
    for (int i = 0; i < 4; i++) {
      double sum = warp[lane].c[i];
      for (int k = 0; k < 16; k++) {
        sum += left[lane / 4 + i / 2 * 8][k] * right[k][2 * (lane % 4) + i % 2];
      }
      warp[lane].c[i] = (float)sum;
    }
  }
}

inline void complete(Slot* warp) {
  for (int lane = 1; lane < 32; lane++) {
    if (warp[lane].operation != warp[0].operation) {
      fail("lanes of a warp meet in different operations");
    }
  }
  if (warp[0].operation == 's') {
    shuffle(warp);
  } else {
    multiply(warp);
  }
}

// Lets those go on whose partners have all arrived; returns how many.
inline int release(int threads) {
  int released = 0;
  int live = 0;
  int at_block = 0;
  for (int i = 0; i < threads; i++) {
    live += !fibres[i].done;
    at_block += !fibres[i].done && fibres[i].waits == Waits::BLOCK;
  }
  for (int warp = 0; warp < threads; warp += 32) {
    int arrived = 0;
    for (int i = warp; i < warp + 32; i++) {
      arrived += !fibres[i].done && fibres[i].waits == Waits::WARP;
    }
    if (arrived == 32) {
      complete(&slots[warp]);
      for (int i = warp; i < warp + 32; i++) {
        fibres[i].waits = Waits::NOTHING;
      }
      released += 32;
    }
  }
  for (int i = 0; live > 0 && at_block == live && i < threads; i++, released++) {
    fibres[i].waits = Waits::NOTHING;
  }
  return live == 0 ? 1 : released;
}

inline void run_block(int threads, bool backwards) {
  for (int i = 0; i < threads; i++) {
    Fibre& fibre = fibres[i];
    fibre.fresh = true;
    fibre.done = false;
    fibre.waits = Waits::NOTHING;
    fibre.issued.clear();
    fibre.committed.clear();
    getcontext(&fibre.start);
    fibre.start.uc_stack.ss_sp = &stacks[i * STACK];
    fibre.start.uc_stack.ss_size = STACK;
    fibre.start.uc_link = nullptr;
    makecontext(&fibre.start, entry, 0);
  }
  for (bool running = true; running;) {
    running = false;
    for (int n = 0; n < threads; n++) {
      int i = backwards ? threads - 1 - n : n;
      if (!fibres[i].done && fibres[i].waits == Waits::NOTHING) {
        resume(i);
      }
      running |= !fibres[i].done;
    }
    if (release(threads) == 0) {
      throw std::runtime_error("threads wait at barriers that the others never reach");
    }
  }
}

inline void launch(void (*kernel)(), int columns, int rows, int threads, bool backwards) {
  if (threads % 32 != 0) {
    throw std::runtime_error("a block of " + std::to_string(threads) + " threads is no whole warps");
  }
  fibres.resize(threads);
  slots.resize(threads);
  stacks.resize(threads * STACK);
  body = kernel;
  for (block_y = 0; block_y < rows; block_y++) {
    for (block_x = 0; block_x < columns; block_x++) {
      run_block(threads, backwards);
    }
  }
}

}  // namespace host

DEVICE int thread_index() { return host::current; }
DEVICE int block_column() { return host::block_x; }
DEVICE int block_row() { return host::block_y; }
DEVICE void sync_block() { host::wait(host::Waits::BLOCK); }

DEVICE float shuffle_xor(float value, int mask) {
  return host::together({'s', mask, value, {}, {}, {}}).value;
}

template <class T>
DEVICE T load(const T* address) {
  if ((u64)address % sizeof(T) != 0) {
    host::fail("a load from an address that is not aligned to its size");
  }
  return *address;
}

DEVICE float multiply_once(float a, float b) { return a * b; }
DEVICE float add_once(float a, float b) { return a + b; }
DEVICE float divide_once(float a, float b) { return a / b; }
DEVICE float fused(float a, float b, float c) { return std::fma(a, b, c); }

// To nearest, ties to even; the last kept bit of a number below 2^-14 is worth 2^-24.
DEVICE u16 f16_of(float value) {
  u16 sign = (u16)(bits_of(value) >> 16 & 0x8000);
  float size = std::fabs(value);
  if (std::isnan(value)) {
    return (u16)(sign | 0x7E00);
  }
  if (size >= 65520.0f) {
    return (u16)(sign | 0x7C00);
  }
  if (size == 0) {
    return sign;
  }
  int exponent;
  std::frexp(size, &exponent);
  int shift = exponent < -13 ? 24 : 11 - exponent;
  long whole = std::lrint(std::ldexp((double)size, shift));
  if (exponent < -13) {
    return (u16)(sign | whole);
  }
  return (u16)(sign | (((exponent + 13) << 10) + whole));
}

DEVICE float float_of_f16(u16 bits) {
  int exponent = bits >> 10 & 31;
  int digits = bits & 1023;
  float size = exponent == 0    ? std::ldexp((float)digits, -24)
               : exponent == 31 ? (digits ? NAN : INFINITY)
                                : std::ldexp((float)(digits | 1024), exponent - 25);
  return bits & 0x8000 ? -size : size;
}

DEVICE u16 bf16_of(float value) {
  u32 bits = bits_of(value);
  return std::isnan(value) ? 0x7FFF : (u16)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

DEVICE u32 bf16_pair(float low, float high) { return bf16_of(low) | (u32)bf16_of(high) << 16; }

DEVICE void multiply_add(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1) {
  const host::Slot& slot = host::together(
      {'m', 0, 0, {a[0], a[1], a[2], a[3]}, {b0, b1}, {c[0], c[1], c[2], c[3]}});
  for (int i = 0; i < 4; i++) {
    c[i] = slot.c[i];
  }
}

// Until waited for, a copy's target holds NaN: the worst that a device may show.
DEVICE void copy_async(void* shared, const void* global, bool valid) {
  if ((u64)shared % 16 != 0 || (u64)global % 16 != 0) {
    host::fail("an asynchronous copy between addresses that are not aligned to 16 bytes");
  }
  memset(shared, 0xFF, 16);
  host::fibres[host::current].issued.push_back({shared, global, valid});
}

DEVICE void copies_commit() {
  host::Fibre& fibre = host::fibres[host::current];
  fibre.committed.insert(fibre.committed.end(), fibre.issued.begin(), fibre.issued.end());
  fibre.issued.clear();
}

DEVICE void copies_wait() {
  host::Fibre& fibre = host::fibres[host::current];
  for (const host::Copy& copy : fibre.committed) {
    if (copy.valid) {
      memcpy(copy.target, copy.source, 16);
    } else {
      memset(copy.target, 0, 16);
    }
  }
  fibre.committed.clear();
}

#endif
