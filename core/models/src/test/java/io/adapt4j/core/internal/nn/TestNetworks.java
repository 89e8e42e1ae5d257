package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.TensorFile;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Networks with the weights of a checkpoint, and the values of its tensors. */
public final class TestNetworks {

  private TestNetworks() {}

  /** The network of a checkpoint in 32 bits. */
  public static Network network(Path folder) {
    return network(folder, DType.F32);
  }

  /** The network of a checkpoint in a type. */
  public static Network network(Path folder, DType type) {
    return loaded(Architectures.declare(ModelConfig.read(folder)), folder, type);
  }

  /** The decoder of a checkpoint in 32 bits. */
  public static Decoder decoder(Path folder) {
    return decoder(folder, DType.F32);
  }

  /** The decoder of a checkpoint in a type. */
  public static Decoder decoder(Path folder, DType type) {
    return loaded(Architectures.declareDecoder(ModelConfig.read(folder)), folder, type);
  }

  /** The encoder of a checkpoint in 32 bits. */
  public static Encoder encoder(Path folder) {
    return loaded(Architectures.declareEncoder(ModelConfig.read(folder)), folder, DType.F32);
  }

  /** The encoder and decoder of a checkpoint in 32 bits. */
  public static EncoderDecoder sequence(Path folder) {
    return loaded(Architectures.declareSequence(ModelConfig.read(folder)), folder, DType.F32);
  }

  /** A tensor's values. */
  public static float[] floats(TensorFile file, String name) {
    return floats(file.bytes(name));
  }

  /** A tensor's values. */
  public static float[] floats(Checkpoint file, String name) {
    return floats(file.bytes(name));
  }

  /** A tensor's whole numbers. */
  public static long[] longs(TensorFile file, String name) {
    return longs(file.bytes(name));
  }

  /** A tensor's whole numbers. */
  public static long[] longs(Checkpoint file, String name) {
    return longs(file.bytes(name));
  }

  private static float[] floats(ByteBuffer bytes) {
    float[] values = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  private static long[] longs(ByteBuffer bytes) {
    long[] values = new long[bytes.remaining() / Long.BYTES];
    bytes.asLongBuffer().get(values);
    return values;
  }

  private static <N extends Network> N loaded(N network, Path folder, DType type) {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Weights.check(network, checkpoint);
      network.allocate(type);
      Weights.load(network, checkpoint);
    }
    return network;
  }
}
