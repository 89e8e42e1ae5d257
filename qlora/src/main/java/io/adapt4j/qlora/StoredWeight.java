package io.adapt4j.qlora;

import io.adapt4j.core.checkpoint.Checkpoint;
import io.adapt4j.core.checkpoint.CheckpointException;
import io.adapt4j.core.checkpoint.TensorEntry;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** An unquantised tensor of a checkpoint, read and quantised piece by piece. */
final class StoredWeight {

  /** Weights in memory at a time: a multiple of every block size. */
  private static final int PIECE = 1 << 20;

  /** The largest buffer, a little below 2 GiB. */
  private static final int MAX_BYTES = Integer.MAX_VALUE - 8;

  private final Checkpoint checkpoint;
  private final TensorEntry entry;
  private final boolean transposed;

  StoredWeight(Checkpoint checkpoint, String name) {
    this(checkpoint, name, false);
  }

  /**
   * Finds a tensor.
   *
   * @param transposed whether its rows and columns change places before it is quantised; the whole
   *     tensor is mapped then
   */
  StoredWeight(Checkpoint checkpoint, String name, boolean transposed) {
    this.checkpoint = checkpoint;
    this.transposed = transposed;
    this.entry = checkpoint.entry(name);
    if (!StoredFloats.TYPES.contains(entry.type())) {
      throw Problems.inTensor(
          entry,
          "weights in F32, F16 or BF16",
          entry.type().toString(),
          "Skip the module, or store it in one of these types.");
    }
    if (entry.elements() == 0 || QuantisedTensor.packedBytes(entry.elements()) > MAX_BYTES) {
      throw Problems.inTensor(
          entry,
          "1 to " + 2L * MAX_BYTES + " weights",
          entry.shape().toString(),
          "Skip the module.");
    }
  }

  TensorEntry entry() {
    return entry;
  }

  /** The dimensions as quantised. */
  private List<Long> shape() {
    List<Long> shape = entry.shape();
    return transposed ? List.of(shape.get(1), shape.get(0)) : shape;
  }

  /** Quantises the whole tensor. */
  QuantisedTensor quantise(Quantization quantization, FourBitKernels kernels) {
    int bytes = (int) QuantisedTensor.packedBytes(entry.elements());
    return quantise(quantization, kernels, ByteBuffer.allocate(bytes));
  }

  /** Quantises the whole tensor into memory that the result then refers to. */
  QuantisedTensor quantise(Quantization quantization, FourBitKernels kernels, ByteBuffer packed) {
    float[] absmax = new float[blocks(quantization)];
    forEachPiece(
        (first, values, count) ->
            kernels.quantise(
                quantization,
                values,
                count,
                packed,
                absmax,
                (int) (first / quantization.blockSize())));
    Scales scales =
        quantization.doubleQuantised() ? NestedScales.of(absmax) : new PlainScales(absmax);
    return new QuantisedTensor(
        quantization, quantization.type().numbers(), shape(), entry.type(), packed.flip(), scales);
  }

  /** Only the scales, before any double quantisation; costs no memory for codes. */
  float[] absmax(Quantization quantization) {
    int size = quantization.blockSize();
    float[] absmax = new float[blocks(quantization)];
    forEachPiece(
        (first, values, count) -> {
          int block = (int) (first / size);
          for (int start = 0; start < count; start += size) {
            absmax[block++] = JavaKernels.largest(values, start, Math.min(count, start + size));
          }
        });
    return absmax;
  }

  int blocks(Quantization quantization) {
    return Math.toIntExact(quantization.blocks(entry.elements()));
  }

  /** Takes a piece of a tensor. */
  private interface Piece {
    void accept(long first, float[] values, int count);
  }

  private void forEachPiece(Piece piece) {
    if (transposed) {
      forEachTransposedPiece(piece);
      return;
    }
    int most = (int) Math.min(PIECE, entry.elements());
    int bytes = entry.type().bytes();
    ByteBuffer raw = ByteBuffer.allocate(most * bytes).order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[most];
    for (long first = 0; first < entry.elements(); first += most) {
      int count = (int) Math.min(most, entry.elements() - first);
      checkpoint.read(entry.name(), first * bytes, raw.clear().limit(count * bytes));
      StoredFloats.decode(entry.type(), raw.flip(), values, count);
      requireFinite(first, values, count);
      piece.accept(first, values, count);
    }
  }

  private void forEachTransposedPiece(Piece piece) {
    ByteBuffer all = checkpoint.bytes(entry.name());
    long columns = shape().get(1);
    long rows = shape().get(0);
    float[] values = new float[(int) Math.min(PIECE, entry.elements())];
    for (long first = 0; first < entry.elements(); first += values.length) {
      int count = (int) Math.min(values.length, entry.elements() - first);
      for (int i = 0; i < count; i++) {
        long stored = (first + i) % columns * rows + (first + i) / columns;
        values[i] = StoredFloats.get(entry.type(), all, (int) (stored * entry.type().bytes()));
        if (!Float.isFinite(values[i])) {
          throw notFinite(stored, values[i]);
        }
      }
      piece.accept(first, values, count);
    }
  }

  private void requireFinite(long first, float[] values, int count) {
    for (int i = 0; i < count; i++) {
      if (!Float.isFinite(values[i])) {
        throw notFinite(first + i, values[i]);
      }
    }
  }

  private CheckpointException notFinite(long index, float value) {
    return Problems.inTensor(
        entry,
        "finite weights",
        value + " at " + Problems.position(index, entry.shape()),
        "Its block would become NaN: repair the checkpoint, or skip the module.");
  }
}
