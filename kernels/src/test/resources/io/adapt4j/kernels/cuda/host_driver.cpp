// What this project calls of CUDA's driver and of NVRTC, with the kernels run on the CPU: stands in for
// libcuda.so.1 and libnvrtc.so.12 below org.bytedeco's bindings. "Compiling" keeps name and options.
#include "host_kernels.h"

typedef int Status;
typedef u64 Address;

namespace {

const Status INVALID_VALUE = 1;
const Status OUT_OF_MEMORY = 2;
const Status NOT_FOUND = 500;
const size_t TOTAL = 1 << 30;
size_t used = 0;
std::map<Address, size_t> sizes;
char context;
int current_context = 0;
std::vector<std::string> modules;
std::string program;
std::string compiled;

}  // namespace

extern "C" {

Status cuInit(unsigned flags) { return flags == 0 ? 0 : INVALID_VALUE; }

Status cuDriverGetVersion(int* version) {
  *version = 12090;
  return 0;
}

Status cuDeviceGetCount(int* count) {
  *count = getenv("HOST_NO_DEVICE") ? 0 : 1;
  return 0;
}

Status cuDeviceGetName(char* name, int length, int) {
  snprintf(name, length, "Host");
  return 0;
}

Status cuDeviceGetAttribute(int* value, int attribute, int) {
  *value = attribute == 75 ? 8 : attribute == 76 ? 6 : -1;
  return 0;
}

Status cuDevicePrimaryCtxRetain(void** found, int) {
  *found = &context;
  return 0;
}

Status cuCtxSetCurrent(void* wanted) {
  current_context = wanted == &context;
  return current_context ? 0 : INVALID_VALUE;
}

Status cuMemGetInfo_v2(size_t* free, size_t* total) {
  *free = TOTAL - used;
  *total = TOTAL;
  return 0;
}

Status cuMemAlloc_v2(Address* address, size_t bytes) {
  if (bytes > TOTAL - used) {
    return OUT_OF_MEMORY;
  }
  *address = host::allocate(bytes);
  sizes[*address] = bytes;
  used += bytes;
  return 0;
}

Status cuMemFree_v2(Address address) {
  used -= sizes.at(address);
  sizes.erase(address);
  host::free_region(address);
  return 0;
}

Status cuMemcpyHtoD_v2(Address target, const void* source, size_t bytes) {
  memcpy((void*)target, source, bytes);
  return 0;
}

Status cuMemcpyDtoH_v2(void* target, Address source, size_t bytes) {
  memcpy(target, (const void*)source, bytes);
  return 0;
}

Status cuMemcpyDtoD_v2(Address target, Address source, size_t bytes) {
  memcpy((void*)target, (const void*)source, bytes);
  return 0;
}

Status cuModuleLoadDataEx(void** module, const void* image, unsigned options, int*, void**) {
  if (options != 0) {
    return INVALID_VALUE;
  }
  modules.push_back((const char*)image);
  *module = (void*)modules.size();
  return 0;
}

// A function is its entry of the table.
Status cuModuleGetFunction(void** function, void* module, const char* name) {
  auto found = host::KERNELS.find(name);
  if (found == host::KERNELS.end() || (size_t)module > modules.size()) {
    return NOT_FOUND;
  }
  *function = (void*)&*found;
  return 0;
}

Status cuLaunchKernel(void* function, unsigned columns, unsigned rows, unsigned depth, unsigned threads,
                      unsigned, unsigned, unsigned shared, void* stream, void** parameters,
                      void** extra) {
  auto* kernel = (const std::pair<const std::string, host::Kernel>*)function;
  if (!current_context || depth != 1 || shared != 0 || stream || extra) {
    return INVALID_VALUE;
  }
  const char* broken = getenv("HOST_BROKEN_KERNEL");
  if (broken && kernel->first == broken) {
    return 0;
  }
  host::arguments.assign(parameters, parameters + kernel->second.parameters);
  std::string problem = host::run(kernel->first, columns, rows, threads, false);
  fputs(problem.c_str(), stderr);
  return problem.empty() ? 0 : INVALID_VALUE;
}

Status cuCtxSynchronize() { return 0; }

Status cuGetErrorName(Status status, const char** name) {
  *name = status == OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_INVALID_VALUE";
  return 0;
}

Status cuGetErrorString(Status status, const char** text) {
  *text = status == OUT_OF_MEMORY ? "out of memory" : "invalid argument";
  return 0;
}

const char* nvrtcGetErrorString(Status status) {
  return status == 6 ? "NVRTC_ERROR_COMPILATION" : "another";
}

Status nvrtcVersion(int* major, int* minor) {
  *major = 12;
  *minor = 9;
  return 0;
}

Status nvrtcGetNumSupportedArchs(int* count) {
  *count = 3;
  return 0;
}

Status nvrtcGetSupportedArchs(int* found) {
  found[0] = 75;
  found[1] = 80;
  found[2] = 86;
  return 0;
}

Status nvrtcCreateProgram(void** handle, const char* source, const char* name, int headers, const char**,
                          const char**) {
  program = source;
  compiled = name;
  *handle = &program;
  return headers == 0 ? 0 : 3;
}

Status nvrtcCompileProgram(void*, int count, const char** options) {
  for (int i = 0; i < count; i++) {
    compiled += std::string(" ") + options[i];
  }
  return program.find("no such program") == std::string::npos ? 0 : 6;
}

Status nvrtcGetCUBINSize(void*, size_t* size) {
  *size = compiled.size() + 1;
  return 0;
}

Status nvrtcGetCUBIN(void*, char* image) {
  memcpy(image, compiled.c_str(), compiled.size() + 1);
  return 0;
}

Status nvrtcGetPTXSize(void* handle, size_t* size) { return nvrtcGetCUBINSize(handle, size); }

Status nvrtcGetPTX(void* handle, char* image) { return nvrtcGetCUBIN(handle, image); }

Status nvrtcGetProgramLogSize(void*, size_t* size) {
  *size = sizeof("line 1: no such thing");
  return 0;
}

Status nvrtcGetProgramLog(void*, char* log) {
  strcpy(log, "line 1: no such thing");
  return 0;
}

Status nvrtcDestroyProgram(void** handle) {
  *handle = nullptr;
  return 0;
}

}  // extern "C"
