package io.adapt4j.kernels.internal.cuda;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A driver in Java that notes what is asked of it, and fails where it is told to. */
final class FakeDriver implements Driver {

  final List<byte[]> images = new ArrayList<>();
  private final List<String> functions = new ArrayList<>();
  final List<String> launches = new ArrayList<>();
  private final Map<String, Integer> failing = new HashMap<>();
  private final Map<Integer, String> names =
      Map.of(
          2, "CUDA_ERROR_OUT_OF_MEMORY",
          100, "CUDA_ERROR_NO_DEVICE",
          700, "CUDA_ERROR_ILLEGAL_ADDRESS");
  private final Map<Integer, String> texts =
      Map.of(
          2, "out of memory",
          100, "no CUDA-capable device is detected",
          700, "an illegal memory access was encountered");
  String refused = "never";
  int devices = 1;
  int allocated;
  int freed;
  Capability capability = new Capability(8, 6);

  /** Lets a call return a status from now on. */
  FakeDriver fail(String call, int status) {
    failing.put(call, status);
    return this;
  }

  private int status(String call) {
    return failing.getOrDefault(call, 0);
  }

  @Override
  public int init() {
    return status("init");
  }

  @Override
  public int driverVersion(int[] version) {
    version[0] = 12090;
    return 0;
  }

  @Override
  public int deviceCount(int[] count) {
    count[0] = devices;
    return 0;
  }

  @Override
  public int deviceName(int device, String[] name) {
    name[0] = "Fake 3000";
    return 0;
  }

  @Override
  public int capability(int device, int[] majorAndMinor) {
    majorAndMinor[0] = capability.major();
    majorAndMinor[1] = capability.minor();
    return 0;
  }

  @Override
  public int retainPrimaryContext(int device, long[] context) {
    context[0] = 17;
    return 0;
  }

  @Override
  public int setCurrent(long context) {
    return context == 17 ? 0 : 201;
  }

  @Override
  public int memory(long[] freeAndTotal) {
    freeAndTotal[0] = 1000;
    freeAndTotal[1] = 4000;
    return status("memory");
  }

  @Override
  public int allocate(long[] address, long bytes) {
    address[0] = 4096;
    allocated++;
    return status("allocate");
  }

  @Override
  public int free(long address) {
    freed++;
    return status("free");
  }

  @Override
  public int upload(long target, ByteBuffer source) {
    return status("upload");
  }

  @Override
  public int download(ByteBuffer target, long source) {
    return status("download");
  }

  @Override
  public int loadModule(long[] module, byte[] image) {
    images.add(image);
    module[0] = images.size();
    boolean refuses = new String(image, StandardCharsets.UTF_8).contains(refused);
    return refuses ? 218 : status("loadModule");
  }

  @Override
  public int function(long[] function, long module, String name) {
    functions.add(name + " of " + sourceOf(images.get((int) module - 1)));
    function[0] = functions.size();
    return status("function");
  }

  /** {@link FakeCompiler} begins an image with the name of its source. */
  private static String sourceOf(byte[] image) {
    return new String(image, StandardCharsets.UTF_8).replaceAll("\\.cu.*", ".cu");
  }

  @Override
  public int launch(long function, int columns, int rows, int threads, long[] arguments) {
    launches.add(
        functions.get((int) function - 1) + ": " + columns + " x " + rows + " x " + threads);
    return status("launch");
  }

  @Override
  public int synchronize() {
    return status("synchronize");
  }

  @Override
  public String errorName(int status) {
    return names.get(status);
  }

  @Override
  public String errorText(int status) {
    return texts.get(status);
  }
}
