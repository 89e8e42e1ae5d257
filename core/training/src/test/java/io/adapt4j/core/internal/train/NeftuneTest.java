package io.adapt4j.core.internal.train;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Tape;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.train.RunRecorder;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Noise on embeddings while training (Jain et al. 2023). */
class NeftuneTest {

  private static final int LENGTH = 12;

  @TempDir static Path base;

  @BeforeAll
  static void writeModel() throws IOException {
    SmallModel.write(base);
  }

  @Test
  void noiseIsUniformWithinTheMagnitudeOfItsRow() {
    try (Tape tape = new Tape();
        Scope scope = Scope.open()) {
      Tensor x = Tensor.zeros(DType.F32, 2, 100, 50);
      Tensor magnitudes = Tensor.of(new float[] {1, 0.25f}, 2);
      float[] noise = Ops.recording(tape, 3).noise(x, magnitudes, -1).toFloats();
      for (int row = 0; row < 2; row++) {
        double bound = row == 0 ? 1 : 0.25;
        double sum = 0;
        double squares = 0;
        double largest = 0;
        for (int i = row * 5000; i < (row + 1) * 5000; i++) {
          sum += noise[i];
          squares += noise[i] * noise[i];
          largest = Math.max(largest, Math.abs(noise[i]));
        }
        assertThat(largest).isLessThanOrEqualTo(bound).isGreaterThan(0.99 * bound);
        assertThat(sum / 5000).isCloseTo(0, within(0.03 * bound));
        assertThat(squares / 5000).isCloseTo(bound * bound / 3, within(0.02 * bound * bound));
      }
    }
  }

  @Test
  void aRowsMagnitudeIsAlphaOverTheRootOfItsTokensTimesTheWidth() {
    // The targets see the first tokens only, and those get the first noise that is drawn, so only
    // the magnitude of the noise can tell the three losses from each other.
    try (Decoder decoder = load()) {
      NoisyEmbedding.put(decoder, 10);
      double alone = loss(decoder, LENGTH, false);
      double padded = loss(decoder, 2 * LENGTH, true);
      double longer = loss(decoder, 2 * LENGTH, false);
      NoisyEmbedding.remove(decoder);
      NoisyEmbedding.put(decoder, 10 * Math.sqrt(2));
      double stronger = loss(decoder, 2 * LENGTH, false);
      assertThat(padded).isCloseTo(alone, within(1e-4));
      assertThat(longer).isNotCloseTo(alone, within(1e-3));
      assertThat(stronger).isCloseTo(alone, within(1e-4));
    }
  }

  @Test
  void noiseFollowsTheSeedIsTheSameUnderRecomputationAndAbsentInEvaluation() {
    try (Decoder decoder = load()) {
      Batch inputs = inputs(LENGTH, false);
      double plain = LanguageModelLoss.evaluate(decoder, inputs);
      NoisyEmbedding.put(decoder, 50);
      double once = LanguageModelLoss.forwardBackward(decoder, inputs, 1, false, 5);
      assertThat(LanguageModelLoss.forwardBackward(decoder, inputs, 1, true, 5)).isEqualTo(once);
      assertThat(LanguageModelLoss.forwardBackward(decoder, inputs, 1, false, 6))
          .isNotEqualTo(once);
      assertThat(once).isNotEqualTo(plain);
      assertThat(LanguageModelLoss.evaluate(decoder, inputs)).isEqualTo(plain);
    }
  }

  @Test
  void theMethodSwitchesNoiseOnAndOffAndSaysSo() {
    try (Decoder decoder = load()) {
      Batch inputs = inputs(LENGTH, false);
      double plain = LanguageModelLoss.evaluate(decoder, inputs);
      Neftune method = Neftune.of(FullFineTuning.create(), 50);
      assertThat(method.identity()).isEqualTo("full fine-tuning neftune=50.0");
      try (Adaptation adaptation = method.attach(decoder, base, 1)) {
        assertThat(adaptation.trained()).isNotEmpty();
        assertThat(LanguageModelLoss.forwardBackward(decoder, inputs, 1, false, 5))
            .isNotCloseTo(plain, within(1e-3));
      }
      assertThat(LanguageModelLoss.forwardBackward(decoder, inputs, 1, false, 5))
          .isCloseTo(plain, within(1e-4));
    }
  }

  @Test
  void theTunerTakesItAndNamesAValueOutOfRange(@TempDir Path output) {
    FineTuner.Builder builder =
        FineTuner.builder()
            .model(ModelSource.path(base))
            .dataset(SmallModel.sentences(4))
            .method(FullFineTuning.create())
            .maxSteps(2)
            .output(output);
    refuses(
        SettingsException.class, () -> builder.neftune(-1).build(), "neftune must be at least 0");
    RunRecorder events = new RunRecorder();
    builder.neftune(5).listener(events).build().run();
    assertThat(events.steps).hasSize(2);
    assertThat(events.starts.get(0).model()).contains("NEFTune alpha=5.0");
  }

  private static double loss(Decoder decoder, int length, boolean padded) {
    return LanguageModelLoss.forwardBackward(decoder, inputs(length, padded), 1, false, 5);
  }

  /** One row whose second half may be padding; only its first half has targets. */
  private static Batch inputs(int length, boolean padded) {
    long[] ids = new long[length];
    long[] mask = new long[length];
    long[] labels = new long[length];
    for (int i = 0; i < length; i++) {
      ids[i] = (i * 37L + 11) % 512;
      mask[i] = padded && i >= LENGTH ? 0 : 1;
      labels[i] = i < LENGTH ? ids[i] : -100;
    }
    return new Batch(ids, mask, labels, 1, length);
  }

  private static Decoder load() {
    Decoder decoder = Architectures.declareDecoder(ModelConfig.read(base));
    try (Checkpoint checkpoint = Checkpoint.open(base)) {
      decoder.allocate(DType.F32);
      Weights.load(decoder, checkpoint);
    }
    return decoder;
  }
}
