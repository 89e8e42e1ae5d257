package io.adapt4j.core.internal.task.distillation;

import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.provenance.FileHash;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.task.TeacherServer;
import io.adapt4j.core.train.TrainingException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A teacher's log-probabilities of the likeliest tokens at the targets of rows, in memory and in a
 * safetensors file. Rows are found by a hash of their tokens and targets, so that their order and
 * the batches do not matter; the file is bound to the teacher's hash and checked by a checksum.
 */
public final class StoredPredictions implements TeacherPredictions {

  private static final String KEYS = "row_hashes";
  private static final String COUNTS = "row_targets";
  private static final String IDS = "ids";
  private static final String VALUES = "log_probabilities";
  private static final String KEY = "adapt4j.key";
  private static final String TEACHER = "adapt4j.teacher";

  /** Predictions of a row: [targets, top], row-major. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  private record Row(int[] ids, float[] values) {}

  private final int top;
  private final Map<String, Row> rows = new TreeMap<>();

  private StoredPredictions(int top) {
    this.top = top;
  }

  public static StoredPredictions ask(
      TeacherPredictions teacher,
      VocabularyDistillation divergence,
      List<Iterator<Batch>> sources) {
    StoredPredictions stored = new StoredPredictions(divergence.top());
    for (Iterator<Batch> batches : sources) {
      while (batches.hasNext()) {
        stored.add(batches.next(), teacher, divergence);
      }
    }
    return stored;
  }

  private void add(Batch batch, TeacherPredictions teacher, VocabularyDistillation divergence) {
    try (Scope scope = Scope.open()) {
      if (TargetRows.of(batch).count() == 0) {
        return;
      }
      VocabularyDistillation.Live live = (VocabularyDistillation.Live) teacher.at(batch);
      VocabularyDistillation.Stored found = divergence.top(live.hidden(), live.head());
      float[] values = found.logProbs().toFloats();
      long[] ids = found.ids().toLongs();
      int kept = Math.toIntExact(found.ids().size(1));
      int at = 0;
      for (int row = 0; row < batch.rows(); row++) {
        int count = targets(batch, row) * kept;
        Row own = new Row(new int[count], new float[count]);
        for (int i = 0; i < count; i++) {
          own.ids()[i] = Math.toIntExact(ids[at + i]);
          own.values()[i] = values[at + i];
        }
        rows.put(RowHash.of(batch, row), own);
        at += count;
      }
    }
  }

  static StoredPredictions ask(
      ServerTeacher server,
      VocabularyDistillation divergence,
      int vocabulary,
      List<Iterator<Batch>> sources) {
    StoredPredictions stored = new StoredPredictions(divergence.top());
    for (Iterator<Batch> batches : sources) {
      while (batches.hasNext()) {
        Batch batch = batches.next();
        for (int row = 0; row < batch.rows(); row++) {
          stored.add(batch, row, server, divergence.temperature(), vocabulary);
        }
      }
    }
    return stored;
  }

  private void add(Batch batch, int row, ServerTeacher server, double temperature, int vocabulary) {
    String hash = RowHash.of(batch, row);
    int count = targets(batch, row) * top;
    if (count == 0 || rows.containsKey(hash)) {
      return;
    }
    int from = row * batch.length();
    int[] places =
        IntStream.range(from, from + batch.length())
            .filter(i -> batch.attentionMask()[i] == 1)
            .toArray();
    int[] text = Arrays.stream(places).map(i -> Math.toIntExact(batch.ids()[i])).toArray();
    List<ServerTeacher.Likeliest> found = server.predictions(text, top, vocabulary);
    Row own = new Row(new int[count], new float[count]);
    int at = 0;
    for (int i = 1; i < places.length; i++) {
      if (batch.labels()[places[i]] != Batch.IGNORED) {
        ServerTeacher.Likeliest likeliest = found.get(i - 1);
        for (int k = 0; k < top; k++) {
          own.ids()[at] = likeliest.ids()[k];
          own.values()[at++] = (float) (likeliest.logprobs()[k] / temperature);
        }
      }
    }
    rows.put(hash, own);
  }

  @Override
  public VocabularyDistillation.Teacher at(Batch batch) {
    int width = top;
    int count = TargetRows.of(batch).count();
    float[] values = new float[count * width];
    long[] ids = new long[values.length];
    int at = 0;
    for (int row = 0; row < batch.rows(); row++) {
      Row own = rows.get(RowHash.of(batch, row));
      if (own == null) {
        throw new TrainingException(
            "The stored predictions of the teacher have none for a row of this run. Give its"
                + " folder or server too, so that they are stored again.");
      }
      for (int i = 0; i < own.ids().length; i++) {
        values[at] = own.values()[i];
        ids[at++] = own.ids()[i];
      }
    }
    return new VocabularyDistillation.Stored(
        Tensor.of(values, count, width), Tensor.of(ids, count, width));
  }

  public boolean covers(List<Iterator<Batch>> sources) {
    for (Iterator<Batch> batches : sources) {
      while (batches.hasNext()) {
        Batch batch = batches.next();
        for (int row = 0; row < batch.rows(); row++) {
          if (targets(batch, row) > 0 && !rows.containsKey(RowHash.of(batch, row))) {
            return false;
          }
        }
      }
    }
    return true;
  }

  static int targets(Batch batch, int row) {
    int count = 0;
    for (int i = row * batch.length() + 1; i < (row + 1) * batch.length(); i++) {
      count += batch.labels()[i] == Batch.IGNORED ? 0 : 1;
    }
    return count;
  }

  /** Returns a hash of a model's files. */
  static String hash(Path folder) {
    return FileDigest.sha256(
        FileHash.modelFiles(folder).stream()
            .map(file -> file.getFileName() + " " + FileHash.of(file))
            .collect(Collectors.joining("\n")));
  }

  /** Returns a hash of a model's name on a server. */
  static String hash(TeacherServer server) {
    return FileDigest.sha256("server " + server.address() + " " + server.model());
  }

  public void write(Path file, String key, String teacher) {
    int targets = rows.values().stream().mapToInt(row -> row.ids().length).sum() / top;
    ByteBuffer keys = buffer(rows.size() * 2L * Long.BYTES);
    ByteBuffer counts = buffer(rows.size() * (long) Integer.BYTES);
    ByteBuffer ids = buffer((long) targets * top * Integer.BYTES);
    ByteBuffer values = buffer((long) targets * top * Float.BYTES);
    rows.forEach(
        (hash, row) -> {
          keys.putLong(Long.parseUnsignedLong(hash.substring(0, 16), 16));
          keys.putLong(Long.parseUnsignedLong(hash.substring(16), 16));
          counts.putInt(row.ids().length / top);
          for (int i = 0; i < row.ids().length; i++) {
            ids.putInt(row.ids()[i]);
            values.putFloat(row.values()[i]);
          }
        });
    SafetensorsWriter.create()
        .withMetadata(Map.of("format", "pt", KEY, key, TEACHER, teacher))
        .withChecksum()
        .writeFile(
            file,
            List.of(
                tensor(KEYS, StoredType.I64, List.of((long) rows.size(), 2L), keys),
                tensor(COUNTS, StoredType.I32, List.of((long) rows.size()), counts),
                tensor(IDS, StoredType.I32, List.of((long) targets, (long) top), ids),
                tensor(VALUES, StoredType.F32, List.of((long) targets, (long) top), values)));
  }

  private static ByteBuffer buffer(long bytes) {
    return ByteBuffer.allocate(Math.toIntExact(bytes)).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static TensorData tensor(
      String name, StoredType type, List<Long> shape, ByteBuffer bytes) {
    ByteBuffer written = bytes.flip();
    return TensorData.of(name, type, shape, written::duplicate);
  }

  public static StoredPredictions read(Path file, String key, String teacher, int top) {
    try (SafetensorsFile stored = SafetensorsFile.open(file)) {
      require(stored.isIntact(), file, "an intact file", "one whose checksum differs");
      String found = stored.metadata().getOrDefault(KEY, "none");
      require(key.equals(found), file, "predictions of " + key, found);
      String other = stored.metadata().getOrDefault(TEACHER, "none");
      require(
          teacher.isEmpty() || teacher.equals(other),
          file,
          "predictions of the teacher with hash " + teacher,
          other);
      StoredPredictions predictions = new StoredPredictions(top);
      ByteBuffer keys = bytes(stored, KEYS);
      ByteBuffer counts = bytes(stored, COUNTS);
      ByteBuffer ids = bytes(stored, IDS);
      ByteBuffer values = bytes(stored, VALUES);
      while (counts.hasRemaining()) {
        int count = counts.getInt() * top;
        Row row = new Row(new int[count], new float[count]);
        for (int i = 0; i < count; i++) {
          row.ids()[i] = ids.getInt();
          row.values()[i] = values.getFloat();
        }
        predictions.rows.put("%016x%016x".formatted(keys.getLong(), keys.getLong()), row);
      }
      return predictions;
    }
  }

  private static ByteBuffer bytes(SafetensorsFile stored, String name) {
    return stored.bytes(name).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void require(boolean holds, Path file, String expected, String found) {
    if (!holds) {
      throw new TrainingException(
          "%s: expected %s, found %s. Name another file, or delete this one to store them again."
              .formatted(file, expected, found));
    }
  }
}
