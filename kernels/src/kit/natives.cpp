// What the kit calls of cuBLAS and of the driver beside org.bytedeco's bindings, which are linked against the
// libraries of CUDA 12 alone. cuBLAS is opened by name, of whichever CUDA is there.
#include <dlfcn.h>
#include <jni.h>

#include <string>

namespace {

const int TRANSPOSED = 1, PLAIN = 0, BF16 = 14, COMPUTE_F32 = 68, DEFAULT_ALGORITHM = -1;

typedef int (*Create)(void**);
typedef int (*Version)(void*, int*);
typedef int (*Gemm)(void*, int, int, int, int, int, const void*, const void*, int, int, const void*, int, int,
                    const void*, void*, int, int, int, int);
typedef int (*CopyOnDevice)(unsigned long long, unsigned long long, size_t);

void* handle = nullptr;
Version version_of = nullptr;
Gemm gemm = nullptr;
CopyOnDevice copy = nullptr;

std::string opened(const char* name) {
  void* library = dlopen(name, RTLD_NOW);
  if (!library) {
    return dlerror();
  }
  auto create = (Create)dlsym(library, "cublasCreate_v2");
  version_of = (Version)dlsym(library, "cublasGetVersion_v2");
  gemm = (Gemm)dlsym(library, "cublasGemmEx");
  if (!create || !version_of || !gemm) {
    return std::string(name) + " lacks a function";
  }
  int status = create(&handle);
  return status == 0 ? "" : "cublasCreate: status " + std::to_string(status);
}

}  // namespace

extern "C" {

// Opens cuBLAS in the current context; the reason if it cannot be used, empty for success.
JNIEXPORT jstring JNICALL Java_io_adapt4j_kernels_internal_KitNatives_openBlas(JNIEnv* env, jclass, jstring name) {
  const char* text = env->GetStringUTFChars(name, nullptr);
  std::string reason = opened(text);
  env->ReleaseStringUTFChars(name, text);
  return env->NewStringUTF(reason.c_str());
}

JNIEXPORT jint JNICALL Java_io_adapt4j_kernels_internal_KitNatives_blasVersion(JNIEnv*, jclass) {
  int found = 0;
  version_of(handle, &found);
  return found;
}

// y [n, outputs] = x [n, inputs] w', w [outputs, inputs], all bf16, sums in fp32. cuBLAS counts by columns.
JNIEXPORT jint JNICALL Java_io_adapt4j_kernels_internal_KitNatives_multiply(
    JNIEnv*, jclass, jlong x, jlong w, jlong y, jint n, jint outputs, jint inputs) {
  const float one = 1, zero = 0;
  return gemm(handle, TRANSPOSED, PLAIN, outputs, n, inputs, &one, (const void*)w, BF16, inputs, (const void*)x,
              BF16, inputs, &zero, (void*)y, BF16, outputs, COMPUTE_F32, DEFAULT_ALGORITHM);
}

JNIEXPORT jint JNICALL Java_io_adapt4j_kernels_internal_KitNatives_copy(JNIEnv*, jclass, jlong target, jlong source,
                                                                        jlong bytes) {
  if (!copy) {
    void* driver = dlopen("libcuda.so.1", RTLD_NOW);
    copy = driver ? (CopyOnDevice)dlsym(driver, "cuMemcpyDtoD_v2") : nullptr;
  }
  return copy ? copy((unsigned long long)target, (unsigned long long)source, (size_t)bytes) : -1;
}

}  // extern "C"
