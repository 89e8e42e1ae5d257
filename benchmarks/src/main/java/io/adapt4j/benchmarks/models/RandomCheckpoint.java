package io.adapt4j.benchmarks.models;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Writes checkpoints of random weights piece by piece, never entirely in memory. */
public final class RandomCheckpoint {

  /** Numbers that weights are taken from, over and over. */
  private static final int NUMBERS = 1 << 20;

  private static final double DEVIATION = 0.02;

  private RandomCheckpoint() {}

  public static void write(ModelConfig config, Path folder) {
    write(config, folder, folder);
  }

  /** Writes random weights, with the other files of a folder. */
  public static void write(ModelConfig config, Path folder, Path base) {
    write(config, folder, base, Map.of());
  }

  /**
   * Writes random weights like {@link #write(ModelConfig, Path, Path)}, with more tensors.
   *
   * @param more shapes by name
   */
  public static void write(
      ModelConfig config, Path folder, Path base, Map<String, List<Long>> more) {
    StoredType type = config.dtype().orElse(StoredType.F32);
    byte[] numbers = numbers(type);
    List<TensorData> tensors = new ArrayList<>();
    try (Network declared = Architectures.declare(config)) {
      Map<String, List<Long>> shapes = new LinkedHashMap<>(declared.tensors());
      shapes.putAll(more);
      shapes.forEach(
          (name, shape) ->
              tensors.add(
                  new TensorData(
                      name, type, shape, channel -> fill(channel, name, shape, type, numbers))));
      CheckpointFolder.write(folder, base, config, tensors);
    }
  }

  private static byte[] numbers(StoredType type) {
    SplittableRandom random = new SplittableRandom(1);
    byte[] numbers = new byte[NUMBERS * bytes(type)];
    ByteBuffer bytes = ByteBuffer.wrap(numbers).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < NUMBERS; i++) {
      put(bytes, type, random.nextGaussian() * DEVIATION);
    }
    return numbers;
  }

  private static int bytes(StoredType type) {
    return type == StoredType.BF16 ? Short.BYTES : Float.BYTES;
  }

  private static void put(ByteBuffer bytes, StoredType type, double value) {
    if (type == StoredType.BF16) {
      bytes.putShort((short) (Float.floatToRawIntBits((float) DType.BF16.round(value)) >>> 16));
    } else {
      bytes.putFloat((float) value);
    }
  }

  /** Norms become ones, biases zeros. */
  private static void fill(
      WritableByteChannel channel, String name, List<Long> shape, StoredType type, byte[] numbers)
      throws IOException {
    long left = shape.stream().reduce(1L, Math::multiplyExact) * bytes(type);
    byte[] source = numbers;
    if (shape.size() == 1) {
      source = new byte[(int) left];
      ByteBuffer same = ByteBuffer.wrap(source).order(ByteOrder.LITTLE_ENDIAN);
      while (same.hasRemaining()) {
        put(same, type, name.endsWith("bias") ? 0 : 1);
      }
    }
    while (left > 0) {
      int count = (int) Math.min(left, source.length);
      channel.write(ByteBuffer.wrap(source, 0, count));
      left -= count;
    }
  }
}
