package io.adapt4j.kernels.internal.cuda;

import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A CUDA device accessed through the driver API. It uses the primary context and the default
 * stream, like libtorch, so tensors can be used in place and in order.
 */
public final class CudaDevice implements Device {

  private static final Logger LOG = LoggerFactory.getLogger(CudaDevice.class);

  private final Driver driver;
  private final DriverCalls calls;
  private final long context;
  private final String name;
  private final Capability capability;
  private final int driverVersion;
  private final Map<KernelFile, Long> modules = new EnumMap<>(KernelFile.class);
  private final Map<Kernel, Long> functions = new HashMap<>();

  private CudaDevice(Driver driver, int index, int driverVersion) {
    this.driver = driver;
    this.driverVersion = driverVersion;
    this.calls = new DriverCalls(driver);
    this.name = nameOf(index);
    this.capability = capabilityOf(index);
    if (!capability.isAtLeast(Capability.LEAST)) {
      throw new CudaException(
          "%s has compute capability %s, the kernels need %s"
              .formatted(name, capability, Capability.LEAST));
    }
    long[] found = new long[1];
    calls.check(driver.retainPrimaryContext(index, found), "cuDevicePrimaryCtxRetain");
    this.context = found[0];
  }

  /**
   * Opens the first device of this machine with all kernels loaded, compiling them if needed. It
   * stays open for the life of the process, like libtorch's.
   */
  public static CudaDevice open() {
    return open(Natives.driver(), KernelCache.ofUser(), Natives::compiler, KernelFile::resource);
  }

  static CudaDevice open(
      Driver driver,
      KernelCache cache,
      Supplier<KernelImages.Found> compiler,
      Function<String, Optional<byte[]>> resources) {
    DriverCalls calls = new DriverCalls(driver);
    calls.check(driver.init(), "cuInit");
    int[] count = new int[1];
    calls.check(driver.deviceCount(count), "cuDeviceGetCount");
    if (count[0] == 0) {
      throw new CudaException("the driver finds no device");
    }
    int[] version = new int[1];
    calls.check(driver.driverVersion(version), "cuDriverGetVersion");
    CudaDevice device = new CudaDevice(driver, 0, version[0]);
    device.load(new KernelImages(device.capability, version[0], cache, compiler, resources));
    LOG.info("CUDA device: {}, compute capability {}", device.name, device.capability);
    return device;
  }

  /** {@return the newest CUDA that the driver supports, such as 12.9} */
  public String driverVersion() {
    return driverVersion / 1000 + "." + driverVersion % 1000 / 10;
  }

  /** {@return the total memory of the device in bytes} */
  public long memory() {
    makeCurrent();
    long[] freeAndTotal = new long[2];
    calls.check(driver.memory(freeAndTotal), "cuMemGetInfo");
    return freeAndTotal[1];
  }

  private String nameOf(int index) {
    String[] found = new String[1];
    calls.check(driver.deviceName(index, found), "cuDeviceGetName");
    return found[0];
  }

  private Capability capabilityOf(int index) {
    int[] found = new int[2];
    calls.check(driver.capability(index, found), "cuDeviceGetAttribute");
    return new Capability(found[0], found[1]);
  }

  private void load(KernelImages images) {
    makeCurrent();
    for (KernelFile file : KernelFile.values()) {
      if (capability.isAtLeast(file.least())) {
        modules.put(file, load(file, images.images(file)));
      }
    }
  }

  /** Loads the first image that the driver accepts. */
  private long load(KernelFile file, List<byte[]> images) {
    long[] module = new long[1];
    int status = 0;
    for (byte[] image : images) {
      status = driver.loadModule(module, image);
      if (status == 0) {
        return module[0];
      }
      LOG.debug("An image of {} is refused: {}", file.plainName(), calls.describe(status));
    }
    calls.check(status, "cuModuleLoadDataEx of " + file.plainName());
    throw new IllegalStateException("no image of " + file.plainName());
  }

  /** Makes the context current, which is a per-thread setting. */
  private void makeCurrent() {
    calls.check(driver.setCurrent(context), "cuCtxSetCurrent");
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Capability capability() {
    return capability;
  }

  @Override
  public long allocate(long bytes) {
    makeCurrent();
    return calls.allocate(bytes);
  }

  @Override
  public void free(long address) {
    makeCurrent();
    calls.check(driver.free(address), "cuMemFree");
  }

  @Override
  public void upload(ByteBuffer source, long target) {
    makeCurrent();
    calls.check(driver.upload(target, direct(source)), "cuMemcpyHtoD");
  }

  private static ByteBuffer direct(ByteBuffer source) {
    if (source.isDirect()) {
      return source.slice();
    }
    return ByteBuffer.allocateDirect(source.remaining()).put(source.duplicate()).flip();
  }

  @Override
  public void download(long source, ByteBuffer target) {
    makeCurrent();
    if (target.isDirect()) {
      calls.check(driver.download(target.slice(), source), "cuMemcpyDtoH");
      return;
    }
    ByteBuffer copy = ByteBuffer.allocateDirect(target.remaining());
    calls.check(driver.download(copy, source), "cuMemcpyDtoH");
    target.duplicate().put(copy);
  }

  @Override
  public void launch(Kernel kernel, int columns, int rows, long... arguments) {
    makeCurrent();
    calls.check(
        driver.launch(function(kernel), columns, rows, kernel.threads(), arguments),
        "cuLaunchKernel of " + kernel.function());
  }

  private synchronized long function(Kernel kernel) {
    return functions.computeIfAbsent(
        kernel,
        wanted -> {
          long[] found = new long[1];
          calls.check(
              driver.function(found, modules.get(wanted.file()), wanted.function()),
              "cuModuleGetFunction of " + wanted.function());
          return found[0];
        });
  }

  /** Waits for all launched work, and reports its errors. */
  public void synchronize() {
    makeCurrent();
    calls.check(driver.synchronize(), "cuCtxSynchronize");
  }
}
