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
 * What a reference model says of all answers, asked once. On disk it is a safetensors file with
 * what it belongs to and how far it got, written as a whole every {@value #SECONDS} seconds and
 * when asking ends or fails, so that a run that was cut off continues from there.
 *
 * @param <B> a batch
 */
public final class StoredReference<B> {

  private static final Logger LOG = LoggerFactory.getLogger(StoredReference.class);
  private static final String TENSOR = "log_probabilities";
  private static final String KEY = "adapt4j.key";
  private static final String DONE = "adapt4j.done";
  private static final int SECONDS = 30;

  /**
   * How batches of a kind name their answers.
   *
   * @param <B> a batch
   */
  public interface Answers<B> {

    /**
     * Names what a batch holds two answers each of.
     *
     * @param batch the batch
     * @return [N] numbers
     */
    int[] numbers(B batch);

    /**
     * Asks a model.
     *
     * @param batch the batch
     * @param model the model
     * @return [2N] log-probabilities: of the first answer of each number, then of the second
     */
    float[] logProbs(B batch, ReferenceModel model);

    /**
     * Adds them to a batch.
     *
     * @param batch the batch
     * @param logProbs [2N] log-probabilities
     * @return the batch with them
     */
    B with(B batch, float[] logProbs);
  }

  /** Pairs: the chosen and the rejected answer. */
  public static final Answers<PreferenceBatch> PAIRS =
      new Answers<>() {
        @Override
        public int[] numbers(PreferenceBatch batch) {
          return batch.pairs();
        }

        @Override
        public float[] logProbs(PreferenceBatch batch, ReferenceModel model) {
          return model.logProbs(batch.sides());
        }

        @Override
        public PreferenceBatch with(PreferenceBatch batch, float[] logProbs) {
          return batch.withReference(logProbs);
        }
      };

  /** Unpaired answers: the answer and its mismatch. */
  public static final Answers<UnpairedBatch> UNPAIRED =
      new Answers<>() {
        @Override
        public int[] numbers(UnpairedBatch batch) {
          return batch.answers();
        }

        @Override
        public float[] logProbs(UnpairedBatch batch, ReferenceModel model) {
          float[] own = model.logProbs(batch.completions());
          float[] other = model.logProbs(batch.mismatched());
          float[] both = new float[own.length + other.length];
          System.arraycopy(own, 0, both, 0, own.length);
          System.arraycopy(other, 0, both, own.length, other.length);
          return both;
        }

        @Override
        public UnpairedBatch with(UnpairedBatch batch, float[] logProbs) {
          return batch.withReference(logProbs);
        }
      };

  private final Answers<B> answers;
  private final BatchSource<B> inOrder;
  private final int size;
  private final int batchSize;

  /**
   * Prepares to ask about a source.
   *
   * @param answers how its batches name their answers
   * @param inOrder its batches in the order of the numbers
   * @param size how many numbers there are
   * @param batchSize numbers in each batch but the last
   */
  public StoredReference(Answers<B> answers, BatchSource<B> inOrder, int size, int batchSize) {
    this.answers = answers;
    this.inOrder = inOrder;
    this.size = size;
    this.batchSize = batchSize;
  }

  /**
   * Asks a model about every answer.
   *
   * @param model the model
   * @return [2 size], two values a number
   */
  public float[] ask(ReferenceModel model) {
    float[] values = new float[2 * size];
    Iterator<B> batches = inOrder.epoch(0);
    while (batches.hasNext()) {
      put(values, batches.next(), model);
    }
    return values;
  }

  /**
   * Asks a model about every answer that a file does not hold yet.
   *
   * @param model the model
   * @param file where to keep what it says; damaged ones and those of other keys are replaced
   * @param key tells model and data from others
   * @return [2 size], two values a number
   */
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
    int[] numbers = answers.numbers(batch);
    float[] logProbs = answers.logProbs(batch, model);
    for (int i = 0; i < numbers.length; i++) {
      values[2 * numbers[i]] = logProbs[i];
      values[2 * numbers[i] + 1] = logProbs[numbers.length + i];
    }
  }

  /**
   * Gives batches what was said of their answers.
   *
   * @param source batches of the same numbers, in any order
   * @param values [2 size], two values a number
   * @return the batches with them
   */
  public BatchSource<B> around(BatchSource<B> source, float[] values) {
    return new BatchSource<>() {
      @Override
      public int count() {
        return source.count();
      }

      @Override
      public Iterator<B> epoch(int epoch, int firstBatch) {
        Iterator<B> batches = source.epoch(epoch, firstBatch);
        return new Iterator<>() {
          @Override
          public boolean hasNext() {
            return batches.hasNext();
          }

          @Override
          public B next() {
            return answered(batches.next(), values);
          }
        };
      }
    };
  }

  private B answered(B batch, float[] values) {
    int[] numbers = answers.numbers(batch);
    float[] logProbs = new float[2 * numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      logProbs[i] = values[2 * numbers[i]];
      logProbs[numbers.length + i] = values[2 * numbers[i] + 1];
    }
    return answers.with(batch, logProbs);
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
