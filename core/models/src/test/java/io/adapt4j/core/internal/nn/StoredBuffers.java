package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.sequence.SourcePositions;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/** Tensors that checkpoints have beside the parameters of a model, as Transformers stored them. */
public final class StoredBuffers {

  private static final int POSITIONS = 6;

  private static final List<String> COPIES =
      List.of("lm_head.weight", "decoder.weight", "embed_tokens.weight");

  private StoredBuffers() {}

  /** The same tensor with other values. */
  public static TensorData changed(TensorData right) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(Math.toIntExact(right.length())).order(ByteOrder.LITTLE_ENDIAN);
    right
        .content()
        .writeTo(
            new WritableByteChannel() {
              @Override
              public int write(ByteBuffer source) {
                int count = source.remaining();
                bytes.put(source);
                return count;
              }

              @Override
              public boolean isOpen() {
                return true;
              }

              @Override
              public void close() {}
            });
    int last = bytes.capacity() - right.type().bytes();
    if (right.type() == StoredType.I64) {
      bytes.putLong(last, bytes.getLong(last) + 1);
    } else {
      bytes.putFloat(last, 2.5f - bytes.getFloat(last));
    }
    return TensorData.of(right.name(), right.type(), right.shape(), bytes::rewind);
  }

  /** The tensor of a name: a buffer, a copy of the embedding, or a part of another model. */
  public static TensorData of(String name, Network network) {
    if (name.endsWith("position_ids")) {
      return integers(name, 16);
    }
    if (name.endsWith("attn.bias") || name.endsWith("attention.bias")) {
      int layer = Integer.parseInt(name.replaceAll("\\D+(\\d+)\\D.*", "$1"));
      Attention attention = (Attention) network.body().layers().get(layer).mixer();
      return mask(name, Math.toIntExact(attention.rule().window()));
    }
    if (name.endsWith("masked_bias")) {
      return floats(name, List.of(), i -> -1e9);
    }
    if (name.endsWith("inv_freq")) {
      float[] frequencies = network.body().rotary().get(0).inverseFrequencies(0);
      return floats(name, List.of((long) frequencies.length), i -> frequencies[i]);
    }
    if (name.endsWith("act_fn.beta")) {
      return floats(name, List.of(), i -> 0.5);
    }
    if (name.endsWith("act_fn.eps")) {
      // In bfloat16, which the class has it in.
      return floats(name, List.of(), i -> -9.98e-7);
    }
    if (name.endsWith("embed_positions.weights")) {
      SourcePositions positions = ((EncoderDecoder) network).encoder().positions();
      long width = positions.table().sizes()[1];
      return floats(
          name,
          Arrays.stream(positions.table().sizes()).boxed().toList(),
          i -> positions.computed(i / width, (int) (i % width)));
    }
    if (name.endsWith("decoder.bias")) {
      return copy(name, network.vocabulary().orElseThrow().bias());
    }
    if (COPIES.stream().anyMatch(name::endsWith)) {
      return copy(name, network.embedding());
    }
    return floats(name, List.of(1L), i -> 0);
  }

  static TensorData copy(String name, Parameter original) {
    float[] values = original.value().toFloats();
    return floats(name, Arrays.stream(original.sizes()).boxed().toList(), i -> values[i]);
  }

  /** The mask of queries and keys of a layer; a window of 0 is none. */
  static TensorData mask(String name, int window) {
    return floats(
        name,
        List.of(1L, 1L, (long) POSITIONS, (long) POSITIONS),
        i -> {
          int distance = i / POSITIONS - i % POSITIONS;
          return distance >= 0 && (window == 0 || distance < window) ? 1 : 0;
        });
  }

  public static TensorData floats(String name, List<Long> shape, IntToDoubleFunction value) {
    int count = Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
    ByteBuffer bytes = ByteBuffer.allocateDirect(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      bytes.putFloat(4 * i, (float) value.applyAsDouble(i));
    }
    return TensorData.of(name, StoredType.F32, shape, () -> bytes);
  }

  private static TensorData integers(String name, int count) {
    ByteBuffer bytes = ByteBuffer.allocateDirect(8 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      bytes.putLong(8 * i, i);
    }
    return TensorData.of(name, StoredType.I64, List.of(1L, (long) count), () -> bytes);
  }
}
