package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.data.BatchSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Precomputed log-probabilities of all answers under a reference model. They are stored in a
 * safetensors file with an identity key and the progress, rewritten every {@value #SECONDS} seconds
 * and at the end or on failure, so that an interrupted run continues from there.
 */
public record StoredReference<B extends AnswerBatch<B>>(
    BatchSource<B> inOrder, int size, int batchSize) {

  private static final Logger LOG = LoggerFactory.getLogger(StoredReference.class);
  private static final String TENSOR = "log_probabilities";
  private static final String KEY = "adapt4j.key";
  private static final String DONE = "adapt4j.done";
  private static final int SECONDS = 30;

  /**
   * Computes the log-probabilities of all answers.
   *
   * @return [2 size], two values per row
   */
  public float[] ask(ReferenceModel model) {
    float[] values = new float[2 * size];
    Iterator<B> batches = inOrder.epoch(0);
    while (batches.hasNext()) {
      put(values, batches.next(), model);
    }
    return values;
  }

  /** Computes the log-probabilities that a file does not contain yet. */
  public float[] ask(ReferenceModel model, Path file, String key) {
    Optional<Progress> found = read(file, key);
    float[] values = found.map(Progress::values).orElseGet(() -> new float[2 * size]);
    int done = found.map(Progress::done).orElse(0);
    if (done == size) {
      return values;
    }
    int batch = done / batchSize;
    Iterator<B> batches = inOrder.epoch(0, batch);
    long saved = System.nanoTime();
    try {
      while (batches.hasNext()) {
        put(values, batches.next(), model);
        batch++;
        if (System.nanoTime() - saved > SECONDS * 1_000_000_000L) {
          write(file, key, values, batch);
          saved = System.nanoTime();
        }
      }
    } finally {
      write(file, key, values, batch);
    }
    return values;
  }

  private void put(float[] values, B batch, ReferenceModel model) {
    int[] numbers = batch.numbers();
    float[] logProbs = batch.logProbs(model);
    for (int i = 0; i < numbers.length; i++) {
      values[2 * numbers[i]] = logProbs[i];
      values[2 * numbers[i] + 1] = logProbs[numbers.length + i];
    }
  }

  /**
   * Adds the log-probabilities to batches. Shape of {@code values}: [2 size], two values per row.
   */
  public BatchSource<B> around(BatchSource<B> source, float[] values) {
    return source.map(batch -> answered(batch, values));
  }

  private B answered(B batch, float[] values) {
    int[] numbers = batch.numbers();
    float[] logProbs = new float[2 * numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      logProbs[i] = values[2 * numbers[i]];
      logProbs[numbers.length + i] = values[2 * numbers[i] + 1];
    }
    return batch.withReference(logProbs);
  }

  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  private record Progress(float[] values, int done) {}

  private Optional<Progress> read(Path file, String key) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try (SafetensorsFile stored = SafetensorsFile.open(file)) {
      String done = stored.metadata().getOrDefault(DONE, "");
      boolean own =
          key.equals(stored.metadata().get(KEY))
              && done.matches("\\d{1,9}")
              && stored.entry(TENSOR).shape().equals(List.of((long) size, 2L))
              && stored.entry(TENSOR).type() == StoredType.F32;
      if (!stored.isIntact()) {
        LOG.warn("{} is damaged and is made again: its checksum differs", file);
        return Optional.empty();
      }
      if (!own || Integer.parseInt(done) > size) {
        return Optional.empty();
      }
      float[] values = new float[2 * size];
      stored.bytes(TENSOR).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
      return Optional.of(new Progress(values, Integer.parseInt(done)));
    } catch (CheckpointException e) {
      LOG.warn("{} is damaged and is made again: {}", file, e.getMessage());
      return Optional.empty();
    }
  }

  private void write(Path file, String key, float[] values, int batches) {
    int done = (int) Math.min(size, (long) batches * batchSize);
    TensorData tensor =
        TensorData.of(
            TENSOR,
            StoredType.F32,
            List.of((long) size, 2L),
            () -> {
              ByteBuffer bytes =
                  ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
              bytes.asFloatBuffer().put(values);
              return bytes;
            });
    SafetensorsWriter.create()
        .withMetadata(Map.of("format", "pt", KEY, key, DONE, String.valueOf(done)))
        .withChecksum()
        .writeFile(file, List.of(tensor));
  }
}
