package io.adapt4j.kernels.internal.cuda;

import static org.bytedeco.cuda.global.cudart.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR;
import static org.bytedeco.cuda.global.cudart.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR;

import io.adapt4j.core.internal.NativeCache;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.bytedeco.cuda.cudart.CUctx_st;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * The driver API through org.bytedeco. Creating an instance loads the native libraries, or throws a
 * linkage error.
 */
final class BytedecoDriver implements Driver {

  private static final int NAME = 256;

  BytedecoDriver() {
    NativeCache.prepareJavaCpp();
    Loader.load(cudart.class);
  }

  @Override
  public int init() {
    return cudart.cuInit(0);
  }

  @Override
  public int driverVersion(int[] version) {
    return cudart.cuDriverGetVersion(version);
  }

  @Override
  public int deviceCount(int[] count) {
    return cudart.cuDeviceGetCount(count);
  }

  @Override
  public int deviceName(int device, String[] name) {
    byte[] bytes = new byte[NAME];
    int status = cudart.cuDeviceGetName(bytes, NAME, device);
    name[0] = new String(bytes, StandardCharsets.UTF_8).replaceAll("\0.*", "");
    return status;
  }

  @Override
  public int capability(int device, int[] majorAndMinor) {
    int[] found = new int[1];
    int status =
        cudart.cuDeviceGetAttribute(found, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device);
    majorAndMinor[0] = found[0];
    if (status == 0) {
      status =
          cudart.cuDeviceGetAttribute(found, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device);
      majorAndMinor[1] = found[0];
    }
    return status;
  }

  @Override
  public int retainPrimaryContext(int device, long[] context) {
    try (CUctx_st found = new CUctx_st()) {
      int status = cudart.cuDevicePrimaryCtxRetain(found, device);
      context[0] = found.address();
      return status;
    }
  }

  @Override
  public int setCurrent(long context) {
    return cudart.cuCtxSetCurrent(new CUctx_st(at(context)));
  }

  @Override
  public int memory(long[] freeAndTotal) {
    try (SizeTPointer free = new SizeTPointer(1);
        SizeTPointer total = new SizeTPointer(1)) {
      int status = cudart.cuMemGetInfo(free, total);
      freeAndTotal[0] = free.get();
      freeAndTotal[1] = total.get();
      return status;
    }
  }

  @Override
  public int allocate(long[] address, long bytes) {
    return cudart.cuMemAlloc(address, bytes);
  }

  @Override
  public int free(long address) {
    return cudart.cuMemFree(address);
  }

  @Override
  public int upload(long target, ByteBuffer source) {
    return cudart.cuMemcpyHtoD(target, new Pointer(source), source.remaining());
  }

  @Override
  public int download(ByteBuffer target, long source) {
    return cudart.cuMemcpyDtoH(new Pointer(target), source, target.remaining());
  }

  @Override
  public int loadModule(long[] module, byte[] image) {
    try (CUmod_st found = new CUmod_st();
        BytePointer bytes = new BytePointer(image)) {
      int status =
          cudart.cuModuleLoadDataEx(found, bytes, 0, (IntPointer) null, (PointerPointer<?>) null);
      module[0] = found.address();
      return status;
    }
  }

  @Override
  public int function(long[] function, long module, String name) {
    try (CUfunc_st found = new CUfunc_st()) {
      int status = cudart.cuModuleGetFunction(found, new CUmod_st(at(module)), name);
      function[0] = found.address();
      return status;
    }
  }

  @Override
  public int launch(long function, int columns, int rows, int threads, long[] arguments) {
    try (LongPointer values = new LongPointer(arguments);
        PointerPointer<Pointer> addresses = new PointerPointer<>(arguments.length)) {
      for (int i = 0; i < arguments.length; i++) {
        addresses.put(i, at(values.address() + (long) i * Long.BYTES));
      }
      return cudart.cuLaunchKernel(
          new CUfunc_st(at(function)),
          columns,
          rows,
          1,
          threads,
          1,
          1,
          0,
          (CUstream_st) null,
          addresses,
          (PointerPointer<?>) null);
    }
  }

  @Override
  public int synchronize() {
    return cudart.cuCtxSynchronize();
  }

  @Override
  public String errorName(int status) {
    try (PointerPointer<BytePointer> text = new PointerPointer<>(1)) {
      return cudart.cuGetErrorName(status, text) == 0 ? text.getString(0) : null;
    }
  }

  @Override
  public String errorText(int status) {
    try (PointerPointer<BytePointer> text = new PointerPointer<>(1)) {
      return cudart.cuGetErrorString(status, text) == 0 ? text.getString(0) : null;
    }
  }

  /** Returns a non-owning pointer to an address. */
  private static Pointer at(long address) {
    return new Address(address);
  }

  private static final class Address extends Pointer {
    Address(long address) {
      this.address = address;
    }
  }
}
