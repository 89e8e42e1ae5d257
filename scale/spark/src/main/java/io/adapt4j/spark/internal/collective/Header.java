package io.adapt4j.spark.internal.collective;

import java.nio.ByteBuffer;

/** Header of a transfer: its kind, operation number and size. */
record Header(Kind kind, int number, long bytes) {

  static final int BYTES = 2 * Integer.BYTES + Long.BYTES;

  /** Kind of transfer. */
  enum Kind {
    MESSAGE(1),
    PART(2),
    SUM(3);

    private final int code;

    Kind(int code) {
      this.code = code;
    }
  }

  ByteBuffer written() {
    return ByteBuffer.allocate(BYTES).putInt(kind.code).putInt(number).putLong(bytes).flip();
  }

  /** Reads the size from a full buffer after comparing the rest with what is expected. */
  static long read(ByteBuffer full, Kind kind, int number) {
    full.flip();
    int foundKind = full.getInt();
    int foundNumber = full.getInt();
    long bytes = full.getLong();
    if (foundKind != kind.code || foundNumber != number || bytes < 0) {
      throw new CollectiveException(
          "The workers do different things: expected %s %s, received number %s of kind %s"
              .formatted(kind, number, foundNumber, foundKind));
    }
    return bytes;
  }

  /** Incoming data that follows its header. */
  abstract static class Incoming implements Traffic {

    private final ByteBuffer header = ByteBuffer.allocate(BYTES);
    private final ByteBuffer[] first = {header};
    private final Kind kind;
    private final int number;
    private boolean begun;

    Incoming(Kind kind, int number) {
      this.kind = kind;
      this.number = number;
    }

    @Override
    public final ByteBuffer[] next() {
      if (!begun) {
        return first;
      }
      return isDone() ? NOTHING : body();
    }

    @Override
    public final void moved() {
      if (begun) {
        filled();
      } else if (!header.hasRemaining()) {
        begin(read(header, kind, number));
        begun = true;
      }
    }

    @Override
    public final boolean isDone() {
      return begun && isComplete();
    }

    /** Prepares for a number of bytes. */
    abstract void begin(long bytes);

    /** Returns the memory to fill next. */
    abstract ByteBuffer[] body();

    /** Called after memory was filled. */
    void filled() {}

    abstract boolean isComplete();

    static void require(long expected, long found) {
      if (expected != found) {
        throw new CollectiveException(
            "The workers train different values: expected %s bytes of them, received %s"
                .formatted(expected, found));
      }
    }
  }
}
