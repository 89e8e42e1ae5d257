// The kernels by name, and memory for them. Every buffer lies between pages that nobody may touch, its
// end at the second: what runs over it, reading or writing, ends this process.
#ifndef ADAPT4J_HOST_KERNELS
#define ADAPT4J_HOST_KERNELS

#include <sys/mman.h>

#include "host_device.h"

#include <map>
#include <utility>

#include "fourbit.cuh"

#include "dequantize.cu"
#include "quantize.cu"

#include "plain.cu"
#undef PRODUCT
#include "tensor.cu"

namespace host {

const size_t PAGE = 4096;
const char* running = "no kernel";

struct Region {
  char* start;
  size_t length;
};
std::map<u64, Region> regions;

inline u64 allocate(u64 bytes) {
  size_t inner = (bytes + PAGE - 1) / PAGE * PAGE;
  char* start = (char*)mmap(nullptr, inner + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(start + PAGE, inner, PROT_READ | PROT_WRITE);
  memset(start + PAGE, 0xA5, inner);
  u64 address = (u64)(start + PAGE + inner - bytes);
  regions[address] = {start, inner + 2 * PAGE};
  return address;
}

inline void free_region(u64 address) {
  Region region = regions.at(address);
  munmap(region.start, region.length);
  regions.erase(address);
}

std::vector<const void*> arguments;

template <class T>
T argument(const void* address) {
  T value;
  memcpy(&value, address, sizeof(T));
  return value;
}

struct Kernel {
  size_t parameters;
  void (*body)();
};

template <auto function>
struct Caller;

template <class... A, void (*function)(A...)>
struct Caller<function> {
  template <size_t... I>
  static void apply(std::index_sequence<I...>) {
    function(argument<A>(arguments[I])...);
  }
  static void call() { apply(std::index_sequence_for<A...>()); }
  static Kernel kernel() { return {sizeof...(A), call}; }
};

#define ENTRY(name) {#name, Caller<name>::kernel()}
const std::map<std::string, Kernel> KERNELS = {
    ENTRY(quantize_f32),       ENTRY(quantize_f16),       ENTRY(quantize_bf16),
    ENTRY(dequantize_f32),     ENTRY(dequantize_f16),     ENTRY(dequantize_bf16),
    ENTRY(multiply_few_f32),   ENTRY(multiply_few_f16),   ENTRY(multiply_few_bf16),
    ENTRY(multiply_plain_f32), ENTRY(multiply_plain_f16), ENTRY(multiply_plain_bf16),
    ENTRY(multiply_8_bf16),    ENTRY(multiply_16_bf16),   ENTRY(multiply_32_bf16),
    ENTRY(multiply_128_bf16)};

// Runs a kernel on the arguments; returns what went wrong, or nothing.
inline std::string run(const std::string& name, int columns, int rows, int threads, bool backwards) {
  auto found = KERNELS.find(name);
  if (found == KERNELS.end()) {
    return "no kernel of the name " + name;
  }
  if (found->second.parameters != arguments.size()) {
    return name + " takes " + std::to_string(found->second.parameters) + " arguments, not " +
           std::to_string(arguments.size());
  }
  running = found->first.c_str();
  try {
    launch(found->second.body, columns, rows, threads, backwards);
  } catch (const std::exception& e) {
    return name + ": " + e.what();
  }
  running = "no kernel";
  return "";
}

}  // namespace host

#endif
