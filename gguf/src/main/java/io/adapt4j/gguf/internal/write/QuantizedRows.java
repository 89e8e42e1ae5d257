package io.adapt4j.gguf.internal.write;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.gguf.format.Quantizer;
import io.adapt4j.gguf.format.TensorSource;
import io.adapt4j.gguf.format.TensorType;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A tensor whose rows are read and quantized on all cores while earlier ones are written. */
@SuppressWarnings("ArrayRecordComponent")
record QuantizedRows(
    String name,
    List<Long> shape,
    TensorType type,
    Supplier<Rows> rows,
    float @Nullable [] importance,
    ExecutorService workers)
    implements TensorSource {

  /** Number of values per task. */
  private static final int PIECE = 1 << 18;

  @Override
  public void writeTo(WritableByteChannel target) throws IOException {
    Rows values = rows.get();
    int most = Math.max(1, PIECE / Math.max(1, values.columns()));
    int ahead = 2 * Runtime.getRuntime().availableProcessors();
    Deque<Future<ByteBuffer>> pieces = new ArrayDeque<>();
    try {
      for (long row = 0; row < values.rows(); row += most) {
        long first = row;
        int count = (int) Math.min(most, values.rows() - row);
        pieces.add(workers.submit(() -> piece(values, first, count)));
        if (pieces.size() > ahead) {
          target.write(pieces.remove().get());
        }
      }
      while (!pieces.isEmpty()) {
        target.write(pieces.remove().get());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException) new InterruptedIOException(name + ": interrupted").initCause(e);
    } catch (ExecutionException e) {
      throw failure(e.getCause());
    } finally {
      pieces.forEach(piece -> piece.cancel(false));
    }
  }

  private RuntimeException failure(@Nullable Throwable cause) {
    if (cause instanceof IllegalArgumentException) {
      return new CheckpointException(
          "tensor '"
              + name
              + "': "
              + cause.getMessage()
              + ". The model's weights do not fit "
              + type
              + "; choose another type.",
          cause);
    }
    if (cause instanceof Error error) {
      throw error;
    }
    return cause instanceof RuntimeException unchecked
        ? unchecked
        : new IllegalStateException(cause);
  }

  private ByteBuffer piece(Rows values, long first, int count) {
    int total = Math.multiplyExact(count, values.columns());
    float[] read = new float[total];
    values.read(first, count, read, 0);
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(type.bytes(total)));
    Quantizer quantizer = Quantizer.of(type);
    if (importance == null) {
      quantizer.quantize(read, 0, total, bytes);
    } else {
      quantizer.quantize(read, 0, total, importance, bytes);
    }
    return bytes.flip();
  }
}
