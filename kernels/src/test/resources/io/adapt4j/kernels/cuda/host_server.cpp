// Runs the kernels on the CPU for a program at the other end of standard input and output.
#include <signal.h>

#include "host_kernels.h"

namespace {

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
  bool backwards = read<int>() != 0;
  std::vector<u64> values(read<u32>());
  read(values.data(), values.size() * sizeof(u64));
  host::arguments.clear();
  for (const u64& value : values) {
    host::arguments.push_back(&value);
  }
  return host::run(name, columns, rows, threads, backwards);
}

void touched(int) {
  fprintf(stderr, "%s touched memory outside its buffers (block %d, %d, thread %d)\n", host::running,
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
        u64 address = host::allocate(read<u64>());
        write(&address, sizeof(address));
        break;
      }
      case 'f':
        host::free_region(read<u64>());
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
