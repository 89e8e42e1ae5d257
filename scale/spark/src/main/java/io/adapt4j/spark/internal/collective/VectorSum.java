package io.adapt4j.spark.internal.collective;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** All-reduce sum of the workers' vectors over one or more rounds. Not thread-safe. */
public final class VectorSum {

  /** Number of values that are received or rounded at a time. */
  static final int CHUNK = 1 << 16;

  /** Number of values summed at a time, which fit in the processor's L1 cache. */
  static final int BLOCK = 1 << 12;

  private final Collective collective;
  private final Mesh mesh;
  private final Encoding encoding;
  private final Function<List<Integer>, List<ByteBuffer>> memory;
  private final float[] values = new float[BLOCK];
  private final float[] more = new float[BLOCK];
  private final Rounding rounding = new Rounding(BLOCK);
  private final ByteBuffer[] chunks;

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
  public VectorSum(
      Collective collective, Encoding encoding, Function<List<Integer>, List<ByteBuffer>> memory) {
    this.collective = collective;
    this.mesh = collective.mesh();
    this.encoding = encoding;
    this.memory = memory;
    this.chunks = new ByteBuffer[mesh.size()];
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
    int operation = collective.next();
    boolean contributes = mesh.rank() < contributors;
    Segments own = part(vector, mesh.rank());
    if (sums == null) {
      sums = like(own);
    }
    if (encoding == Encoding.BF16 && partErrors == null) {
      partErrors = like(vector);
    }
    Addition addition = new Addition(own, sums, contributors, !begun);
    Traffic[] out = collective.forAll(Traffic.NONE);
    Traffic[] in = collective.forAll(Traffic.NONE);
    for (int other = 0; other < mesh.size(); other++) {
      if (other != mesh.rank() && contributes) {
        out[other] =
            outgoing(
                Header.Kind.PART,
                operation,
                part(vector, other),
                partErrors == null ? null : part(partErrors, other));
      }
      if (other != mesh.rank() && other < contributors) {
        addition.incoming[other] =
            new Chunks(Header.Kind.PART, operation, own.count(), chunk(other), addition::proceed);
        in[other] = addition.incoming[other];
      }
    }
    addition.proceed();
    mesh.move(out, in);
    begun = true;
  }

  /**
   * Takes the sum and resets it.
   *
   * @param vector overwritten
   */
  public void take(Segments vector) {
    if (!begun || sums == null) {
      throw new IllegalStateException("nothing was added up");
    }
    int operation = collective.next();
    Traffic[] out = collective.forAll(Traffic.NONE);
    Traffic[] in = collective.forAll(Traffic.NONE);
    Segments own = part(vector, mesh.rank());
    if (encoding == Encoding.BF16) {
      round(sums);
    }
    sums.copyTo(own);
    for (int other = 0; other < mesh.size(); other++) {
      if (other != mesh.rank()) {
        out[other] = outgoing(Header.Kind.SUM, operation, own, null);
        in[other] = result(operation, other, part(vector, other));
      }
    }
    mesh.move(out, in);
    begun = false;
  }

  private Traffic result(int operation, int other, Segments target) {
    if (encoding == Encoding.FP32) {
      return new Filled(operation, target);
    }
    Segments.Cursor cursor = target.cursor();
    Chunks[] self = new Chunks[1];
    Runnable taken =
        () -> {
          for (int left = self[0].count(); left > 0; left -= BLOCK) {
            int count = Math.min(left, BLOCK);
            self[0].get(values, count);
            cursor.put(values, count);
          }
          self[0].proceed();
        };
    self[0] = new Chunks(Header.Kind.SUM, operation, target.count(), chunk(other), taken);
    return self[0];
  }

  /** Rounds values as they arrive after sending in 16 bits, adding earlier rounding errors. */
  private void round(Segments sum) {
    if (sumErrors == null) {
      sumErrors = like(sum);
    }
    Segments.Cursor in = sum.cursor();
    Segments.Cursor out = sum.cursor();
    Segments.Cursor before = sumErrors.cursor();
    Segments.Cursor after = sumErrors.cursor();
    for (long left = sum.count(); left > 0; left -= BLOCK) {
      int count = (int) Math.min(left, BLOCK);
      in.get(values, count);
      before.get(more, count);
      rounding.round(values, more, count);
      after.put(more, count);
      out.put(values, count);
    }
  }

  private Traffic outgoing(
      Header.Kind kind, int operation, Segments source, @Nullable Segments errors) {
    ByteBuffer header = new Header(kind, operation, source.count() * encoding.bytes()).written();
    if (encoding == Encoding.BF16) {
      return new Staged(header, source, errors);
    }
    ByteBuffer[] pieces = source.bytes();
    ByteBuffer[] all = new ByteBuffer[pieces.length + 1];
    all[0] = header;
    System.arraycopy(pieces, 0, all, 1, pieces.length);
    return Traffic.of(all);
  }

  private ByteBuffer chunk(int other) {
    if (chunks[other] == null) {
      chunks[other] = ByteBuffer.allocateDirect(CHUNK * encoding.bytes());
    }
    return chunks[other];
  }

  private static void add(float[] sum, float[] more, int count) {
    for (int i = 0; i < count; i++) {
      sum[i] += more[i];
    }
  }

  /** Sums chunk by chunk, once every worker's has arrived. */
  private final class Addition {

    private final Chunks[] incoming = new Chunks[mesh.size()];
    private final int contributors;
    private final boolean first;
    private final Segments.Cursor own;
    private final Segments.Cursor before;
    private final Segments.Cursor after;
    private long left;

    Addition(Segments own, Segments sums, int contributors, boolean first) {
      this.own = own.cursor();
      this.before = sums.cursor();
      this.after = sums.cursor();
      this.contributors = contributors;
      this.first = first;
      this.left = own.count();
    }

    private void proceed() {
      while (left > 0 && isReady()) {
        int count = (int) Math.min(left, CHUNK);
        for (int done = 0; done < count; done += BLOCK) {
          addBlock(Math.min(count - done, BLOCK));
        }
        left -= count;
        for (Chunks chunk : incoming) {
          if (chunk != null) {
            chunk.proceed();
          }
        }
      }
    }

    private void addBlock(int count) {
      if (!first) {
        before.get(values, count);
      }
      for (int worker = 0; worker < contributors; worker++) {
        addFrom(worker, count, first && worker == 0);
      }
      after.put(values, count);
    }

    private boolean isReady() {
      for (Chunks chunk : incoming) {
        if (chunk != null && !chunk.isFull()) {
          return false;
        }
      }
      return true;
    }

    private void addFrom(int worker, int count, boolean begins) {
      float[] target = begins ? values : more;
      if (worker == mesh.rank()) {
        own.get(target, count);
      } else {
        incoming[worker].get(target, count);
      }
      if (!begins) {
        add(values, more, count);
      }
    }
  }

  /** Incoming values in chunks, each held until it is consumed. */
  private final class Chunks extends Header.Incoming {

    private final ByteBuffer filled;
    private final ByteBuffer[] body;
    private final FloatBuffer floats;
    private final ShortBuffer halves;
    private final Runnable arrived;
    private long left;
    private int taken;

    Chunks(Header.Kind kind, int number, long count, ByteBuffer memory, Runnable arrived) {
      super(kind, number);
      this.left = count;
      this.filled = memory;
      this.body = new ByteBuffer[] {memory};
      ByteBuffer whole = memory.duplicate().clear().order(ByteOrder.nativeOrder());
      this.floats = whole.asFloatBuffer();
      this.halves = whole.asShortBuffer();
      this.arrived = arrived;
      limit();
    }

    private void limit() {
      filled.clear().limit(count() * encoding.bytes());
    }

    int count() {
      return (int) Math.min(left, CHUNK);
    }

    boolean isFull() {
      return left > 0 && !filled.hasRemaining();
    }

    /** Reads the next values of a full chunk. */
    void get(float[] target, int count) {
      if (encoding == Encoding.BF16) {
        rounding.read(halves.position(taken), target, count);
      } else {
        floats.get(taken, target, 0, count);
      }
      taken += count;
    }

    /** Releases the chunk, so that the next one can arrive. */
    void proceed() {
      left -= count();
      taken = 0;
      limit();
    }

    @Override
    void begin(long bytes) {
      require(left * encoding.bytes(), bytes);
    }

    @Override
    ByteBuffer[] body() {
      return filled.hasRemaining() ? body : NOTHING;
    }

    @Override
    void filled() {
      if (isFull()) {
        arrived.run();
      }
    }

    @Override
    boolean isComplete() {
      return left == 0;
    }
  }

  /** Incoming values written to their destination. */
  private static final class Filled extends Header.Incoming {

    private final ByteBuffer[] pieces;
    private final long bytes;
    private int first;

    Filled(int number, Segments target) {
      super(Header.Kind.SUM, number);
      this.pieces = target.bytes();
      this.bytes = target.count() * Float.BYTES;
    }

    @Override
    void begin(long found) {
      require(bytes, found);
    }

    @Override
    ByteBuffer[] body() {
      return pieces;
    }

    @Override
    boolean isComplete() {
      while (first < pieces.length && !pieces[first].hasRemaining()) {
        first++;
      }
      return first == pieces.length;
    }
  }

  /** Outgoing values rounded chunk by chunk as they are sent. */
  private final class Staged implements Traffic {

    private final ByteBuffer[] next;
    private final ByteBuffer memory = ByteBuffer.allocateDirect(CHUNK * Short.BYTES);
    private final ShortBuffer halves = memory.order(ByteOrder.nativeOrder()).asShortBuffer();
    private final Segments.Cursor source;
    private final Segments.@Nullable Cursor before;
    private final Segments.@Nullable Cursor after;
    private long left;

    Staged(ByteBuffer header, Segments source, @Nullable Segments errors) {
      this.next = new ByteBuffer[] {header, memory.limit(0)};
      this.source = source.cursor();
      this.before = errors == null ? null : errors.cursor();
      this.after = errors == null ? null : errors.cursor();
      this.left = source.count();
    }

    @Override
    public ByteBuffer[] next() {
      if (!memory.hasRemaining() && left > 0) {
        int count = (int) Math.min(left, CHUNK);
        halves.clear();
        for (int done = 0; done < count; done += BLOCK) {
          stage(Math.min(count - done, BLOCK));
        }
        memory.clear().limit(count * Short.BYTES);
        left -= count;
      }
      return next;
    }

    private void stage(int count) {
      source.get(values, count);
      if (before == null || after == null) {
        rounding.round(values, null, count);
      } else {
        before.get(more, count);
        rounding.round(values, more, count);
        after.put(more, count);
      }
      rounding.write(values, count, halves);
    }

    @Override
    public void moved() {}

    @Override
    public boolean isDone() {
      return left == 0 && !memory.hasRemaining() && !next[0].hasRemaining();
    }
  }
}
