package io.adapt4j.core.internal.nn;

import static io.adapt4j.core.Floats.worst;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What rotary scalings have in common, seen from outside: a decoder's logits. */
class RopeScalingTest {

  private static final String DEFAULT = "{\"rope_type\": \"default\"}";
  private static final String LINEAR = "{\"rope_type\": \"linear\", \"factor\": 2.0}";
  private static final String DYNAMIC = "{\"rope_type\": \"dynamic\", \"factor\": 2.0}";
  private static final String YARN =
      "{\"rope_type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 16}";
  private static final String LLAMA3 =
      "{\"rope_type\": \"llama3\", \"factor\": 8.0, \"low_freq_factor\": 1.0,"
          + " \"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 16}";

  private static final int LENGTH = 40;
  private static final int PADDING = 9;
  private static final long[] IDS =
      LongStream.range(0, LENGTH).map(i -> 3 + (i * 37) % 500).toArray();

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"rope_type\": \"linear\", \"factor\": 1.0}",
        "{\"rope_type\": \"dynamic\", \"factor\": 1.0}",
        "{\"rope_type\": \"llama3\", \"factor\": 1.0, \"low_freq_factor\": 1.0,"
            + " \"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 16}"
      })
  void aFactorOfOneIsNoScaling(String scaling) throws IOException {
    float[] scaled = plain(SmallModel.writeScaled(folder.resolve("scaled"), scaling));
    float[] unscaled = plain(SmallModel.writeScaled(folder.resolve("default"), DEFAULT));
    assertThat(scaled).containsExactly(unscaled, within(1e-6f));
  }

  @ParameterizedTest
  @ValueSource(strings = {LINEAR, YARN, LLAMA3})
  void aScalingChangesTheLogits(String scaling) throws IOException {
    float[] scaled = plain(SmallModel.writeScaled(folder.resolve("scaled"), scaling));
    float[] unscaled = plain(SmallModel.writeScaled(folder.resolve("default"), DEFAULT));
    assertThat(worst(scaled, unscaled)).isGreaterThan(1e-6);
  }

  @Test
  void dynamicScalingChangesNothingWithinTheContext() throws IOException {
    float[] scaled = plain(SmallModel.writeScaled(folder.resolve("scaled"), DYNAMIC));
    float[] unscaled = plain(SmallModel.writeScaled(folder.resolve("default"), DEFAULT));
    assertThat(scaled).containsExactly(unscaled, within(1e-6f));
  }

  @ParameterizedTest
  @ValueSource(strings = {DEFAULT, LINEAR, DYNAMIC, YARN, LLAMA3})
  void everyScalingGivesFiniteLogitsAndGenerates(String scaling) throws IOException {
    Path model = SmallModel.writeScaled(folder, scaling);
    for (float logit : plain(model)) {
      assertThat(logit).isFinite();
    }
    try (LanguageModel loaded = LanguageModel.load(ModelSource.path(model), Precision.FP32)) {
      int[] prompt = Arrays.stream(IDS).mapToInt(Math::toIntExact).toArray();
      GenerationOptions options =
          GenerationOptions.builder().maxNewTokens(20).ignoreEos(true).build();
      assertThat(loaded.generateIds(List.of(prompt), options).get(0)).hasSize(20);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {DEFAULT, LINEAR, YARN, LLAMA3})
  void leftAndRightPaddingGiveTheSameLogits(String scaling) throws IOException {
    Path model = SmallModel.writeScaled(folder, scaling);
    float[] alone = plain(model);
    float[] right = padded(model, 0);
    float[] left = padded(model, PADDING);
    assertThat(worst(right, alone)).isLessThan(1e-5);
    assertThat(worst(left, alone)).isLessThan(1e-5);
  }

  private static float[] plain(Path model) {
    return logits(model, IDS, LongStream.range(0, LENGTH).map(i -> 1).toArray());
  }

  /** The logits of the real tokens, which begin after some padding and end before the rest. */
  private static float[] padded(Path model, int before) {
    long[] ids = new long[LENGTH + PADDING];
    long[] mask = new long[LENGTH + PADDING];
    System.arraycopy(IDS, 0, ids, before, LENGTH);
    Arrays.fill(mask, before, before + LENGTH, 1);
    float[] all = logits(model, ids, mask);
    int width = all.length / ids.length;
    return Arrays.copyOfRange(all, before * width, (before + LENGTH) * width);
  }

  private static float[] logits(Path model, long[] ids, long[] mask) {
    try (Decoder decoder = Architectures.declareDecoder(ModelConfig.read(model));
        Checkpoint checkpoint = Checkpoint.open(model);
        Scope scope = Scope.open()) {
      decoder.allocate(DType.F32);
      Weights.load(decoder, checkpoint);
      // Attention of the small random weights is nearly even; larger ones let positions matter.
      decoder.linears().stream()
          .map(slot -> slot.linear().parameters().get(0).value())
          .forEach(weight -> weight.copyFrom(weight.scaled(10)));
      try (Positions positions = decoder.positions(mask, 1, ids.length)) {
        Ops ops = Ops.inference();
        Tensor hidden = decoder.hidden(ops, Tensor.of(ids, 1, ids.length), positions, false);
        return decoder.logits(hidden).toFloats();
      }
    }
  }
}
