// Runs the kernels on the CPU for a program at the other end of standard input and output. Every
// buffer lies between pages that nobody may touch, its end at the second: what runs over it, reading
// or writing, ends this process with the kernel's name.
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host_device.h"

#include <map>
#include <utility>

#include "fourbit.cuh"

#include "dequantise.cu"
#include "quantise.cu"

#include "plain.cu"
#undef PRODUCT
#include "tensor.cu"

namespace {

const size_t PAGE = 4096;
const char* running = "no kernel";

struct Region {
  char* start;
  size_t length;
};
std::map<u64, Region> regions;

u64 allocate(u64 bytes) {
  size_t inner = (bytes + PAGE - 1) / PAGE * PAGE;
  char* start = (char*)mmap(nullptr, inner + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(start + PAGE, inner, PROT_READ | PROT_WRITE);
  memset(start + PAGE, 0xA5, inner);
  u64 address = (u64)(start + PAGE + inner - bytes);
  regions[address] = {start, inner + 2 * PAGE};
  return address;
}

void release(u64 address) {
  Region region = regions.at(address);
  munmap(region.start, region.length);
  regions.erase(address);
}

std::vector<u64> arguments;

template <class T>
T argument(u64 raw) {
  T value;
  memcpy(&value, &raw, sizeof(T));
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
    ENTRY(quantise_f32),       ENTRY(quantise_f16),       ENTRY(quantise_bf16),
    ENTRY(dequantise_f32),     ENTRY(dequantise_f16),     ENTRY(dequantise_bf16),
    ENTRY(multiply_few_f32),   ENTRY(multiply_few_f16),   ENTRY(multiply_few_bf16),
    ENTRY(multiply_plain_f32), ENTRY(multiply_plain_f16), ENTRY(multiply_plain_bf16),
    ENTRY(multiply_8_bf16),    ENTRY(multiply_16_bf16),   ENTRY(multiply_32_bf16),
    ENTRY(multiply_128_bf16)};

void read(void* target, size_t bytes) {
  if (bytes > 0 && fread(target, bytes, 1, stdin) != 1) {
    exit(0);
  }
}

template <class T>
T read() {
  T value;
  read(&value, sizeof(T));
  return value;
}

void write(const void* source, size_t bytes) {
  fwrite(source, 1, bytes, stdout);
  fflush(stdout);
}

std::string run() {
  std::string name(read<u32>(), ' ');
  read(&name[0], name.size());
  int columns = read<int>();
  int rows = read<int>();
  int threads = read<int>();
  int backwards = read<int>();
  arguments.resize(read<u32>());
  read(arguments.data(), arguments.size() * sizeof(u64));
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
    host::launch(found->second.body, columns, rows, threads, backwards != 0);
  } catch (const std::exception& e) {
    return name + ": " + e.what();
  }
  running = "no kernel";
  return "";
}

void touched(int) {
  fprintf(stderr, "%s touched memory outside its buffers (block %d, %d, thread %d)\n", running,
          host::block_x, host::block_y, host::current);
  _exit(3);
}

}  // namespace

int main() {
  static char alternate[64 << 10];
  stack_t stack = {};
  stack.ss_sp = alternate;
  stack.ss_size = sizeof(alternate);
  sigaltstack(&stack, nullptr);
  struct sigaction action = {};
  action.sa_handler = touched;
  action.sa_flags = SA_ONSTACK;
  sigaction(SIGSEGV, &action, nullptr);
  sigaction(SIGBUS, &action, nullptr);
  while (true) {
    switch (read<char>()) {
      case 'a': {
        u64 address = allocate(read<u64>());
        write(&address, sizeof(address));
        break;
      }
      case 'f':
        release(read<u64>());
        break;
      case 'u': {
        char* target = (char*)read<u64>();
        read(target, read<u64>());
        break;
      }
      case 'd': {
        const char* source = (const char*)read<u64>();
        write(source, read<u64>());
        break;
      }
      case 'l': {
        std::string problem = run();
        u32 length = (u32)problem.size();
        write(&length, sizeof(length));
        write(problem.data(), length);
        break;
      }
      default:
        return 2;
    }
  }
}
