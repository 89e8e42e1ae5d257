package io.adapt4j.core.internal.nn;

import static io.adapt4j.core.internal.nn.TestNetworks.longs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.loss.SequenceLoss;
import io.adapt4j.core.internal.nn.sequence.SequenceCache;
import io.adapt4j.core.internal.nn.sequence.SequenceSource;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Encoder-decoders against the numbers of the independent program in src/test/reference. */
class SequenceReferenceTest {

  private static final int ROWS = 2;
  private static final double STEP = 0.002;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mbart",
        "marian",
        "marian_apart",
        "pegasus",
        "pegasus_tables",
        "m2m_100",
        "mt5",
        "umt5",
        "umt5_untied"
      })
  void logitsLossAndSlopesEqualTheReference(String name) throws Exception {
    Path folder =
        Path.of(Objects.requireNonNull(getClass().getResource("/sequences/" + name), name).toURI());
    try (EncoderDecoder network = load(folder);
        SafetensorsFile expected = SafetensorsFile.open(folder.resolve("expected.safetensors"))) {
      SequenceInputs inputs = inputs(expected);
      float[] wanted = floats(expected, "logits");
      float[] found = SequenceLoss.logits(network, inputs);
      assertThat(found).hasSameSizeAs(wanted);
      int vocabulary = wanted.length / inputs.labels().length;
      for (int i = 0; i < wanted.length; i++) {
        if (inputs.labels()[i / vocabulary] != TargetRows.IGNORED) {
          assertThat(found[i]).isCloseTo(wanted[i], within(1e-4f));
        }
      }
      double loss = SequenceLoss.evaluate(network, inputs) / inputs.targets();
      assertThat(loss).isCloseTo(floats(expected, "loss")[0], within(1e-5));
      requireSlopes(network, inputs);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mbart", "marian", "pegasus", "pegasus_tables", "m2m_100", "mt5", "umt5"})
  void greedyTextThroughTheCacheEqualsTheReference(String name) throws Exception {
    Path folder =
        Path.of(Objects.requireNonNull(getClass().getResource("/sequences/" + name), name).toURI());
    try (EncoderDecoder network = load(folder);
        SafetensorsFile expected = SafetensorsFile.open(folder.resolve("expected.safetensors"))) {
      SequenceInputs inputs = inputs(expected);
      long[] wanted = longs(expected, "generated");
      assertThat(greedy(network, inputs, wanted.length / ROWS)).isEqualTo(wanted);
    }
  }

  private static long[] greedy(EncoderDecoder network, SequenceInputs inputs, int count) {
    long[] written = new long[ROWS * count];
    long[] last = new long[ROWS];
    Arrays.fill(last, network.specialTokens().start());
    try (Scope scope = Scope.open()) {
      SequenceSource source = network.read(Ops.inference(), inputs, false, null);
      try (SequenceCache cache = network.newCache(source, new long[] {0, 1}, count + 1)) {
        for (int step = 0; step < count; step++) {
          float[] scores = network.head().logits(network.next(last, cache)).toFloats();
          for (int row = 0; row < ROWS; row++) {
            last[row] = largest(scores, row * scores.length / ROWS, scores.length / ROWS);
            written[row * count + step] = last[row];
          }
        }
      }
    }
    return written;
  }

  private static int largest(float[] scores, int from, int count) {
    int best = 0;
    for (int i = 1; i < count; i++) {
      best = scores[from + i] > scores[from + best] ? i : best;
    }
    return best;
  }

  static EncoderDecoder load(Path folder) {
    EncoderDecoder network = Architectures.declareSequence(ModelConfig.read(folder));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Weights.check(network, checkpoint);
      network.allocate(DType.F32);
      Weights.load(network, checkpoint);
    }
    return network;
  }

  static SequenceInputs inputs(SafetensorsFile file) {
    long[] ids = longs(file, "input_ids");
    return new SequenceInputs(
        ids, longs(file, "attention_mask"), longs(file, "labels"), ROWS, ids.length / ROWS);
  }

  private static void requireSlopes(EncoderDecoder network, SequenceInputs inputs) {
    network.parameters().forEach(Parameter::train);
    SequenceLoss.forwardBackward(network, inputs, 0, 1.0 / inputs.targets(), false, 0);
    Map<Trainable, float[]> gradients = new LinkedHashMap<>();
    network.parameters().stream()
        .flatMap(parameter -> parameter.trained().stream())
        .forEach(trainable -> gradients.put(trainable, trainable.gradient().toFloats()));
    SplittableRandom random = new SplittableRandom(3);
    for (Parameter parameter : network.parameters()) {
      for (Trainable trainable : parameter.trained()) {
        float[] gradient = gradients.get(trainable);
        double[] direction = new double[gradient.length];
        double squares = 0;
        for (int i = 0; i < gradient.length; i++) {
          direction[i] = (0.1 + random.nextDouble()) * (gradient[i] < 0 ? -1 : 1);
          squares += direction[i] * direction[i];
        }
        double slope = 0;
        for (int i = 0; i < gradient.length; i++) {
          direction[i] /= Math.sqrt(squares);
          slope += gradient[i] * direction[i];
        }
        double difference =
            (lossAt(network, inputs, parameter, trainable, direction, STEP)
                    - lossAt(network, inputs, parameter, trainable, direction, -STEP))
                / (2 * STEP);
        assertThat(slope)
            .as(trainable.name())
            .isCloseTo(difference, within(2e-3 + 1e-2 * Math.abs(difference)));
      }
    }
  }

  private static double lossAt(
      EncoderDecoder network,
      SequenceInputs inputs,
      Parameter parameter,
      Trainable trainable,
      double[] direction,
      double step) {
    float[] before = trainable.value().toFloats();
    float[] moved = before.clone();
    for (int i = 0; i < moved.length; i++) {
      moved[i] += (float) (step * direction[i]);
    }
    FloatBuffer data = trainable.value().data().asFloatBuffer();
    data.put(moved);
    parameter.refresh();
    double loss = SequenceLoss.evaluate(network, inputs) / inputs.targets();
    data.rewind();
    data.put(before);
    parameter.refresh();
    return loss;
  }

  static float[] floats(SafetensorsFile file, String tensor) {
    float[] values = new float[Math.toIntExact(file.entry(tensor).elements())];
    file.bytes(tensor).asFloatBuffer().get(values);
    return values;
  }
}
