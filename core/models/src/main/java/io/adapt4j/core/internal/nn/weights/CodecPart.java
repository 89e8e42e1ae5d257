package io.adapt4j.core.internal.nn.weights;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import io.adapt4j.core.spi.WeightCodec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** The weight of one projection, encoded by a codec. */
final class CodecPart implements AutoCloseable {

  /** Number of weights decoded before they are copied to their device. */
  private static final long PIECE = 2L << 20;

  private final WeightCodec codec;
  private final Linear.Part part;
  private final int in;
  private final int rowBytes;
  private final Slice weight;
  private final String storedName;
  private final StoredType original;
  private Tensor codes;

  private CodecPart(
      WeightCodec codec, Linear.Part part, long in, Slice weight, TensorEntry stored) {
    this.codec = codec;
    this.part = part;
    this.in = Math.toIntExact(in);
    this.rowBytes = rowBytes(codec, in);
    this.weight = weight;
    this.storedName = stored.name();
    this.original = stored.type();
  }

  /**
   * Returns a projection whose weight the checkpoint has; empty if it is missing or has a wrong
   * shape.
   */
  static Optional<CodecPart> of(
      WeightCodec codec,
      Linear.Part part,
      long in,
      Slice weight,
      StoredNames names,
      Checkpoint checkpoint) {
    String stored = names.find(weight.name(), checkpoint.names());
    return checkpoint.names().contains(stored)
        ? Optional.of(new CodecPart(codec, part, in, weight, checkpoint.entry(stored)))
            .filter(found -> checkpoint.entry(stored).shape().equals(found.storedShape()))
        : Optional.empty();
  }

  StoredType original() {
    return original;
  }

  static int rowBytes(WeightCodec codec, long in) {
    int bytes = codec.rowBytes(Math.toIntExact(in));
    if (bytes < 1) {
      throw new IllegalArgumentException(
          "codec " + codec.name() + ": expected rowBytes of at least 1, found " + bytes);
    }
    return bytes;
  }

  Linear.Part part() {
    return part;
  }

  String name() {
    return weight.name();
  }

  boolean isTransposed() {
    return weight.transposed();
  }

  String storedName() {
    return storedName;
  }

  List<Long> storedShape() {
    long columns = in;
    return weight.transposed() ? List.of(columns, part.width()) : List.of(part.width(), columns);
  }

  long count() {
    return part.width() * in;
  }

  long bytes() {
    return part.width() * rowBytes;
  }

  void read(Checkpoint checkpoint) {
    close();
    if (Math.max(bytes(), count() * Float.BYTES) > Integer.MAX_VALUE) {
      throw new CheckpointException(
          checkpoint.entry(storedName).file()
              + ": tensor '"
              + storedName
              + "': expected less than 2 GiB of weights in fp32, found "
              + part.width()
              + " x "
              + in
              + ". A codec cannot hold larger ones.");
    }
    codes = Tensor.zerosOnHost(DType.U8, part.width(), rowBytes).own();
    try (Tensor plain = Tensor.emptyOnHost(DType.F32, part.width(), in)) {
      Weights.fill(plain, checkpoint, storedName, weight.transposed());
      FloatBuffer values = plain.data().asFloatBuffer();
      ByteBuffer bytes = codes.data();
      rows(part.width()).forEach(row -> encode(row, floats(values, row), bytes(bytes, row)));
    }
  }

  private void encode(int row, FloatBuffer values, ByteBuffer bytes) {
    requireFinite(values, "expected weights", row);
    codec.encode(values.asReadOnlyBuffer(), bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN));
    FloatBuffer decoded = FloatBuffer.allocate(in);
    codec.decode(readOnly(bytes), decoded.duplicate());
    requireFinite(decoded, "codec " + codec.name() + ": expected decoded weights", row);
  }

  private void requireFinite(FloatBuffer values, String expected, int row) {
    for (int i = 0; i < in; i++) {
      if (!Float.isFinite(values.get(i))) {
        throw new CheckpointException(
            "tensor '%s': %s to be finite, found %s at [%d, %d]"
                .formatted(weight.name(), expected, values.get(i), row, i));
      }
    }
  }

  /**
   * Decodes the weight.
   *
   * @param target receives it, [width, in] of any type on any device
   */
  void decode(Tensor target) {
    if (codes == null) {
      throw new IllegalStateException(part.path() + " has no weights");
    }
    if (target.isOnHost() && target.type() == DType.F32) {
      decode(0, target);
      return;
    }
    long rowsAtOnce = Math.max(1, PIECE / in);
    for (long row = 0; row < part.width(); row += rowsAtOnce) {
      long rows = Math.min(rowsAtOnce, part.width() - row);
      try (Tensor staged = Tensor.emptyOnHost(DType.F32, rows, in);
          Tensor place = target.narrow(0, row, rows)) {
        decode((int) row, staged);
        place.copyFrom(staged);
      }
    }
  }

  private void decode(int first, Tensor target) {
    FloatBuffer values = target.data().asFloatBuffer();
    ByteBuffer bytes = codes.data();
    rows(target.size(0))
        .forEach(row -> codec.decode(readOnly(bytes(bytes, first + row)), floats(values, row)));
  }

  private static IntStream rows(long count) {
    return IntStream.range(0, Math.toIntExact(count)).parallel();
  }

  private FloatBuffer floats(FloatBuffer all, int row) {
    return all.slice(row * in, in);
  }

  private ByteBuffer bytes(ByteBuffer all, int row) {
    return all.slice(row * rowBytes, rowBytes);
  }

  private static ByteBuffer readOnly(ByteBuffer bytes) {
    return bytes.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void close() {
    if (codes != null) {
      codes.close();
      codes = null;
    }
  }
}
