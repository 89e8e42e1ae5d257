package io.adapt4j.core.internal.nn.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.tokenize.Batch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Losses made of log-probabilities against the cross-entropy, the simplest of them. */
class TokenLogProbsTest {

  private static final int TARGETS = 6;
  private static final long[] IDS = {1, 40, 41, 42, 43, 44, 1, 70, 71, 0, 0, 0};
  private static final long[] MASK = {1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0};
  private static final long[] LABELS = {-100, -100, 41, 42, 43, 44, -100, 70, 71, -100, -100, -100};
  private static final Batch INPUTS = new Batch(IDS, MASK, LABELS, 2, 6);

  @TempDir Path folder;
  @AutoClose private Decoder decoder;

  @BeforeEach
  void load() throws IOException {
    SmallModel.write(folder);
    decoder = Architectures.declareDecoder(ModelConfig.read(folder));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      decoder.allocate(DType.F32);
      Weights.load(decoder, checkpoint);
    }
    decoder.parameters().forEach(Parameter::train);
  }

  @Test
  void thereIsOneLogProbabilityATarget() {
    float[] logProbs = TokenLogProbs.evaluate(decoder, INPUTS);
    assertThat(logProbs).hasSize(TARGETS);
    assertThat(-sum(logProbs)).isCloseTo(LanguageModelLoss.evaluate(decoder, INPUTS), within(1e-4));
  }

  @Test
  void theirNegativeSumHasTheGradientsOfTheCrossEntropy() {
    LanguageModelLoss.forwardBackward(decoder, INPUTS, 0.5, false, 0);
    double[] expected = takeGradients();
    float[] logProbs =
        TokenLogProbs.forwardBackward(decoder, INPUTS, 0.5, false, 0, p -> filled(p.length, -1));
    assertThat(logProbs).isEqualTo(TokenLogProbs.evaluate(decoder, INPUTS));
    assertThat(takeGradients()).containsExactly(expected, within(1e-6));
  }

  @Test
  void aDerivativeCountsWithItsSign() {
    TokenLogProbs.forwardBackward(decoder, INPUTS, 1, true, 0, p -> filled(p.length, 1));
    double[] up = takeGradients();
    TokenLogProbs.forwardBackward(decoder, INPUTS, 1, true, 0, p -> filled(p.length, -1));
    double[] down = Arrays.stream(takeGradients()).map(value -> -value).toArray();
    assertThat(up).containsExactly(down, within(1e-6));
  }

  @Test
  void aDerivativeOfOtherLengthIsRefused() {
    assertThatThrownBy(
            () -> TokenLogProbs.forwardBackward(decoder, INPUTS, 1, false, 0, p -> new float[2]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("each of 6 log-probabilities, found 2");
  }

  /** All gradients in a row, which are zero afterwards. */
  private double[] takeGradients() {
    List<Trainable> trained =
        decoder.parameters().stream().flatMap(parameter -> parameter.trained().stream()).toList();
    double[] taken =
        trained.stream()
            .flatMapToDouble(
                parameter -> {
                  float[] values = parameter.gradient().toFloats();
                  return IntStream.range(0, values.length).mapToDouble(i -> values[i]);
                })
            .toArray();
    TensorLists.zero(trained.stream().map(Trainable::gradient).toList());
    return taken;
  }

  private static float[] filled(int length, float value) {
    float[] values = new float[length];
    Arrays.fill(values, value);
    return values;
  }

  private static double sum(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum;
  }
}
