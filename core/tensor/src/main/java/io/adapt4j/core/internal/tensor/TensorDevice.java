package io.adapt4j.core.internal.tensor;

import io.adapt4j.core.exception.EngineException;
import java.util.regex.Pattern;

/** Device of tensors: host memory, the first CUDA device, or none. */
public record TensorDevice(int kind, String name) {

  public static final TensorDevice HOST = new TensorDevice(0, "cpu");
  public static final TensorDevice CUDA = new TensorDevice(1, "cuda:0");

  /** Computes only shapes; available on any machine. */
  static final TensorDevice META = new TensorDevice(14, "meta");

  /** Messages of a libtorch that was built without CUDA. */
  private static final Pattern NOT_BUILT =
      Pattern.compile(
          "arguments from the 'CUDA' backend|not linked with support for cuda"
              + "|not compiled with CUDA");

  /** Returns the device named like in the system property {@value Engine#PROPERTY}. */
  static TensorDevice named(String name) {
    return switch (name) {
      case "cpu" -> HOST;
      case "cuda" -> CUDA;
      default ->
          throw new EngineException(
              Engine.PROPERTY + ": expected cpu or cuda, found '" + name + "'");
    };
  }

  /** Explains whether libtorch or the device is missing, and what to do. */
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
        Engine.PROPERTY + "=cuda: " + remedy + "; or leave the property out to compute on the CPU",
        failure);
  }

  boolean isHost() {
    return kind == HOST.kind;
  }
}
