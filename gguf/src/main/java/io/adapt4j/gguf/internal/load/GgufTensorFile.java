package io.adapt4j.gguf.internal.load;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.checkpoint.TensorFile;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.format.Quantizer;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.gguf.internal.family.GgufFamily.Place;
import io.adapt4j.gguf.internal.family.Layout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of a GGUF file as a checkpoint has them: under its names, with rows in its order, and
 * dequantized to fp32 as they are read.
 */
final class GgufTensorFile implements TensorFile {

  /** Rows that a thread dequantizes at a time hold at least so many values. */
  private static final int PIECE = 1 << 14;

  /** The most values of a tensor that is read for its type when a file is opened. */
  private static final int FEW = 1 << 22;

  /** The only matrix of one row, which is a vector in such files. */
  private static final String ONE_ROW = "ffn_gate_inp_shexp.weight";

  private final GgufFile file;
  private final Map<String, TensorEntry> entries;
  private final Map<String, Stored> stored;

  /** The tensor that is stored turned and was read last. */
  private @Nullable Turned turned;

  /** A tensor in the file, how its values lie there, and the type that it is read in. */
  private record Stored(GgufTensor tensor, Layout layout, StoredType type) {

    long columns() {
      return tensor.shape().get(0);
    }

    long rows() {
      return tensor.elements() / columns();
    }

    boolean isTurned() {
      return layout.kind() == Layout.Kind.TRANSPOSED;
    }

    /** Whether bytes are taken over as they are, but for the order of rows. */
    boolean isCopied() {
      return !isTurned()
          && layout.kind() != Layout.Kind.PLUS_ONE
          && tensor.type().name().equals(type.name());
    }
  }

  /** Values as [in, out]. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Turned(String name, float[] values) {}

  private GgufTensorFile(
      GgufFile file, Map<String, TensorEntry> entries, Map<String, Stored> stored) {
    this.file = file;
    this.entries = Collections.unmodifiableMap(entries);
    this.stored = stored;
  }

  /** Takes over an open file, and closes it where this fails. */
  static GgufTensorFile of(GgufModel model, GgufFile file) {
    Map<String, TensorEntry> entries = new LinkedHashMap<>();
    Map<String, Stored> stored = new LinkedHashMap<>();
    boolean allBf16 =
        model.places().keySet().stream()
            .map(file::tensor)
            .allMatch(tensor -> tensor.type() == TensorType.BF16 || mayBeBf16(tensor));
    model
        .places()
        .forEach(
            (gguf, place) -> {
              GgufTensor own = file.tensor(gguf);
              StoredType type =
                  allBf16 && mayBeBf16(own) && isBf16(file, own, place.layout())
                      ? StoredType.BF16
                      : typeOf(own, place.layout());
              int experts = place.isStack() ? Math.toIntExact(own.shape().get(2)) : 1;
              for (int expert = 0; expert < experts; expert++) {
                Place part = place.isStack() ? place.ofExpert(expert) : place;
                GgufTensor tensor = place.isStack() ? part(own, expert) : own;
                Stored found = new Stored(tensor, place.layout(), type);
                stored.put(part.name(), found);
                entries.put(part.name(), entry(part.name(), found, file.path()));
              }
            });
    return new GgufTensorFile(file, entries, stored);
  }

  /** The matrix of one expert. */
  private static GgufTensor part(GgufTensor stack, int expert) {
    long bytes = stack.bytes() / stack.shape().get(2);
    return new GgufTensor(
        stack.name(),
        stack.shape().subList(0, 2),
        stack.type(),
        stack.offset() + expert * bytes,
        bytes);
  }

  private static TensorEntry entry(String name, Stored stored, Path path) {
    GgufTensor tensor = stored.tensor();
    StoredType type = stored.type();
    List<Long> shape =
        switch (tensor.shape().size()) {
          case 1 ->
              tensor.name().endsWith(ONE_ROW) ? List.of(1L, tensor.shape().get(0)) : tensor.shape();
          case 2 ->
              stored.isTurned()
                  ? tensor.shape()
                  : List.of(tensor.shape().get(1), tensor.shape().get(0));
          default ->
              IntStream.iterate(tensor.shape().size() - 1, i -> i >= 0, i -> i - 1)
                  .mapToObj(tensor.shape()::get)
                  .toList();
        };
    return new TensorEntry(
        name, type, shape, path, tensor.offset(), tensor.elements() * type.bytes());
  }

  private static StoredType typeOf(GgufTensor tensor, Layout layout) {
    if (layout.kind() == Layout.Kind.PLUS_ONE) {
      return StoredType.F32;
    }
    return switch (tensor.type()) {
      case F16 -> StoredType.F16;
      case BF16 -> StoredType.BF16;
      default -> StoredType.F32;
    };
  }

  private static boolean mayBeBf16(GgufTensor tensor) {
    return tensor.type() == TensorType.F32 && tensor.elements() <= FEW;
  }

  /**
   * Whether a tensor was bfloat16 in the checkpoint: converters write vectors and learned positions
   * in fp32, also those of models whose matrices they leave in bfloat16.
   */
  private static boolean isBf16(GgufFile file, GgufTensor tensor, Layout layout) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.toIntExact(tensor.bytes())).order(ByteOrder.LITTLE_ENDIAN);
    file.read(tensor, 0, bytes);
    float[] values = new float[Math.toIntExact(tensor.elements())];
    bytes.flip().asFloatBuffer().get(values);
    float added = layout.kind() == Layout.Kind.PLUS_ONE ? 1 : 0;
    for (float value : values) {
      // Rounded by its integer bits, half to even.
      int bits = Float.floatToRawIntBits(value - added);
      int rounded = bits + 0x7fff + (bits >>> 16 & 1) & 0xffff0000;
      if (!Float.isFinite(value) || Float.intBitsToFloat(rounded) + added != value) {
        return false;
      }
    }
    return true;
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
    return find(name).tensor().bytes();
  }

  @Override
  public String storedType(String name) {
    return type(name).name();
  }

  /** How the values of a tensor are stored. */
  TensorType type(String name) {
    return find(name).tensor().type();
  }

  /**
   * For each row of a matrix [out, in] its row in the file.
   *
   * @return empty where they have the same order
   */
  Optional<int[]> order(String name) {
    Stored tensor = find(name);
    if (!tensor.layout().reordersRows()) {
      return Optional.empty();
    }
    int rows = Math.toIntExact(tensor.rows());
    return Optional.of(
        IntStream.range(0, rows).map(row -> (int) tensor.layout().ggufRow(row, rows)).toArray());
  }

  /** Copies all bytes of a tensor as they are stored. */
  void readStored(String name, ByteBuffer target) {
    file.read(find(name).tensor(), 0, target);
  }

  private Stored find(String name) {
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
    Stored tensor = find(name);
    if (tensor.isTurned()) {
      readTurned(name, tensor, offset, target);
    } else if (tensor.isCopied()) {
      readRows(tensor, entry.type().bytes(), offset, target);
    } else if (entry.type() != StoredType.F32) {
      readNarrowed(tensor, offset, target);
    } else {
      dequantize(tensor, offset, target);
    }
  }

  /** Reads a small tensor of 16 bits that the file stores in 32. */
  private void readNarrowed(Stored tensor, long offset, ByteBuffer target) {
    float[] values = new float[Math.toIntExact(tensor.tensor().elements())];
    ByteBuffer ordered = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    readRows(tensor, Float.BYTES, 0, ordered);
    ordered.flip().asFloatBuffer().get(values);
    if (tensor.layout().kind() == Layout.Kind.PLUS_ONE) {
      for (int i = 0; i < values.length; i++) {
        values[i] -= 1;
      }
    }
    encode(values, offset, tensor.type(), target);
  }

  /** Puts values in the type that a tensor is read in, from a byte on. */
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

  /** Copies stored values row by row where rows are reordered, else at once. */
  private void readRows(Stored tensor, int size, long offset, ByteBuffer target) {
    if (!tensor.layout().reordersRows()) {
      file.read(tensor.tensor(), offset, target);
      return;
    }
    long rowBytes = rowValues(tensor) * size;
    long rows = tensor.tensor().elements() / rowValues(tensor);
    int limit = target.limit();
    long at = offset;
    while (target.position() < limit) {
      long within = at % rowBytes;
      int count = (int) Math.min(limit - target.position(), rowBytes - within);
      target.limit(target.position() + count);
      long row = tensor.layout().ggufRow(at / rowBytes, rows);
      file.read(tensor.tensor(), row * rowBytes + within, target);
      at += count;
    }
  }

  /** The values that move together: a row of a matrix, an entry of a bias. */
  private static long rowValues(Stored tensor) {
    return tensor.tensor().shape().size() == 1 ? 1 : tensor.columns();
  }

  private void dequantize(Stored tensor, long offset, ByteBuffer target) {
    long columns = tensor.columns();
    long first = offset / Float.BYTES;
    long count = target.remaining() / Float.BYTES;
    if (offset % Float.BYTES != 0 || target.remaining() % Float.BYTES != 0) {
      throw new IllegalArgumentException(
          tensor.tensor().name() + ": expected whole numbers of 4 bytes");
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
  private void row(Stored tensor, long row, float[] values) {
    TensorType type = tensor.tensor().type();
    int columns = values.length;
    long bytes = type.bytes(columns);
    ByteBuffer blocks = ByteBuffer.allocate((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
    file.read(tensor.tensor(), tensor.layout().ggufRow(row, tensor.rows()) * bytes, blocks);
    Quantizer.of(type).dequantize(blocks.flip(), values, 0, columns);
    if (tensor.layout().kind() == Layout.Kind.PLUS_ONE) {
      for (int i = 0; i < columns; i++) {
        values[i] -= 1;
      }
    }
  }

  private synchronized void readTurned(String name, Stored tensor, long offset, ByteBuffer target) {
    Turned found = turned;
    if (found == null || !found.name().equals(name)) {
      found = new Turned(name, turn(tensor));
      turned = found;
    }
    encode(found.values(), offset, tensor.type(), target);
  }

  private float[] turn(Stored tensor) {
    int out = Math.toIntExact(tensor.rows());
    int in = Math.toIntExact(tensor.columns());
    float[] values = new float[Math.multiplyExact(out, in)];
    IntStream.range(0, out)
        .parallel()
        .forEach(
            row -> {
              float[] weights = new float[in];
              row(tensor, row, weights);
              for (int i = 0; i < in; i++) {
                values[i * out + row] = weights[i];
              }
            });
    return values;
  }

  @Override
  public void close() {
    file.close();
  }
}
