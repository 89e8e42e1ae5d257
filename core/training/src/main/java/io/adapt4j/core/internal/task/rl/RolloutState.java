package io.adapt4j.core.internal.task.rl;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Serialized rollout in a run's state, so that a run interrupted between two updates resumes with
 * the same completions.
 */
final class RolloutState {

  /** The rollout that trains. */
  static final RolloutState CURRENT = new RolloutState("rollout.");

  /** The rollout that is drawn while another trains. */
  static final RolloutState AHEAD = new RolloutState("rollout_ahead.");

  private static final String DESCRIPTION = "description";
  private static final String LENGTHS = "lengths";
  private static final String IDS = "ids";
  private static final String NUMBER = "number";
  private static final String NEXT_KL = "nextKl";
  private static final String FIGURES = "figures";
  private static final List<String> NAMES =
      List.of("old", "reference", "advantages", "values", "returns");

  /** The sampler's log-probabilities of all tokens; absent if the algorithm does not use them. */
  private static final String SAMPLED = "sampled";

  /** Which tokens of the completions are the policy's; absent if all are. */
  private static final String OWN = "own";

  private static final List<Function<Sample, float[]>> NUMBERS =
      List.of(Sample::old, Sample::reference, Sample::advantages, Sample::values, Sample::returns);

  /**
   * Columns of a sample in {@link #LENGTHS}: prompt length, completion length, whether it counts,
   * and the array lengths.
   */
  private static final int COLUMNS = 3 + NAMES.size();

  private final String prefix;

  private RolloutState(String prefix) {
    this.prefix = prefix;
  }

  List<TensorData> save(Rollout rollout) {
    List<TensorData> tensors = new ArrayList<>();
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put(NUMBER, rollout.number()).put(NEXT_KL, rollout.nextKl());
    json.set(FIGURES, rollout.metrics().json());
    byte[] description = Json.compact(json).getBytes(StandardCharsets.UTF_8);
    tensors.add(
        tensor(DESCRIPTION, StoredType.U8, description.length, ByteBuffer.wrap(description)));
    tensors.add(integers(LENGTHS, lengths(rollout.samples())));
    tensors.add(integers(IDS, ids(rollout.samples())));
    for (int i = 0; i < NAMES.size(); i++) {
      tensors.add(floats(NAMES.get(i), rollout.samples(), NUMBERS.get(i)));
    }
    if (rollout.samples().stream().anyMatch(sample -> sample.sampled().length > 0)) {
      tensors.add(floats(SAMPLED, rollout.samples(), Sample::sampled));
    }
    if (rollout.samples().stream().anyMatch(sample -> sample.own().length > 0)) {
      tensors.add(own(rollout.samples()));
    }
    return tensors;
  }

  private TensorData own(List<Sample> samples) {
    ByteBuffer bytes =
        buffer(samples.stream().mapToInt(sample -> sample.completion().length).sum());
    for (Sample sample : samples) {
      for (int i = 0; i < sample.completion().length; i++) {
        bytes.put((byte) (sample.isOwn(i) ? 1 : 0));
      }
    }
    return tensor(OWN, StoredType.U8, bytes.position(), bytes.flip());
  }

  private static List<Integer> lengths(List<Sample> samples) {
    List<Integer> lengths = new ArrayList<>();
    for (Sample sample : samples) {
      lengths.add(sample.prompt().length);
      lengths.add(sample.completion().length);
      lengths.add(sample.counts() ? 1 : 0);
      NUMBERS.forEach(numbers -> lengths.add(numbers.apply(sample).length));
    }
    return lengths;
  }

  private static List<Integer> ids(List<Sample> samples) {
    List<Integer> ids = new ArrayList<>();
    for (Sample sample : samples) {
      for (int[] part : List.of(sample.prompt(), sample.completion())) {
        for (int id : part) {
          ids.add(id);
        }
      }
    }
    return ids;
  }

  private TensorData integers(String name, List<Integer> values) {
    ByteBuffer bytes = buffer(values.size() * Integer.BYTES);
    values.forEach(bytes::putInt);
    return tensor(name, StoredType.I32, values.size(), bytes.flip());
  }

  private TensorData floats(String name, List<Sample> samples, Function<Sample, float[]> numbers) {
    int count = samples.stream().mapToInt(sample -> numbers.apply(sample).length).sum();
    ByteBuffer bytes = buffer(count * Float.BYTES);
    for (Sample sample : samples) {
      for (float number : numbers.apply(sample)) {
        bytes.putFloat(number);
      }
    }
    return tensor(name, StoredType.F32, count, bytes.flip());
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private TensorData tensor(String name, StoredType type, long count, ByteBuffer bytes) {
    return TensorData.of(prefix + name, type, List.of(count), () -> bytes);
  }

  /** Returns the rollout of a state; empty if the state was saved before the first one. */
  Optional<Rollout> restore(Checkpoint state) {
    if (!has(state, DESCRIPTION)) {
      return Optional.empty();
    }
    JsonNode json = description(state);
    IntBuffer lengths = bytes(state, LENGTHS).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
    IntBuffer ids = bytes(state, IDS).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
    List<FloatBuffer> numbers = NAMES.stream().map(name -> floats(state, name)).toList();
    Optional<FloatBuffer> sampled =
        has(state, SAMPLED) ? Optional.of(floats(state, SAMPLED)) : Optional.empty();
    Optional<ByteBuffer> own = has(state, OWN) ? Optional.of(bytes(state, OWN)) : Optional.empty();
    List<Sample> samples = new ArrayList<>();
    while (lengths.hasRemaining()) {
      int[] row = take(lengths, COLUMNS);
      int[] prompt = take(ids, row[0]);
      int[] completion = take(ids, row[1]);
      List<float[]> arrays = new ArrayList<>();
      for (int i = 0; i < numbers.size(); i++) {
        float[] array = new float[row[3 + i]];
        numbers.get(i).get(array);
        arrays.add(array);
      }
      Sample plain = Sample.of(prompt, completion, own(own, row[1]), row[2] == 1, new float[0]);
      samples.add(
          plain
              .sampledWith(sampled(sampled, plain.targets()))
              .scored(arrays.get(0), arrays.get(3))
              .referred(arrays.get(1))
              .judged(arrays.get(2), arrays.get(4)));
    }
    return Optional.of(
        new Rollout(
            json.path(NUMBER).asInt(),
            samples,
            MeanMetrics.of(json.path(FIGURES)),
            json.path(NEXT_KL).asDouble()));
  }

  private boolean has(Checkpoint state, String name) {
    return state.names().contains(prefix + name);
  }

  private ByteBuffer bytes(Checkpoint state, String name) {
    return state.bytes(prefix + name);
  }

  private FloatBuffer floats(Checkpoint state, String name) {
    return bytes(state, name).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }

  private static boolean[] own(Optional<ByteBuffer> all, int tokens) {
    boolean[] taken = new boolean[all.isPresent() ? tokens : 0];
    for (int i = 0; i < taken.length; i++) {
      taken[i] = all.get().get() == 1;
    }
    return taken;
  }

  private static float[] sampled(Optional<FloatBuffer> all, int tokens) {
    float[] taken = new float[all.isPresent() ? tokens : 0];
    all.ifPresent(buffer -> buffer.get(taken));
    return taken;
  }

  private JsonNode description(Checkpoint state) {
    ByteBuffer bytes = bytes(state, DESCRIPTION);
    byte[] text = new byte[bytes.remaining()];
    bytes.get(text);
    try {
      return Json.parse(new String(text, StandardCharsets.UTF_8));
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          prefix + DESCRIPTION + ": expected JSON, found " + e.getOriginalMessage(), e);
    }
  }

  private static int[] take(IntBuffer buffer, int count) {
    int[] taken = new int[count];
    buffer.get(taken);
    return taken;
  }
}
