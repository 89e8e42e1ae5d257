package io.adapt4j.core.internal.tensor;

import io.adapt4j.core.exception.EngineException;
import java.util.regex.Pattern;

/**
 * Where the tensors of this process live: in host memory, or on the first CUDA device. The system
 * property {@value #PROPERTY}, {@code cpu} or {@code cuda}, says which; it is read once, before the
 * first tensor is made.
 *
 * @param kind ATen's number of the kind of device
 * @param name what libtorch calls it
 */
record TensorDevice(int kind, String name) {

  static final String PROPERTY = "adapt4j.device";

  static final TensorDevice HOST = new TensorDevice(0, "cpu");
  static final TensorDevice CUDA = new TensorDevice(1, "cuda:0");

  /** How libtorch says that it has no code for CUDA at all. */
  private static final Pattern NOT_BUILT =
      Pattern.compile(
          "arguments from the 'CUDA' backend|not linked with support for cuda"
              + "|not compiled with CUDA");

  private static volatile TensorDevice current;

  /**
   * The device of this process.
   *
   * @throws EngineException if the property names none that is known, or one that is not there
   */
  static TensorDevice current() {
    TensorDevice chosen = current;
    return chosen == null ? choose() : chosen;
  }

  private static synchronized TensorDevice choose() {
    if (current == null) {
      current = named(System.getProperty(PROPERTY, "cpu"));
    }
    return current;
  }

  /** Makes tensors on another device from now on, for tests; returns the one before. */
  static synchronized TensorDevice use(TensorDevice device) {
    TensorDevice before = current();
    current = device;
    return before;
  }

  static TensorDevice named(String name) {
    return switch (name) {
      case "cpu" -> HOST;
      case "cuda" -> present(CUDA);
      default ->
          throw new EngineException(PROPERTY + ": expected cpu or cuda, found '" + name + "'");
    };
  }

  private static TensorDevice present(TensorDevice device) {
    try {
      LibTorch.tensor("empty_on", false, new long[] {1}, DType.U8, device.name).close();
      return device;
    } catch (EngineException e) {
      throw absent(e);
    }
  }

  /** Says whether libtorch or the device is missing, and what to do. */
  static EngineException absent(EngineException failure) {
    String reason = String.valueOf(failure.getMessage());
    String remedy =
        NOT_BUILT.matcher(reason).find()
            ? "this libtorch is built without CUDA. Put DJL's CUDA native (pytorch-native-cu...)"
                + " on the class path in place of pytorch-native-cpu"
            : "libtorch has CUDA but finds no device it can use ("
                + reason.lines().findFirst().orElse("")
                + "). See that nvidia-smi lists one and that CUDA_VISIBLE_DEVICES does not hide it";
    return new EngineException(
        PROPERTY + "=cuda: " + remedy + "; or leave the property out to compute on the CPU",
        failure);
  }

  boolean isHost() {
    return kind == HOST.kind;
  }
}
