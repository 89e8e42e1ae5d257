package io.adapt4j.spark.internal.collective;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/** A vector stored in several pieces of memory. */
public final class Segments {

  private final List<ByteBuffer> pieces;
  private final long count;

  private Segments(List<ByteBuffer> pieces) {
    this.pieces = pieces;
    this.count = pieces.stream().mapToLong(piece -> piece.remaining() / Float.BYTES).sum();
  }

  /**
   * Wraps memory.
   *
   * @param pieces fp32 values in native byte order, between position and limit
   */
  public static Segments of(List<ByteBuffer> pieces) {
    return new Segments(
        pieces.stream().map(piece -> piece.slice().order(ByteOrder.nativeOrder())).toList());
  }

  /** {@return the number of values} */
  public long count() {
    return count;
  }

  /** Returns a part of the vector. */
  public Segments part(long from, long to) {
    List<ByteBuffer> found = new ArrayList<>();
    long start = 0;
    for (ByteBuffer piece : pieces) {
      long end = start + piece.remaining() / Float.BYTES;
      long first = Math.max(from, start);
      long last = Math.min(to, end);
      if (first < last) {
        found.add(
            piece
                .slice(
                    Math.toIntExact((first - start) * Float.BYTES),
                    Math.toIntExact((last - first) * Float.BYTES))
                .order(ByteOrder.nativeOrder()));
      }
      start = end;
    }
    return new Segments(found);
  }

  /** Returns the sizes of the pieces in bytes. */
  List<Integer> sizes() {
    return pieces.stream().map(ByteBuffer::remaining).toList();
  }

  /** Returns the memory, each piece with an independent position. */
  ByteBuffer[] bytes() {
    return pieces.stream().map(ByteBuffer::slice).toArray(ByteBuffer[]::new);
  }

  /** Returns a cursor that reads or writes the vector sequentially. */
  Cursor cursor() {
    return new Cursor();
  }

  /** A position in the vector. */
  final class Cursor {

    private int piece;
    private FloatBuffer present = FloatBuffer.allocate(0);

    void get(float[] target, int length) {
      for (int done = 0; done < length; ) {
        FloatBuffer next = next();
        int some = Math.min(next.remaining(), length - done);
        next.get(target, done, some);
        done += some;
      }
    }

    void put(float[] source, int length) {
      for (int done = 0; done < length; ) {
        FloatBuffer next = next();
        int some = Math.min(next.remaining(), length - done);
        next.put(source, done, some);
        done += some;
      }
    }

    private FloatBuffer next() {
      while (!present.hasRemaining()) {
        present = pieces.get(piece++).duplicate().order(ByteOrder.nativeOrder()).asFloatBuffer();
      }
      return present;
    }
  }
}
