package io.adapt4j.qlora;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.FourBitFormat;
import io.adapt4j.kernels.internal.FourBitKernels;
import io.adapt4j.kernels.internal.Int8Matrix;
import io.adapt4j.kernels.internal.JavaKernels;
import io.adapt4j.kernels.internal.QuantizedTensor;
import io.adapt4j.kernels.internal.StoredFloats;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** An unquantized tensor of a checkpoint, read and quantized piece by piece. */
final class StoredWeight {

  /** Number of weights in memory at a time: a multiple of every block size of 4-bit weights. */
  private static final int PIECE = 1 << 18;

  /** The largest buffer, a little below 2 GiB. */
  private static final int MAX_BYTES = Integer.MAX_VALUE - 8;

  private final Checkpoint checkpoint;
  private final TensorEntry entry;
  private final boolean transposed;

  StoredWeight(Checkpoint checkpoint, String name) {
    this(checkpoint, name, false);
  }

  /** Finds a tensor. */
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
    if (entry.elements() == 0 || QuantizedTensor.packedBytes(entry.elements()) > MAX_BYTES) {
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

  /** Returns the dimensions as quantized. */
  private List<Long> shape() {
    List<Long> shape = entry.shape();
    return transposed ? List.of(shape.get(1), shape.get(0)) : shape;
  }

  QuantizedTensor quantize(FourBitFormat format, FourBitKernels kernels) {
    int bytes = (int) QuantizedTensor.packedBytes(entry.elements());
    return quantize(format, kernels, ByteBuffer.allocate(bytes));
  }

  /** Quantizes the whole tensor into memory that the result then refers to. */
  QuantizedTensor quantize(FourBitFormat format, FourBitKernels kernels, ByteBuffer packed) {
    float[] absmax = new float[blocks(format)];
    forEachPiece(
        PIECE,
        (first, values, count) -> {
          int block = (int) (first / format.blockSize());
          if (!kernels.quantize(format, entry.type(), values, count, packed, absmax, block)) {
            throw notFinite(first, values);
          }
        });
    return new QuantizedTensor(
        format, format.code().numbers(), shape(), packed.flip(), format.scales(absmax));
  }

  /** Computes only the scales, before any double quantization, without memory for codes. */
  float[] absmax(FourBitFormat format) {
    int size = format.blockSize();
    float[] absmax = new float[blocks(format)];
    float[] decoded = new float[(int) Math.min(PIECE, entry.elements())];
    forEachPiece(
        PIECE,
        (first, values, count) -> {
          StoredFloats.decode(entry.type(), values, decoded, count);
          if (StoredFloats.firstNotFinite(decoded, count) >= 0) {
            throw notFinite(first, values);
          }
          int block = (int) (first / size);
          for (int start = 0; start < count; start += size) {
            absmax[block++] = JavaKernels.largest(decoded, start, Math.min(count, start + size));
          }
        });
    return absmax;
  }

  /** Rounds the whole tensor to 8 bits. */
  Int8Matrix toInt8() {
    int columns = Math.toIntExact(shape().get(1));
    int rowsAtOnce = Math.max(1, PIECE / columns / Int8Matrix.ROWS) * Int8Matrix.ROWS;
    Int8Matrix matrix = Int8Matrix.empty(Math.toIntExact(shape().get(0)), columns);
    boolean finite = false;
    try {
      forEachPiece(
          Math.multiplyExact(rowsAtOnce, columns),
          (first, values, count) -> {
            int row = Math.toIntExact(first / columns);
            if (!matrix.quantize(row, count / columns, entry.type(), values)) {
              throw notFinite(first, values);
            }
          });
      finite = true;
    } finally {
      if (!finite) {
        matrix.close();
      }
    }
    return matrix;
  }

  int blocks(FourBitFormat format) {
    return Math.toIntExact(format.blocks(entry.elements()));
  }

  /** Consumer of a piece of a tensor: values of its type from index 0 on. */
  private interface Piece {
    void accept(long first, ByteBuffer values, int count);
  }

  private void forEachPiece(int size, Piece piece) {
    int bytes = entry.type().bytes();
    try (Tensor memory = Tensor.emptyOnHost(DType.U8, Math.min(size, entry.elements()) * bytes)) {
      ByteBuffer values = memory.data().order(ByteOrder.LITTLE_ENDIAN);
      for (long first = 0; first < entry.elements(); first += size) {
        int count = (int) Math.min(size, entry.elements() - first);
        values.clear().limit(count * bytes);
        if (transposed) {
          readTransposed(first, values);
        } else {
          checkpoint.read(entry.name(), first * bytes, values);
        }
        piece.accept(first, values.rewind(), count);
      }
    }
  }

  /**
   * Reads the columns that a piece spans, row by row. Mapping the file instead would count toward
   * the process's RSS once per piece, until garbage collection.
   */
  private void readTransposed(long first, ByteBuffer values) {
    int bytes = entry.type().bytes();
    long rows = entry.shape().get(0);
    long columns = entry.shape().get(1);
    long last = first + values.remaining() / bytes - 1;
    long from = first / rows;
    int width = (int) (last / rows - from + 1) * bytes;
    ByteBuffer segment = ByteBuffer.allocateDirect(width).order(ByteOrder.LITTLE_ENDIAN);
    for (long row = 0; row < rows; row++) {
      checkpoint.read(entry.name(), (row * columns + from) * bytes, segment.clear());
      for (long column = from; column <= last / rows; column++) {
        long index = column * rows + row;
        if (index >= first && index <= last) {
          int at = (int) (column - from) * bytes;
          int to = (int) (index - first) * bytes;
          if (bytes == Short.BYTES) {
            values.putShort(to, segment.getShort(at));
          } else {
            values.putInt(to, segment.getInt(at));
          }
        }
      }
    }
  }

  /** Returns the index in the file of an element of the weight as quantized. */
  private long storedIndex(long index) {
    if (!transposed) {
      return index;
    }
    long columns = shape().get(1);
    long rows = shape().get(0);
    return index % columns * rows + index / columns;
  }

  /** Returns an exception that names the non-finite value in a piece. */
  private CheckpointException notFinite(long first, ByteBuffer values) {
    int bytes = entry.type().bytes();
    int at = 0;
    while (Float.isFinite(StoredFloats.get(entry.type(), values, at * bytes))) {
      at++;
    }
    return Problems.inTensor(
        entry,
        "finite weights",
        StoredFloats.get(entry.type(), values, at * bytes)
            + " at "
            + Problems.position(storedIndex(first + at), entry.shape()),
        "Its block would become NaN: repair the checkpoint, or skip the module.");
  }
}
