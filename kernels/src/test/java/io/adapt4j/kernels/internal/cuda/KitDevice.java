package io.adapt4j.kernels.internal.cuda;

import io.adapt4j.core.internal.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The first CUDA device with kernels from one origin, which notes which of them are launched. */
public final class KitDevice implements Device {

  /** Where kernels come from. */
  public enum Origin {
    /** PTX of this build, finished by the driver. */
    PTX,
    /** The binary of this build for the device's generation. */
    CUBIN,
    /** Compiled now by NVRTC. */
    NVRTC
  }

  private static final List<DType> TYPES = List.of(DType.F32, DType.F16, DType.BF16);

  private final CudaDevice device;
  private final Set<String> launched = new TreeSet<>();

  private KitDevice(CudaDevice device) {
    this.device = device;
  }

  /**
   * Opens the device.
   *
   * @param origin where its kernels come from
   * @param cache a folder for what NVRTC makes
   * @throws CudaException with the reason, if there is no device or no such kernels
   */
  public static KitDevice open(Origin origin, Path cache) {
    Driver driver = Natives.driver();
    Supplier<KernelImages.Found> compiler =
        origin == Origin.NVRTC ? Natives::compiler : () -> KernelImages.Found.none("NVRTC is left");
    String ending = origin == Origin.PTX ? ".ptx" : ".cubin";
    return new KitDevice(
        CudaDevice.open(
            driver,
            new KernelCache(cache),
            compiler,
            name ->
                origin != Origin.NVRTC && name.endsWith(ending)
                    ? KernelFile.resource(name)
                    : Optional.empty()));
  }

  /** Whether this build carries PTX. */
  public static boolean carriesPtx() {
    return KernelFile.resource("plain.ptx").isPresent();
  }

  /**
   * Says why kernels of an origin are not expected on a device.
   *
   * @param origin where kernels come from
   * @param capability of the device
   * @return the reason; empty where they must load
   */
  public static Optional<String> absence(Origin origin, Capability capability) {
    return switch (origin) {
      case PTX -> carriesPtx() ? Optional.empty() : Optional.of("this build carries no PTX");
      case CUBIN ->
          Stream.iterate(capability.minor(), minor -> minor >= 0, minor -> minor - 1)
                  .map(minor -> new Capability(capability.major(), minor).number())
                  .anyMatch(
                      number -> KernelFile.resource("plain.sm_" + number + ".cubin").isPresent())
              ? Optional.empty()
              : Optional.of("this build carries no binary for " + capability);
      case NVRTC -> Optional.of(Natives.compiler().reason()).filter(reason -> !reason.isEmpty());
    };
  }

  /** The functions that a device of a capability has. */
  public static Set<String> functions(Capability capability) {
    Set<String> all = new TreeSet<>();
    for (DType type : TYPES) {
      for (Kernel kernel :
          List.of(
              Kernel.quantize(type),
              Kernel.dequantize(type),
              Kernel.few(type),
              Kernel.plain(type))) {
        all.add(kernel.function());
      }
    }
    if (capability.isAtLeast(Capability.TENSOR_CORES)) {
      for (Kernel kernel :
          List.of(Kernel.narrow(8), Kernel.narrow(16), Kernel.wide(32), Kernel.wide(128))) {
        all.add(kernel.function());
      }
    }
    return all;
  }

  /** The functions launched so far. */
  public Set<String> launched() {
    return launched;
  }

  /** What the driver says of itself and its device. */
  public CudaDevice cuda() {
    return device;
  }

  @Override
  public String name() {
    return device.name();
  }

  @Override
  public Capability capability() {
    return device.capability();
  }

  @Override
  public long allocate(long bytes) {
    return device.allocate(bytes);
  }

  @Override
  public void free(long address) {
    device.free(address);
  }

  @Override
  public void upload(ByteBuffer source, long target) {
    device.upload(source, target);
  }

  @Override
  public void download(long source, ByteBuffer target) {
    device.download(source, target);
  }

  @Override
  public void launch(Kernel kernel, int columns, int rows, long... arguments) {
    launched.add(kernel.function());
    device.launch(kernel, columns, rows, arguments);
  }
}
