package io.adapt4j.core.internal.tensor.host;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.ptr.IntByReference;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first CUDA device according to NVIDIA's driver; libtorch's operators do not expose these
 * properties.
 */
public record CudaCard(String name, int major, int minor, long bytes) {

  private static final Logger LOG = LoggerFactory.getLogger(CudaCard.class);

  private static final String DRIVER = "libcuda.so.1";
  private static final int NAME_BYTES = 256;
  private static final int CAPABILITY_MAJOR = 75;
  private static final int CAPABILITY_MINOR = 76;

  /** Holder that reads the device on first use. */
  private static final class First {
    static final Optional<CudaCard> CARD = read(DRIVER);

    private First() {}
  }

  /** {@return the first device; empty without a driver or a device} */
  public static Optional<CudaCard> first() {
    return First.CARD;
  }

  /** Reads the first device from a driver's library. */
  static Optional<CudaCard> read(String library) {
    try {
      return Optional.of(read(NativeLibrary.getInstance(library)));
    } catch (UnsatisfiedLinkError | IllegalStateException e) {
      LOG.debug("No CUDA device is described: {}", e.getMessage());
      return Optional.empty();
    }
  }

  private static CudaCard read(NativeLibrary driver) {
    call(driver, "cuInit", 0);
    IntByReference device = new IntByReference();
    call(driver, "cuDeviceGet", device, 0);
    try (Memory name = new Memory(NAME_BYTES);
        Memory bytes = new Memory(Long.BYTES)) {
      call(driver, "cuDeviceGetName", name, NAME_BYTES, device.getValue());
      call(driver, "cuDeviceTotalMem_v2", bytes, device.getValue());
      return new CudaCard(
          name.getString(0, StandardCharsets.UTF_8.name()),
          attribute(driver, device, CAPABILITY_MAJOR),
          attribute(driver, device, CAPABILITY_MINOR),
          bytes.getLong(0));
    }
  }

  private static int attribute(NativeLibrary driver, IntByReference device, int attribute) {
    IntByReference value = new IntByReference();
    call(driver, "cuDeviceGetAttribute", value, attribute, device.getValue());
    return value.getValue();
  }

  private static void call(NativeLibrary driver, String name, Object... arguments) {
    int status = driver.getFunction(name).invokeInt(arguments);
    if (status != 0) {
      throw new IllegalStateException(name + ": status " + status);
    }
  }

  /** {@return whether it multiplies bfloat16 natively: from compute capability 8.0 on} */
  public boolean multipliesBf16() {
    return major >= 8;
  }
}
