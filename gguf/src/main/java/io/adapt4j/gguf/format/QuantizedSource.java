package io.adapt4j.gguf.format;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * A tensor quantized while it is written, piece by piece on several threads. The bytes do not
 * depend on the number of threads.
 *
 * <p>Memory: about 2 MB per thread, or two rows per thread if a row is larger.
 */
public final class QuantizedSource implements TensorSource {

  private static final int PIECE = 1 << 18;

  /** Source of a tensor's values. */
  @FunctionalInterface
  public interface Values {
    /**
     * Reads consecutive values. Called by the writing thread only, in order.
     *
     * @param first index of the first value in row-major order
     * @param target receives the values, from its start
     * @param count number of values
     * @throws IOException if they cannot be read
     */
    void read(long first, float[] target, int count) throws IOException;
  }

  private final String name;
  private final List<Long> shape;
  private final TensorType type;
  private final Values values;
  private final float @Nullable [] importance;
  private final int threads;

  private QuantizedSource(
      String name,
      List<Long> shape,
      TensorType type,
      Values values,
      float @Nullable [] importance,
      int threads) {
    this.name = name;
    this.shape = List.copyOf(shape);
    this.type = type;
    this.values = values;
    this.importance = importance;
    this.threads = threads;
  }

  /**
   * Creates a tensor with equally important values, quantized on all processors.
   *
   * @param name its name
   * @param shape its dimensions, the fastest first
   * @param type storage type of its values
   * @param values source of the values
   * @return the tensor
   */
  public static QuantizedSource of(String name, List<Long> shape, TensorType type, Values values) {
    int processors = Runtime.getRuntime().availableProcessors();
    return new QuantizedSource(name, shape, type, values, null, processors);
  }

  /**
   * Returns the same tensor with column importance.
   *
   * @param importance importance of each column, none negative
   * @return a new source
   * @throws IllegalArgumentException if the shape has another number of columns
   */
  public QuantizedSource withImportance(float[] importance) {
    if (shape.isEmpty() || shape.get(0) != importance.length) {
      throw new IllegalArgumentException(
          "importance of %s: expected one for each column of %s, found %d"
              .formatted(name, shape, importance.length));
    }
    return new QuantizedSource(name, shape, type, values, importance.clone(), threads);
  }

  /**
   * Returns the same tensor with another number of threads.
   *
   * @param threads at least 1
   * @return a new source
   * @throws IllegalArgumentException if the number is below 1
   */
  public QuantizedSource withThreads(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads: expected at least 1, found " + threads);
    }
    return new QuantizedSource(name, shape, type, values, importance, threads);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<Long> shape() {
    return shape;
  }

  @Override
  public TensorType type() {
    return type;
  }

  /** Buffers for the values and bytes of a piece. */
  private final class Piece {
    private final float[] read;
    private final ByteBuffer quantized;
    private long first;
    private int count;
    private @Nullable Future<?> done;

    Piece(int values) {
      read = new float[values];
      quantized = ByteBuffer.allocate(Math.toIntExact(type.bytes(values)));
    }

    private void quantize() {
      quantized.clear();
      Quantizer quantizer = Quantizer.of(type);
      try {
        if (importance == null) {
          quantizer.quantize(read, 0, count, quantized);
        } else {
          quantizer.quantize(read, 0, count, importance, quantized);
        }
      } catch (UnstorableValueException e) {
        throw new GgufException(
            "tensor '%s': value %d of shape %s: %s. Check the model: its training may have diverged."
                .formatted(name, first + e.index(), shape, e.problem()),
            e);
      }
      quantized.flip();
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws GgufException if a value is infinite or NaN, or too large for the type
   */
  @Override
  public void writeTo(WritableByteChannel target) throws IOException {
    long elements = GgufHeader.elements(shape);
    int size = pieceSize(elements);
    ExecutorService workers = Executors.newFixedThreadPool(threads, QuantizedSource::thread);
    Deque<Piece> running = new ArrayDeque<>();
    try {
      Deque<Piece> free = new ArrayDeque<>();
      for (long first = 0; first < elements; first += size) {
        if (running.size() > threads) {
          free.add(write(running.remove(), target));
        }
        Piece piece = free.isEmpty() ? new Piece(size) : free.remove();
        piece.first = first;
        piece.count = (int) Math.min(size, elements - first);
        values.read(first, piece.read, piece.count);
        piece.done = workers.submit(piece::quantize);
        running.add(piece);
      }
      while (!running.isEmpty()) {
        write(running.remove(), target);
      }
    } finally {
      workers.shutdownNow();
    }
  }

  /**
   * Returns the size of a piece: whole rows if several fit or they are required, else whole blocks.
   */
  private int pieceSize(long elements) {
    long row = shape.isEmpty() ? 1 : shape.get(0);
    if (elements <= PIECE) {
      return (int) elements;
    }
    if (row <= PIECE) {
      return (int) (PIECE / row * row);
    }
    return importance == null ? PIECE : Math.toIntExact(row);
  }

  private static Piece write(Piece piece, WritableByteChannel target) throws IOException {
    try {
      if (piece.done != null) {
        piece.done.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while a tensor was quantized");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
    while (piece.quantized.hasRemaining()) {
      target.write(piece.quantized);
    }
    return piece;
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "gguf-quantizer");
    thread.setDaemon(true);
    return thread;
  }
}
