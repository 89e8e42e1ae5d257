package io.adapt4j.gguf.internal.load;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.checkpoint.TensorFile;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.format.Quantizer;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.gguf.internal.layout.Place;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Checkpoint view of a GGUF file's tensors: under the checkpoint's names, with rows in its order,
 * dequantized to fp32 on reading.
 */
final class GgufTensorFile implements TensorFile {

  /** Minimum number of values that a thread dequantizes at a time. */
  private static final int PIECE = 1 << 14;

  private final GgufFile file;
  private final Map<String, TensorEntry> entries;
  private final Map<String, StoredTensor> stored;

  /** Scalar tensors stored as keys in the file. */
  private final Map<String, Float> values;

  /** All-zero tensors that the file omits. */
  private final Set<String> zeros;

  /** The most recently assembled tensor. */
  private @Nullable Assembled assembled;

  /** All values of a tensor, in the checkpoint's order. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Assembled(String name, float[] values) {}

  private GgufTensorFile(
      GgufFile file,
      Map<String, TensorEntry> entries,
      Map<String, StoredTensor> stored,
      Map<String, Float> values,
      Set<String> zeros) {
    this.file = file;
    this.values = values;
    this.zeros = zeros;
    this.entries = Collections.unmodifiableMap(entries);
    this.stored = stored;
  }

  /** Takes ownership of an open file; closes it on failure. */
  static GgufTensorFile of(GgufModel model, GgufFile file) {
    Map<String, List<StoredTensor.Piece>> pieces = new LinkedHashMap<>();
    model
        .places()
        .forEach(
            (gguf, place) -> {
              GgufTensor own = file.tensor(gguf);
              int experts = place.count(own.shape());
              for (int expert = 0; expert < experts; expert++) {
                Place part = place.isStack() ? place.ofExpert(expert) : place;
                GgufTensor tensor = place.isStack() ? part(own, expert) : own;
                pieces
                    .computeIfAbsent(part.name(), name -> new ArrayList<>())
                    .add(new StoredTensor.Piece(tensor, place.layout()));
              }
            });
    Map<String, TensorEntry> entries = new LinkedHashMap<>();
    Map<String, StoredTensor> stored = new LinkedHashMap<>();
    PlainTypes types = PlainTypes.of(file, pieces.values());
    pieces.forEach(
        (name, parts) -> {
          StoredTensor found = StoredTensor.of(parts, types.of(parts));
          stored.put(name, found);
          entries.put(name, found.entry(name, file.path()));
        });
    model
        .values()
        .keySet()
        .forEach(
            name ->
                entries.put(
                    name,
                    new TensorEntry(
                        name, StoredType.F32, List.of(1L), file.path(), 0, Float.BYTES)));
    model.zeros().forEach((name, shape) -> entries.put(name, zeroEntry(name, shape, file.path())));
    return new GgufTensorFile(file, entries, stored, model.values(), model.zeros().keySet());
  }

  private static TensorEntry zeroEntry(String name, List<Long> shape, Path path) {
    long elements = shape.stream().reduce(1L, Math::multiplyExact);
    return new TensorEntry(name, StoredType.F32, shape, path, 0, elements * Float.BYTES);
  }

  /** Returns the matrix or bias of one expert. */
  private static GgufTensor part(GgufTensor stack, int expert) {
    int last = stack.shape().size() - 1;
    if (last == 0) {
      return stack;
    }
    long bytes = stack.bytes() / stack.shape().get(last);
    return new GgufTensor(
        stack.name(),
        stack.shape().subList(0, last),
        stack.type(),
        stack.offset() + expert * bytes,
        bytes);
  }

  @Override
  public Path file() {
    return file.path();
  }

  @Override
  public Map<String, TensorEntry> entries() {
    return entries;
  }

  @Override
  public long storedBytes(String name) {
    return zeros.contains(name) ? 0 : values.containsKey(name) ? Float.BYTES : find(name).bytes();
  }

  @Override
  public String storedType(String name) {
    return values.containsKey(name) || zeros.contains(name)
        ? StoredType.F32.name()
        : find(name).pieces().get(0).tensor().type().name();
  }

  /** Returns the block type of a weight; empty if its blocks cannot be used unchanged. */
  Optional<TensorType> type(String name) {
    return values.containsKey(name) || zeros.contains(name)
        ? Optional.empty()
        : find(name).blockType();
  }

  /**
   * Returns for each row of a matrix [out, in] its index in the data of {@link #readStored}; empty
   * if equal.
   */
  Optional<int[]> order(String name) {
    return find(name).order();
  }

  /** Copies the stored bytes of a tensor, piece after piece. */
  void readStored(String name, ByteBuffer target) {
    int limit = target.limit();
    for (StoredTensor.Piece piece : find(name).pieces()) {
      target.limit(Math.toIntExact(target.position() + piece.tensor().bytes()));
      file.read(piece.tensor(), 0, target);
    }
    target.limit(limit);
  }

  private StoredTensor find(String name) {
    entry(name);
    return Objects.requireNonNull(stored.get(name));
  }

  @Override
  public ByteBuffer bytes(String name, long offset, int length) {
    ByteBuffer target = ByteBuffer.allocateDirect(length).order(ByteOrder.LITTLE_ENDIAN);
    read(name, offset, target);
    return target.flip().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void read(String name, long offset, ByteBuffer target) {
    TensorEntry entry = entry(name);
    Objects.checkFromIndexSize(offset, (long) target.remaining(), entry.length());
    if (zeros.contains(name)) {
      target.put(new byte[target.remaining()]);
      return;
    }
    Float value = values.get(name);
    if (value != null) {
      encode(new float[] {value}, offset, StoredType.F32, target);
      return;
    }
    StoredTensor tensor = find(name);
    if (tensor.isCopied()) {
      copy(tensor, entry.type().bytes(), offset, target);
    } else if (tensor.isTransposed() || tensor.isVector() || entry.type() != StoredType.F32) {
      readAssembled(name, tensor, offset, target);
    } else {
      dequantize(tensor, offset, target);
    }
  }

  private static void encode(float[] values, long offset, StoredType type, ByteBuffer target) {
    target.order(ByteOrder.LITTLE_ENDIAN);
    int first = Math.toIntExact(offset / type.bytes());
    int count = target.remaining() / type.bytes();
    if (offset % type.bytes() != 0 || target.remaining() % type.bytes() != 0) {
      throw new IllegalArgumentException("expected whole numbers of " + type.bytes() + " bytes");
    }
    if (type == StoredType.F32) {
      target.asFloatBuffer().put(values, first, count);
      target.position(target.limit());
    } else {
      TensorType own = type == StoredType.F16 ? TensorType.F16 : TensorType.BF16;
      Quantizer.of(own).quantize(values, first, count, target);
    }
  }

  /** Copies stored values, row by row if rows are reordered. */
  private void copy(StoredTensor tensor, int size, long offset, ByteBuffer target) {
    if (tensor.isInOrder()) {
      file.read(tensor.pieces().get(0).tensor(), offset, target);
      return;
    }
    long rowBytes = tensor.columns() * size;
    int limit = target.limit();
    long at = offset;
    while (target.position() < limit) {
      long within = at % rowBytes;
      int count = (int) Math.min(limit - target.position(), rowBytes - within);
      target.limit(target.position() + count);
      StoredTensor.Row row = tensor.row(at / rowBytes);
      file.read(row.tensor(), row.number() * rowBytes + within, target);
      at += count;
    }
  }

  private void dequantize(StoredTensor tensor, long offset, ByteBuffer target) {
    long columns = tensor.columns();
    long first = offset / Float.BYTES;
    long count = target.remaining() / Float.BYTES;
    if (offset % Float.BYTES != 0 || target.remaining() % Float.BYTES != 0) {
      throw new IllegalArgumentException("expected whole numbers of 4 bytes");
    }
    ByteBuffer place = target.slice().order(ByteOrder.LITTLE_ENDIAN);
    long firstRow = first / columns;
    long lastRow = (first + count - 1) / columns;
    int rows = (int) Math.max(1, PIECE / columns);
    int pieces = Math.toIntExact((lastRow - firstRow) / rows + 1);
    IntStream.range(0, count == 0 ? 0 : pieces)
        .parallel()
        .forEach(
            piece -> {
              float[] values = new float[(int) columns];
              long start = firstRow + (long) piece * rows;
              for (long row = start; row <= Math.min(lastRow, start + rows - 1); row++) {
                row(tensor, row, values);
                long from = Math.max(first, row * columns);
                long to = Math.min(first + count, (row + 1) * columns);
                place
                    .duplicate()
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .position((int) ((from - first) * Float.BYTES))
                    .slice()
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer()
                    .put(values, (int) (from - row * columns), (int) (to - from));
              }
            });
    target.position(target.limit());
  }

  /** Dequantizes a row of the checkpoint's tensor. */
  private void row(StoredTensor tensor, long number, float[] values) {
    StoredTensor.Row row = tensor.row(number);
    Dequantized.read(file, row.tensor(), row.number(), values);
    row.layout().restore(values);
  }

  private synchronized void readAssembled(
      String name, StoredTensor tensor, long offset, ByteBuffer target) {
    Assembled found = assembled;
    if (found == null || !found.name().equals(name)) {
      found = new Assembled(name, assemble(tensor));
      assembled = found;
    }
    encode(found.values(), offset, tensor.type(), target);
  }

  private float[] assemble(StoredTensor tensor) {
    return tensor.isVector()
        ? vector(tensor)
        : tensor.turnsStack() ? pieces(tensor) : matrix(tensor);
  }

  /** Reads a vector piece by piece rather than value by value. */
  private float[] vector(StoredTensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.rows())];
    for (StoredTensor.Piece piece : tensor.pieces()) {
      GgufTensor own = piece.tensor();
      float[] read = Dequantized.of(file, own);
      piece.layout().restore(read);
      for (int i = 0; i < read.length; i++) {
        values[(int) piece.layout().storedRow(i, read.length)] = read[i];
      }
    }
    return values;
  }

  /** Reads a matrix that is, in whole or in part, a stack of transposed ones. */
  private float[] pieces(StoredTensor tensor) {
    long elements = tensor.pieces().stream().mapToLong(piece -> piece.tensor().elements()).sum();
    float[] values = new float[Math.toIntExact(elements)];
    for (StoredTensor.Piece piece : tensor.pieces()) {
      GgufTensor own = piece.tensor();
      int in = Math.toIntExact(own.shape().get(0));
      IntStream.range(0, Math.toIntExact(own.elements() / in))
          .parallel()
          .forEach(
              row -> {
                float[] weights = new float[in];
                Dequantized.read(file, own, row, weights);
                for (int i = 0; i < in; i++) {
                  values[piece.index(row, i)] = weights[i];
                }
              });
    }
    return values;
  }

  private float[] matrix(StoredTensor tensor) {
    int out = Math.toIntExact(tensor.rows());
    int in = Math.toIntExact(tensor.columns());
    boolean transposed = tensor.isTransposed();
    float[] values = new float[Math.multiplyExact(out, in)];
    IntStream.range(0, out)
        .parallel()
        .forEach(
            row -> {
              float[] weights = new float[in];
              row(tensor, row, weights);
              for (int i = 0; i < in; i++) {
                values[transposed ? i * out + row : row * in + i] = weights[i];
              }
            });
    return values;
  }

  @Override
  public void close() {
    file.close();
  }
}
