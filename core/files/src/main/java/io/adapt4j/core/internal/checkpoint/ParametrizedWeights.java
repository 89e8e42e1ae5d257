package io.adapt4j.core.internal.checkpoint;

import io.adapt4j.core.exception.CheckpointException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * View of weights that are stored as PyTorch parametrizations with LoRA matrices of several tasks,
 * as the remote code of jina-embeddings-v3 stores them: under their plain names, either unchanged
 * or as 32-bit floats with the product of one task's matrices added.
 *
 * <p>Matrices have a task per first index. A linear layer's weight [out, in] gets B A with A [rank,
 * in] and B [out, rank]; an embedding's [rows, width] gets A B with A [rows, rank] and B [rank,
 * width].
 */
final class ParametrizedWeights implements TensorFile {

  private static final String PARAMETRIZATIONS = ".parametrizations.weight.";
  private static final String ORIGINAL = PARAMETRIZATIONS + "original";
  private static final String A = PARAMETRIZATIONS + "0.lora_A";
  private static final String B = PARAMETRIZATIONS + "0.lora_B";
  private static final String WEIGHT = ".weight";
  private static final String TASKS = "lora_adaptations";
  private static final String EMBEDDING = "_embeddings";
  private static final Set<StoredType> FLOATING =
      Set.of(StoredType.F32, StoredType.BF16, StoredType.F16);

  private static final int NO_TASK = -1;

  private final Path folder;
  private final Map<String, Weight> weights;
  private final Map<String, TensorEntry> entries = new LinkedHashMap<>();
  private final int task;
  private final float scaling;

  /** A stored tensor and the file it is in. */
  private record Stored(TensorFile file, TensorEntry entry) {

    static Stored of(Map<String, TensorFile> fileOf, String name) {
      TensorFile file = fileOf.get(name);
      return new Stored(file, file.entry(name));
    }

    /** Reads values, with the row-major index of the first. */
    float[] floats(long first, int count) {
      StoredType type = entry.type();
      ByteBuffer memory =
          ByteBuffer.allocate(Math.multiplyExact(count, type.bytes()))
              .order(ByteOrder.LITTLE_ENDIAN);
      file.read(entry.name(), first * type.bytes(), memory);
      float[] values = new float[count];
      memory.flip();
      if (type == StoredType.F32) {
        memory.asFloatBuffer().get(values);
        return values;
      }
      short[] halves = new short[count];
      memory.asShortBuffer().get(halves);
      for (int i = 0; i < count; i++) {
        values[i] =
            type == StoredType.BF16
                ? Float.intBitsToFloat(halves[i] << 16)
                : (float) StoredValues.half(halves[i]);
      }
      return values;
    }
  }

  /** A weight, and the matrices [task, rows, rank] and [task, rank, columns]. */
  private record Weight(Stored original, Stored ofRows, Stored ofColumns) {

    long rows() {
      return original.entry().shape().get(0);
    }

    int columns() {
      return Math.toIntExact(original.entry().shape().get(1));
    }

    int rank() {
      return Math.toIntExact(ofColumns.entry().shape().get(1));
    }
  }

  private ParametrizedWeights(Path folder, Map<String, Weight> weights, int task, float scaling) {
    this.folder = folder;
    this.weights = weights;
    this.task = task;
    this.scaling = scaling;
    weights.forEach((name, weight) -> entries.put(name, entry(name, weight.original().entry())));
  }

  /** Shows parametrized weights under their plain names, without the matrices of tasks. */
  static Map<String, TensorFile> shown(Path folder, Map<String, TensorFile> fileOf) {
    Map<String, Weight> weights = new LinkedHashMap<>();
    Map<String, TensorFile> shown = new LinkedHashMap<>(fileOf);
    for (String name : fileOf.keySet()) {
      String path = name.endsWith(ORIGINAL) ? name.substring(0, name.indexOf(ORIGINAL)) : name;
      if (name.endsWith(ORIGINAL) && fileOf.keySet().containsAll(List.of(path + A, path + B))) {
        boolean embedding = path.endsWith(EMBEDDING);
        weights.put(
            path + WEIGHT,
            new Weight(
                Stored.of(fileOf, name),
                Stored.of(fileOf, path + (embedding ? A : B)),
                Stored.of(fileOf, path + (embedding ? B : A))));
        shown.keySet().removeAll(List.of(name, path + A, path + B));
      }
    }
    // Other code may add such matrices always.
    if (weights.isEmpty() || !EightBitFloats.config(folder).has(TASKS)) {
      return fileOf;
    }
    ParametrizedWeights view = new ParametrizedWeights(folder, weights, NO_TASK, 0);
    weights.keySet().forEach(name -> shown.put(name, view));
    return shown;
  }

  /** Returns the view with the matrices of one of {@code count} tasks added. */
  ParametrizedWeights adapted(int index, int count, int rank, double factor) {
    weights.values().forEach(weight -> require(weight, count, rank));
    return new ParametrizedWeights(folder, weights, index, (float) factor);
  }

  private static void require(Weight weight, long count, long rank) {
    List<Long> shape = weight.original().entry().shape();
    requireShape(weight.original(), shape.size() == 2, "a matrix");
    requireShape(weight.ofRows(), List.of(count, shape.get(0), rank));
    requireShape(weight.ofColumns(), List.of(count, rank, shape.get(1)));
  }

  private static void requireShape(Stored matrix, List<Long> expected) {
    requireShape(matrix, matrix.entry().shape().equals(expected), "the shape " + expected);
  }

  private static void requireShape(Stored stored, boolean fits, String expected) {
    TensorEntry entry = stored.entry();
    if (!fits || !FLOATING.contains(entry.type())) {
      throw CheckpointException.inTensor(
          entry.file(),
          entry.name(),
          expected + " in F32, BF16 or F16",
          entry.shape() + " in " + entry.type(),
          "lora_adaptations and lora_rank of config.json must be those of the weights: fetch both"
              + " again, or load the model without a task.");
    }
  }

  private TensorEntry entry(String name, TensorEntry stored) {
    StoredType type = task == NO_TASK ? stored.type() : StoredType.F32;
    return new TensorEntry(
        name,
        type,
        stored.shape(),
        stored.file(),
        stored.offset(),
        stored.elements() * type.bytes());
  }

  @Override
  public Path file() {
    return folder;
  }

  @Override
  public Map<String, TensorEntry> entries() {
    return Collections.unmodifiableMap(entries);
  }

  @Override
  public ByteBuffer bytes(String name, long offset, int length) {
    Stored original = original(name);
    if (task == NO_TASK) {
      return original.file().bytes(original.entry().name(), offset, length);
    }
    ByteBuffer adapted = ByteBuffer.allocate(length);
    read(name, offset, adapted);
    return adapted.flip().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void read(String name, long offset, ByteBuffer target) {
    Stored original = original(name);
    if (task == NO_TASK) {
      original.file().read(original.entry().name(), offset, target);
      return;
    }
    int wide = StoredType.F32.bytes();
    if (offset % wide != 0 || target.remaining() % wide != 0) {
      throw new IllegalArgumentException("Adapted weights are read as whole numbers of 4 bytes");
    }
    float[] values = adapted(weights.get(name), offset / wide, target.remaining() / wide);
    target.duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
    target.position(target.limit());
  }

  /** Computes values of a weight with its task's matrices, from a row-major index on. */
  private float[] adapted(Weight weight, long first, int count) {
    float[] values = weight.original().floats(first, count);
    if (count == 0) {
      return values;
    }
    int columns = weight.columns();
    int rank = weight.rank();
    long firstRow = first / columns;
    int rows = Math.toIntExact((first + count - 1) / columns - firstRow + 1);
    float[] left = weight.ofRows().floats((task * weight.rows() + firstRow) * rank, rows * rank);
    float[] right = weight.ofColumns().floats((long) task * rank * columns, rank * columns);
    float[] sums = new float[columns];
    int skipped = (int) (first - firstRow * columns);
    for (int row = 0; row < rows; row++) {
      Arrays.fill(sums, 0);
      for (int i = 0; i < rank; i++) {
        float factor = left[row * rank + i];
        for (int column = 0; column < columns; column++) {
          sums[column] += factor * right[i * columns + column];
        }
      }
      int start = row * columns - skipped;
      for (int at = Math.max(0, start); at < Math.min(count, start + columns); at++) {
        values[at] += sums[at - start] * scaling;
      }
    }
    return values;
  }

  private Stored original(String name) {
    return weights.get(name).original();
  }

  @Override
  public long storedBytes(String name) {
    return original(name).file().storedBytes(original(name).entry().name());
  }

  @Override
  public String storedType(String name) {
    return original(name).file().storedType(original(name).entry().name());
  }

  @Override
  public void close() {
    // The checkpoint closes the files.
  }
}
