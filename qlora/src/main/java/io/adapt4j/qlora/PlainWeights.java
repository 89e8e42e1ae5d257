package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.kernels.internal.FourBitKernels;
import io.adapt4j.kernels.internal.QuantizedTensor;
import io.adapt4j.kernels.internal.StoredFloats;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;

/** Unquantized tensors to write. */
final class PlainWeights {

  private static final int PIECE = 1 << 20;

  private PlainWeights() {}

  /** Returns a dequantized weight, read when it is written. */
  static TensorData dequantized(
      FourBitReader source, String name, StoredType type, FourBitKernels kernels) {
    return new TensorData(
        name,
        type,
        source.state(name).shape(),
        channel -> write(source.read(name), type, kernels, channel));
  }

  /** Returns a tensor as stored in the checkpoint. */
  static TensorData copy(Checkpoint source, String name) {
    TensorEntry entry = source.entry(name);
    return new TensorData(
        name,
        entry.type(),
        entry.shape(),
        channel -> {
          for (long at = 0; at < entry.length(); at += PIECE) {
            channel.write(source.bytes(name, at, (int) Math.min(PIECE, entry.length() - at)));
          }
        });
  }

  private static void write(
      QuantizedTensor tensor, StoredType type, FourBitKernels kernels, WritableByteChannel channel)
      throws IOException {
    int most = (int) Math.min(PIECE, tensor.elements());
    float[] values = new float[most];
    ByteBuffer bytes = ByteBuffer.allocate(most * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (long first = 0; first < tensor.elements(); first += most) {
      int count = (int) Math.min(most, tensor.elements() - first);
      kernels.dequantize(tensor, first, values, count);
      StoredFloats.encode(type, values, count, bytes.clear());
      channel.write(bytes.flip());
    }
  }
}
