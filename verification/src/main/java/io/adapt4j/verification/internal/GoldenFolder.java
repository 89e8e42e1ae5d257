package io.adapt4j.verification.internal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tokenize.Batch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.IntBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * A golden folder: its checkpoint or run, and the numbers expected of it. A folder without tensors
 * shares those of the sibling folder named by {@code source}.
 */
public record GoldenFolder(Path path, JsonNode json, Checkpoint tensors, Report.Section section)
    implements AutoCloseable {

  public static final String JSON = "expected.json";
  private static final String TENSORS = "expected.safetensors";

  /** Reads NaN and infinities too, as Python's json module writes them. */
  private static final ObjectMapper MAPPER =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private static final Map<StoredType, DType> FLOATING =
      Map.of(
          StoredType.F32, DType.F32,
          StoredType.F16, DType.F16,
          StoredType.BF16, DType.BF16,
          StoredType.F64, DType.F64);

  /** Opens a folder with its file of tensors. */
  public static GoldenFolder open(Path folder, Report.Section section) {
    JsonNode json = json(folder, JSON);
    Path numbers = folder;
    if (!Files.exists(folder.resolve(TENSORS)) && json.has("source")) {
      numbers = folder.resolveSibling(json.get("source").asText());
      if (!Files.exists(numbers.resolve(TENSORS))) {
        throw new GoldenException(
            folder + ": source: expected " + TENSORS + " in " + numbers + ", found none there");
      }
      json = json(numbers, JSON);
    }
    return new GoldenFolder(folder, json, Checkpoint.openFile(numbers.resolve(TENSORS)), section);
  }

  /** Opens a folder with another file of tensors. */
  public static GoldenFolder open(
      Path folder, JsonNode json, String tensors, Report.Section section) {
    return new GoldenFolder(folder, json, Checkpoint.openFile(folder.resolve(tensors)), section);
  }

  /** Opens a golden file with the tensors in the safetensors file of its name. */
  public static GoldenFolder open(GoldenSource source, Report.Section section) {
    String name = source.path().getFileName().toString().replaceFirst("\\.json$", ".safetensors");
    return new GoldenFolder(
        source.path(),
        source.json(),
        Checkpoint.openFile(source.path().resolveSibling(name)),
        section);
  }

  public void attempt(String quantity, Report.Check check) {
    section.attempt(quantity, check);
  }

  public void compare(String quantity, Report.Recomputation recomputation) {
    section.compare(quantity, recomputation);
  }

  public void compared(String quantity, Deviation deviation) {
    section.compared(quantity, deviation);
  }

  /** Compares values with the expected tensor of the quantity's name. */
  public void compared(String tensor, float[] found, double tolerance) {
    compared(tensor, Deviation.of(found, floats(tensor), tolerance));
  }

  /** Compares a number with the only value of an expected tensor. */
  public void compared(String quantity, double found, String tensor) {
    compared(quantity, Deviation.of(found, floats(tensor)[0], Tolerances.FP32));
  }

  /** Compares values of tokens or texts with the expected tensor of the quantity's name. */
  public void compared(String tensor, float[] found, Batch batch, double tolerance) {
    compared(tensor, deviation(tensor, found, batch, tolerance));
  }

  public static JsonNode json(Path folder, String name) {
    return json(folder.resolve(name));
  }

  public static JsonNode json(Path file) {
    try {
      return MAPPER.readTree(file.toFile());
    } catch (JsonProcessingException e) {
      throw new GoldenException(file + ": expected JSON, found " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": reading failed", e);
    }
  }

  public boolean has(String tensor) {
    return tensors.names().contains(tensor);
  }

  /** Returns the names of expected tensors with a prefix, sorted. */
  public List<String> names(String prefix) {
    return tensors.names().stream().filter(name -> name.startsWith(prefix)).sorted().toList();
  }

  public float[] floats(String tensor) {
    return floats(tensors, tensor);
  }

  public long[] longs(String tensor) {
    return longs(tensors, tensor);
  }

  public static float[] floats(Checkpoint file, String name) {
    TensorEntry entry = file.entry(name);
    if (entry.type() == StoredType.I32) {
      return integers(file, name, Math.toIntExact(entry.elements()));
    }
    DType type = FLOATING.get(entry.type());
    if (type == null) {
      throw new GoldenException(
          entry.file() + ": tensor '" + name + "': expected floats, found " + entry.type());
    }
    try (Tensor raw = Tensor.empty(type, entry.elements())) {
      raw.data().put(file.bytes(name));
      return raw.toFloats();
    }
  }

  private static float[] integers(Checkpoint file, String name, int count) {
    float[] values = new float[count];
    IntBuffer stored = file.bytes(name).asIntBuffer();
    for (int i = 0; i < count; i++) {
      values[i] = stored.get(i);
    }
    return values;
  }

  public static long[] longs(Checkpoint file, String name) {
    TensorEntry entry = file.entry(name);
    if (entry.type() != StoredType.I64) {
      throw new GoldenException(
          entry.file() + ": tensor '" + name + "': expected I64, found " + entry.type());
    }
    long[] values = new long[Math.toIntExact(entry.elements())];
    file.bytes(name).asLongBuffer().get(values);
    return values;
  }

  /**
   * Returns the batch whose tensors have a prefix and a suffix; without labels it has no targets.
   */
  public Batch batch(String prefix, String suffix) {
    return has(prefix + "labels" + suffix)
        ? batch(prefix, suffix, longs(prefix + "labels" + suffix))
        : unlabeled(prefix, suffix);
  }

  /** Returns the same batch without targets. */
  public Batch unlabeled(String prefix, String suffix) {
    long[] none = longs(prefix + "input_ids" + suffix);
    Arrays.fill(none, TargetRows.IGNORED);
    return batch(prefix, suffix, none);
  }

  private Batch batch(String prefix, String suffix, long[] labels) {
    String name = prefix + "input_ids" + suffix;
    long[] ids = longs(name);
    String types = prefix + "token_type_ids" + suffix;
    return new Batch(
        ids,
        longs(prefix + "attention_mask" + suffix),
        has(types) ? longs(types) : new long[ids.length],
        labels,
        dimension(name, 0),
        dimension(name, 1));
  }

  /** Compares every expected tensor with a prefix with the value found for the rest of its name. */
  public void compareAll(String prefix, Function<String, float[]> found, double tolerance) {
    for (String tensor : names(prefix)) {
      attempt(
          tensor,
          () -> compared(tensor, found.apply(tensor.substring(prefix.length())), tolerance));
    }
  }

  /** Compares values with an expected tensor: of each non-padding token, or of each text. */
  public Deviation deviation(String tensor, float[] found, Batch batch, double tolerance) {
    float[] expected = floats(tensor);
    boolean ofTokens = tensors.entry(tensor).shape().size() > 2;
    boolean ofTargets = ofTokens && tensors.entry(tensor).shape().get(1) != batch.length();
    return ofTokens
        ? Deviation.masked(
            found, expected, ofTargets ? targets(batch) : batch.attentionMask(), tolerance, 0)
        : Deviation.of(found, expected, tolerance, 0);
  }

  /**
   * Compares hidden states with an expected tensor. Values of the residual stream may reach
   * hundreds, where rounding in single precision alone exceeds the usual tolerance.
   */
  public void comparedStates(String tensor, float[] found, Batch batch) {
    double tolerance = Tolerances.ROUNDING * largest(floats(tensor));
    compared(tensor, found, batch, Math.max(Tolerances.FP32, tolerance));
  }

  /** Returns the largest absolute value. */
  public static double largest(float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  /** Returns whether the values are those of Transformers 5. */
  public boolean isOfVersionFive() {
    return json.path("versions").path("transformers").asText().startsWith("5.");
  }

  /** Returns a mask of the target texts: 1 for tokens. */
  public static long[] targets(Batch batch) {
    return Arrays.stream(batch.labels())
        .map(label -> label == TargetRows.IGNORED ? 0 : 1)
        .toArray();
  }

  /** Returns the worst deviation over all tensors of two files, which must have the same names. */
  public static Deviation deviation(
      Checkpoint found, Checkpoint expected, Predicate<String> compared, double absolute) {
    if (!found.names().equals(expected.names())) {
      throw new GoldenException(
          "expected the tensors " + expected.names() + ", found " + found.names());
    }
    List<String> names = expected.names().stream().filter(compared).toList();
    return Deviation.worst(
        names.size(),
        i -> Deviation.of(floats(found, names.get(i)), floats(expected, names.get(i)), absolute));
  }

  /** Returns the values of rows [rows, length] at positions whose mask is 1. */
  public List<int[]> unpadded(String tensor, String mask) {
    List<int[]> masks = rows(mask);
    List<int[]> kept = new ArrayList<>();
    for (int[] row : rows(tensor)) {
      int[] real = masks.get(kept.size());
      kept.add(IntStream.range(0, row.length).filter(i -> real[i] == 1).map(i -> row[i]).toArray());
    }
    return kept;
  }

  /** Returns the rows of an integer tensor [rows, length]. */
  public List<int[]> rows(String tensor) {
    long[] values = longs(tensor);
    int width = dimension(tensor, 1);
    List<int[]> rows = new ArrayList<>();
    for (int at = 0; at < values.length; at += width) {
      rows.add(Arrays.stream(values, at, at + width).mapToInt(Math::toIntExact).toArray());
    }
    return rows;
  }

  public int dimension(String tensor, int index) {
    List<Long> shape = tensors.entry(tensor).shape();
    if (shape.size() != 2) {
      throw new GoldenException(
          path + ": tensor '" + tensor + "': expected two dimensions, found " + shape);
    }
    return Math.toIntExact(shape.get(index));
  }

  @Override
  public void close() {
    tensors.close();
  }
}
