package io.adapt4j.spark.internal.collective;

import io.adapt4j.spark.internal.collective.Mesh.Kind;
import io.adapt4j.spark.internal.collective.Mesh.Transfer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * All-reduce sum of the workers' vectors over one or more rounds. Not thread-safe.
 *
 * <p>Each worker owns one part of the vector. It receives that part from all others, sums in rank
 * order, and sends the result to all (reduce-scatter, then all-gather). Every number is thus summed
 * in the same order as by one process that adds the workers' vectors one by one, and all workers
 * get bitwise identical results. A ring would sum each part in a different order.
 */
public final class VectorSum {

  /** Number of values sent, received or summed at a time, which fit in the processor's cache. */
  private static final int CHUNK = 1 << 14;

  private final Mesh mesh;
  private final Encoding encoding;
  private final Function<List<Integer>, List<ByteBuffer>> memory;
  private final ThreadLocal<Chunk> chunks = ThreadLocal.withInitial(Chunk::new);

  /** The sum of this worker's part; null before it is allocated. */
  private @Nullable Segments sums;

  private @Nullable Segments partErrors;
  private @Nullable Segments sumErrors;
  private boolean begun;

  /**
   * Starts an empty sum.
   *
   * @param memory allocates zeroed memory of given sizes in bytes, which lives as long as this
   */
  public VectorSum(Mesh mesh, Encoding encoding, Function<List<Integer>, List<ByteBuffer>> memory) {
    this.mesh = mesh;
    this.encoding = encoding;
    this.memory = memory;
  }

  private Segments part(Segments vector, int owner) {
    long count = vector.count();
    return vector.part(count * owner / mesh.size(), count * (owner + 1) / mesh.size());
  }

  private Segments like(Segments vector) {
    return Segments.of(memory.apply(vector.sizes()));
  }

  /** Adds a vector of each worker, in the order of ranks, after those of earlier rounds. */
  public void add(Segments vector, int contributors) {
    int operation = mesh.next();
    Segments own = part(vector, mesh.rank());
    Segments total = sums == null ? like(own) : sums;
    sums = total;
    if (encoding == Encoding.BF16 && partErrors == null) {
      partErrors = like(vector);
    }
    List<Transfer> transfers = new ArrayList<>();
    transfers.add(() -> addParts(operation, own, total, contributors));
    if (mesh.rank() < contributors) {
      for (int other : mesh.others(mesh.size())) {
        Segments errors = partErrors == null ? null : part(partErrors, other);
        transfers.add(() -> send(other, Kind.PART, operation, part(vector, other), errors));
      }
    }
    mesh.run(transfers);
    begun = true;
  }

  private void addParts(int operation, Segments own, Segments total, int contributors)
      throws IOException {
    for (int other : mesh.others(contributors)) {
      requireSize(own, mesh.receive(other, Kind.PART, operation));
    }
    Chunk chunk = chunks.get();
    Segments.Cursor values = own.cursor();
    Segments.Cursor before = total.cursor();
    Segments.Cursor after = total.cursor();
    for (long left = own.count(); left > 0; left -= CHUNK) {
      int count = (int) Math.min(left, CHUNK);
      if (begun) {
        before.get(chunk.values, count);
      }
      for (int worker = 0; worker < contributors; worker++) {
        float[] target = begun || worker > 0 ? chunk.more : chunk.values;
        if (worker == mesh.rank()) {
          values.get(target, count);
        } else {
          chunk.receive(worker, target, count);
        }
        if (target == chunk.more) {
          chunk.add(count);
        }
      }
      after.put(chunk.values, count);
    }
  }

  /** Takes the sum and resets it. */
  public void take(Segments vector) {
    if (!begun || sums == null) {
      throw new IllegalStateException("nothing was added up");
    }
    int operation = mesh.next();
    Segments own = part(vector, mesh.rank());
    if (encoding == Encoding.BF16 && sumErrors == null) {
      sumErrors = like(sums);
    }
    Chunk chunk = chunks.get();
    Segments.Cursor total = sums.cursor();
    Segments.Cursor taken = own.cursor();
    Rounder rounder = new Rounder(sumErrors, chunk);
    for (long left = own.count(); left > 0; left -= CHUNK) {
      int count = (int) Math.min(left, CHUNK);
      total.get(chunk.values, count);
      rounder.round(count);
      taken.put(chunk.values, count);
    }
    List<Transfer> transfers = new ArrayList<>();
    for (int other : mesh.others(mesh.size())) {
      transfers.add(() -> receiveSum(other, operation, part(vector, other)));
      transfers.add(() -> send(other, Kind.SUM, operation, own, null));
    }
    mesh.run(transfers);
    begun = false;
  }

  private void receiveSum(int other, int operation, Segments target) throws IOException {
    requireSize(target, mesh.receive(other, Kind.SUM, operation));
    if (encoding == Encoding.FP32) {
      for (ByteBuffer piece : target.bytes()) {
        mesh.receive(other, piece);
      }
      return;
    }
    Chunk chunk = chunks.get();
    Segments.Cursor cursor = target.cursor();
    for (long left = target.count(); left > 0; left -= CHUNK) {
      int count = (int) Math.min(left, CHUNK);
      chunk.receive(other, chunk.values, count);
      cursor.put(chunk.values, count);
    }
  }

  private void requireSize(Segments expected, long found) {
    long bytes = expected.count() * encoding.bytes();
    if (bytes != found) {
      throw new CollectiveException(
          "The workers train different values: expected %s bytes of them, received %s"
              .formatted(bytes, found));
    }
  }

  private void send(int other, Kind kind, int operation, Segments source, @Nullable Segments errors)
      throws IOException {
    mesh.send(other, kind, operation, source.count() * encoding.bytes());
    if (encoding == Encoding.FP32) {
      for (ByteBuffer piece : source.bytes()) {
        mesh.send(other, piece);
      }
      return;
    }
    Chunk chunk = chunks.get();
    Segments.Cursor cursor = source.cursor();
    Rounder rounder = new Rounder(errors, chunk);
    for (long left = source.count(); left > 0; left -= CHUNK) {
      int count = (int) Math.min(left, CHUNK);
      cursor.get(chunk.values, count);
      rounder.round(count);
      chunk.send(other, count);
    }
  }

  /** Rounding of a vector chunk by chunk, with earlier rounding errors if there are any. */
  private final class Rounder {

    private final Chunk chunk;
    private final Segments.@Nullable Cursor before;
    private final Segments.@Nullable Cursor after;

    Rounder(@Nullable Segments errors, Chunk chunk) {
      this.chunk = chunk;
      this.before = errors == null ? null : errors.cursor();
      this.after = errors == null ? null : errors.cursor();
    }

    void round(int count) {
      if (encoding == Encoding.FP32) {
        return;
      }
      if (before == null || after == null) {
        chunk.rounding.round(chunk.values, null, count);
        return;
      }
      before.get(chunk.more, count);
      chunk.rounding.round(chunk.values, chunk.more, count);
      after.put(chunk.more, count);
    }
  }

  /** Working memory of a thread. */
  private final class Chunk {

    private final float[] values = new float[CHUNK];
    private final float[] more = new float[CHUNK];
    private final ByteBuffer bytes =
        ByteBuffer.allocateDirect(CHUNK * Float.BYTES).order(ByteOrder.nativeOrder());
    private final Rounding rounding = new Rounding(CHUNK);

    void receive(int other, float[] target, int count) throws IOException {
      mesh.receive(other, bytes.clear().limit(count * encoding.bytes()));
      bytes.flip();
      if (encoding == Encoding.FP32) {
        bytes.asFloatBuffer().get(target, 0, count);
      } else {
        rounding.read(bytes.asShortBuffer(), target, count);
      }
    }

    void send(int other, int count) throws IOException {
      rounding.write(values, count, bytes.clear().asShortBuffer());
      mesh.send(other, bytes.limit(count * Short.BYTES));
    }

    void add(int count) {
      for (int i = 0; i < count; i++) {
        values[i] += more[i];
      }
    }
  }
}
