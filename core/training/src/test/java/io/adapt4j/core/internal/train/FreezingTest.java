package io.adapt4j.core.internal.train;

import static io.adapt4j.core.internal.nn.TestNetworks.decoder;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.tensor.tape.Tape;
import io.adapt4j.core.internal.tokenize.Batch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Full fine-tuning with parameters frozen. */
class FreezingTest {

  private static final int LENGTH = 12;

  @TempDir static Path base;

  @BeforeAll
  static void writeModel() throws IOException {
    SmallModel.write(base);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatTrainsGetsTheGradientsOfFullTraining(boolean recompute) {
    Map<String, float[]> all = gradients(FullFineTuning.create(), recompute);
    Map<String, float[]> upper =
        gradients(FullFineTuning.create().freezeFirstLayers(1).freezeEmbeddings(), recompute);
    assertThat(upper.keySet())
        .contains("model.layers.1.self_attn.q_proj.weight", "model.norm.weight", "lm_head.weight")
        .noneMatch(name -> name.startsWith("model.layers.0.") || name.contains("embed_tokens"));
    upper.forEach((name, values) -> assertThat(values).as(name).isEqualTo(all.get(name)));

    Map<String, float[]> bottom =
        gradients(FullFineTuning.create().trainOnly("layers.0.*v_proj"), recompute);
    assertThat(bottom.keySet()).containsExactly("model.layers.0.self_attn.v_proj.weight");
    bottom.forEach((name, values) -> assertThat(values).as(name).isEqualTo(all.get(name)));
  }

  @Test
  void frozenParametersHaveNoGradientAndStayAsTheyAre(@TempDir Path saved) {
    long before = Tensor.live();
    try (Decoder decoder = decoder(base)) {
      FullFineTuning method =
          FullFineTuning.create().freezeFirstLayers(1).freezeEmbeddings().freeze("mlp");
      try (Adaptation adaptation = Methods.of(method).attach(decoder, base, 0)) {
        assertThat(decoder.embedding().isTrained()).isFalse();
        assertThat(decoder.layerParameters(0)).noneMatch(Parameter::isTrained);
        assertThat(decoder.layerParameters(1)).anyMatch(Parameter::isTrained);
        assertThat(
                adaptation.trained().stream()
                    .mapToLong(parameter -> parameter.value().count())
                    .sum())
            .isEqualTo(Methods.of(method).trainableParameters(decoder));
        float[] still = values(decoder, "model.layers.1.mlp.down_proj.weight");
        float[] moved = values(decoder, "model.layers.1.self_attn.o_proj.weight");
        descend(decoder, adaptation);
        assertThat(values(decoder, "model.layers.1.mlp.down_proj.weight")).isEqualTo(still);
        float[] after = values(decoder, "model.layers.1.self_attn.o_proj.weight");
        assertThat(after).isNotEqualTo(moved);
        adaptation.save(saved);
        try (Decoder other = decoder(saved)) {
          assertThat(values(other, "model.layers.1.self_attn.o_proj.weight")).isEqualTo(after);
          assertThat(values(other, "model.layers.1.mlp.down_proj.weight")).isEqualTo(still);
        }
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void nothingBelowTheLowestTrainedParameterIsRetained(boolean recompute) {
    try (Decoder decoder = decoder(base)) {
      long none = retained(decoder, FullFineTuning.create().trainOnly("lm_head"), recompute);
      long norm = retained(decoder, FullFineTuning.create().trainOnly("model.norm"), recompute);
      long upper =
          retained(
              decoder, FullFineTuning.create().freezeFirstLayers(1).freezeEmbeddings(), recompute);
      long all = retained(decoder, FullFineTuning.create(), recompute);
      assertThat(none).isZero();
      assertThat(norm).isEqualTo(1);
      assertThat(upper).isGreaterThan(norm).isLessThan(all);
    }
  }

  /** Tensors that are open after a forward pass only because a derivative needs them. */
  private static long retained(Decoder decoder, FullFineTuning method, boolean recompute) {
    try (Adaptation adaptation = Methods.of(method).attach(decoder, base, 0);
        Tape tape = new Tape();
        Positions positions = decoder.positions(mask(), 1, LENGTH)) {
      long before = Tensor.live();
      try (Scope scope = Scope.open()) {
        Tensor ids = Tensor.of(ids(), 1, LENGTH).own();
        decoder.hidden(Ops.recording(tape, 1), ids, positions, recompute);
        ids.close();
      }
      return Tensor.live() - before;
    }
  }

  @Test
  void theBaseCannotBeRunWhereItTrainsItself() {
    try (Decoder decoder = decoder(base);
        Adaptation adaptation = Methods.of(FullFineTuning.create()).attach(decoder, base, 0)) {
      assertThatThrownBy(() -> adaptation.withoutAdapter(() -> 1))
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessageContaining("use an adapter");
    }
  }

  @Test
  void mistakesAreNamedBeforeWeightsAreRead() {
    Decoder declared = Architectures.declareDecoder(ModelConfig.read(base));
    assertThat(Methods.of(FullFineTuning.create().freezeFirstLayers(3)).problems(declared, base))
        .singleElement()
        .asString()
        .contains("freezeFirstLayers is 3", "2 layers");
    assertThat(Methods.of(FullFineTuning.create().freeze("q_porj")).problems(declared, base))
        .singleElement()
        .asString()
        .contains("q_porj", "model.embed_tokens.weight");
    assertThat(Methods.of(FullFineTuning.create().freeze(".")).problems(declared, base))
        .singleElement()
        .asString()
        .contains("Every parameter is frozen");
    assertThatThrownBy(() -> FullFineTuning.create().trainOnly("("))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("regular expression");
  }

  @Test
  void identityTellsWhatIsFrozen() {
    assertThat(Methods.of(FullFineTuning.create()).identity()).isEqualTo("full fine-tuning");
    assertThat(
            Methods.of(
                    FullFineTuning.create()
                        .freezeFirstLayers(2)
                        .freezeEmbeddings()
                        .freeze("norm")
                        .trainOnly("self_attn"))
                .identity())
        .isEqualTo(
            "full fine-tuning (first 2 layers frozen, embeddings frozen, frozen [norm], only"
                + " [self_attn])");
  }

  private static Map<String, float[]> gradients(FullFineTuning method, boolean recompute) {
    try (Decoder decoder = decoder(base);
        Adaptation adaptation = Methods.of(method).attach(decoder, base, 0)) {
      forwardBackward(decoder, recompute);
      Map<String, float[]> gradients = new HashMap<>();
      adaptation
          .trained()
          .forEach(parameter -> gradients.put(parameter.name(), parameter.gradient().toFloats()));
      return gradients;
    }
  }

  private static void descend(Decoder decoder, Adaptation adaptation) {
    forwardBackward(decoder, false);
    for (Trainable parameter : adaptation.trained()) {
      try (Scope scope = Scope.open()) {
        float[] values = parameter.value().toFloats();
        float[] gradient = parameter.gradient().toFloats();
        for (int i = 0; i < values.length; i++) {
          values[i] -= gradient[i];
        }
        parameter.value().copyFrom(Tensor.of(values, parameter.value().sizes()));
      }
    }
    adaptation.refresh();
  }

  private static void forwardBackward(Decoder decoder, boolean recompute) {
    Batch inputs = new Batch(ids(), mask(), ids(), 1, LENGTH);
    LanguageModelLoss.forwardBackward(decoder, inputs, 1, recompute, 1);
  }

  private static long[] ids() {
    long[] ids = new long[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
      ids[i] = (i * 37L + 11) % 512;
    }
    return ids;
  }

  private static long[] mask() {
    long[] mask = new long[LENGTH];
    Arrays.fill(mask, 1);
    return mask;
  }

  private static float[] values(Decoder decoder, String name) {
    for (Parameter parameter : decoder.parameters()) {
      for (Parameter.Slice slice : parameter.slices()) {
        if (slice.name().equals(name)) {
          try (Tensor rows = parameter.value().narrow(0, slice.start(), slice.rows())) {
            return rows.toFloats();
          }
        }
      }
    }
    throw new IllegalArgumentException(name);
  }
}
