#pragma once

// Work spread over the threads that libtorch computes with.
//
// libtorch runs on an OpenMP runtime of its own (a libgomp under a name of its own). A second
// runtime would bring a second set of threads that wait for each other on the same cores, so the one
// that is loaded already is looked up and used through its entry points for compilers. Where there is
// none, threads are started for the call.

#include <atomic>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <dlfcn.h>
#include <link.h>
#endif

#if defined(_WIN32)
// Windows' headers define words that are names here.
#undef near
#undef far
#undef NEAR
#undef FAR
#undef INFINITE
#endif

namespace adapt4j {

using Task = void (*)(void* context, int worker);

struct OpenMp {
  using Parallel = void (*)(void (*)(void*), void*, unsigned, unsigned);
  using ThreadNumber = int (*)();
  Parallel parallel = nullptr;
  ThreadNumber threadNumber = nullptr;
};

#if defined(__linux__)
inline int findOpenMp(dl_phdr_info* info, size_t, void* found) {
  const char* name = std::strrchr(info->dlpi_name, '/');
  name = name == nullptr ? info->dlpi_name : name + 1;
  if (std::strncmp(name, "libgomp", 7) != 0 && std::strncmp(name, "libomp", 6) != 0 &&
      std::strncmp(name, "libiomp", 7) != 0) {
    return 0;
  }
  // Not loaded anew: only a handle to what is there. It is kept for the life of the process.
  void* library = dlopen(info->dlpi_name, RTLD_LAZY | RTLD_NOLOAD);
  if (library == nullptr) {
    return 0;
  }
  auto* openMp = static_cast<OpenMp*>(found);
  openMp->parallel = reinterpret_cast<OpenMp::Parallel>(dlsym(library, "GOMP_parallel"));
  openMp->threadNumber =
      reinterpret_cast<OpenMp::ThreadNumber>(dlsym(library, "omp_get_thread_num"));
  return openMp->parallel != nullptr && openMp->threadNumber != nullptr;
}
#endif

inline const OpenMp& openMp() {
  static const OpenMp found = [] {
    OpenMp result;
#if defined(__linux__)
    if (!dl_iterate_phdr(findOpenMp, &result)) {
      result = OpenMp();
    }
#endif
    return result;
  }();
  return found;
}

struct Region {
  Task task;
  void* context;
};

inline void enterRegion(void* data) {
  auto* region = static_cast<Region*>(data);
  region->task(region->context, openMp().threadNumber());
}

// Runs task(context, 0 ... threads - 1), each on a thread of its own; returns when all are done.
inline void onThreads(int threads, Task task, void* context) {
  if (threads <= 1) {
    task(context, 0);
  } else if (openMp().parallel != nullptr) {
    Region region{task, context};
    openMp().parallel(enterRegion, &region, static_cast<unsigned>(threads), 0);
  } else {
    std::vector<std::thread> others;
    for (int worker = 1; worker < threads; worker++) {
      others.emplace_back(task, context, worker);
    }
    task(context, 0);
    for (std::thread& other : others) {
      other.join();
    }
  }
}

// Hands out pieces of [0, count) until there are none, so that a slow thread takes fewer.
class Pieces {
 public:
  Pieces(int64_t count, int64_t size) : count_(count), size_(size) {}

  bool next(int64_t* start, int64_t* end) {
    *start = next_.fetch_add(size_, std::memory_order_relaxed);
    if (*start >= count_) {
      return false;
    }
    *end = *start + size_ < count_ ? *start + size_ : count_;
    return true;
  }

  // As many pieces as keep threads evenly busy, none smaller than a multiple of unit.
  static int64_t sizeFor(int64_t count, int threads, int64_t unit) {
    int64_t size = count / (threads * 16L);
    return size < unit ? unit : (size + unit - 1) / unit * unit;
  }

 private:
  const int64_t count_;
  const int64_t size_;
  std::atomic<int64_t> next_{0};
};

}  // namespace adapt4j
