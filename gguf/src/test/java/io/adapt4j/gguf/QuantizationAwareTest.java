package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class QuantizationAwareTest {

  @TempDir private static Path shared;

  private static Path checkpoint;

  @TempDir private Path temporary;

  @BeforeAll
  static void writeModel() {
    System.setProperty("adapt4j.model.files", shared.resolve("files").toString());
    checkpoint = TestModels.random(shared.resolve("random"));
  }

  /** What training computes with is what the file of the merged adapter holds. */
  @ParameterizedTest
  @EnumSource(
      value = GgufQuantization.class,
      names = {"Q8_0", "Q4_0", "Q4_K_M", "Q5_K_M", "Q6_K"})
  void theForwardPassIsThatOfTheFile(GgufQuantization type) {
    QuantizationAware method = QuantizationAware.of(Lora.rank(4), type);
    float[] trained;
    try (Decoder decoder = TestModels.load(checkpoint);
        Adaptation adaptation = Methods.of(method).attach(decoder, checkpoint, 1)) {
      change(adaptation);
      trained = TestModels.logits(decoder, 20);
      adaptation.save(temporary.resolve("adapter"));
    }
    Path file = temporary.resolve("model.gguf");
    GgufExport.of(checkpoint)
        .adapter(LoraAdapter.at(temporary.resolve("adapter")))
        .type(type)
        .to(file);
    try (Decoder decoder = TestModels.load(ModelSource.path(file).folder())) {
      assertThat(trained).containsExactly(TestModels.logits(decoder, 20), within(1e-3f));
    }
  }

  /**
   * Gradients pass as if nothing were rounded: the residual stream's own are those of Q(W + BA).
   */
  @Test
  void anUpdateChangesWhatIsRounded() {
    FineTuningMethod method = QuantizationAware.of(Lora.rank(4), GgufQuantization.Q4_0);
    try (Decoder decoder = TestModels.load(checkpoint);
        Adaptation adaptation = Methods.of(method).attach(decoder, checkpoint, 1)) {
      change(adaptation);
      long[] ids = TestModels.ids(decoder, 16);
      long[] mask = new long[16];
      Arrays.fill(mask, 1);
      Batch batch = new Batch(ids, mask, ids.clone(), 1, 16);
      double before = LanguageModelLoss.evaluate(decoder, batch);
      for (int step = 0; step < 20; step++) {
        for (Trainable trained : adaptation.trained()) {
          trained.gradient().copyFrom(trained.gradient().scaled(0));
        }
        LanguageModelLoss.forwardBackward(decoder, batch, 1, false, 5);
        for (Trainable trained : adaptation.trained()) {
          try (Tensor step1 = trained.gradient().scaled(-1e-3);
              Tensor moved = trained.value().plus(step1)) {
            trained.value().copyFrom(moved);
          }
        }
        adaptation.refresh();
      }
      assertThat(LanguageModelLoss.evaluate(decoder, batch)).isLessThan(before * 0.8);
    }
  }

  @Test
  void weightsAreRoundedAgainAfterAsManyUpdatesAsAsked() {
    FineTuningMethod method = QuantizationAware.of(Lora.rank(4), GgufQuantization.Q4_0).every(2);
    try (Decoder decoder = TestModels.load(checkpoint);
        Adaptation adaptation = Methods.of(method).attach(decoder, checkpoint, 1)) {
      float[] present = first(decoder);
      change(adaptation);
      assertThat(first(decoder)).isEqualTo(present);
      adaptation.refresh();
      assertThat(first(decoder)).isNotEqualTo(present);
    }
  }

  private static float[] first(Network network) {
    return network.parameters().get(1).value().toFloats();
  }

  @Test
  void theBaseIsAsItWasWhenTheAdapterIsOffOrGone() {
    try (Decoder decoder = TestModels.load(checkpoint)) {
      float[] base = TestModels.logits(decoder, 10);
      long live = Tensor.live();
      try (Adaptation adaptation =
          Methods.of(QuantizationAware.of(Lora.rank(4), GgufQuantization.Q4_0))
              .attach(decoder, checkpoint, 1)) {
        change(adaptation);
        float[] adapted = TestModels.logits(decoder, 10);
        assertThat(adaptation.<float[]>withoutAdapter(() -> TestModels.logits(decoder, 10)))
            .isEqualTo(base);
        assertThat(TestModels.logits(decoder, 10)).isEqualTo(adapted).isNotEqualTo(base);
      }
      assertThat(TestModels.logits(decoder, 10)).isEqualTo(base);
      assertThat(Tensor.live()).isEqualTo(live);
    }
  }

  @Test
  void whatCannotBeRoundedIsSaidBefore() {
    try (Decoder declared = TestModels.load(checkpoint)) {
      assertThat(
              Methods.of(QuantizationAware.of(Lora.rank(2).dora(), GgufQuantization.Q4_0))
                  .problems(declared, checkpoint))
          .singleElement()
          .asString()
          .contains("DoRA");
      Lora twice = Lora.rank(2).layerReplication(new int[] {0, 1}, new int[] {0, 1});
      assertThat(
              Methods.of(QuantizationAware.of(twice, GgufQuantization.Q4_0))
                  .problems(declared, checkpoint))
          .anyMatch(problem -> problem.contains("layerReplication [[0, 1], [0, 1]]"));
    }
    assertThatThrownBy(() -> QuantizationAware.of(Lora.rank(2), GgufQuantization.Q4_0).every(0))
        .hasMessage("every: expected at least 1 update, found 0");
  }

  @Test
  void theMethodIsWrittenAndReadAsData() {
    QuantizationAware method = QuantizationAware.of(Lora.rank(8), GgufQuantization.Q5_K_M).every(4);
    assertThat(method.description()).contains("r=8", "Q5_K_M");
    assertThat(Methods.named("quantizationAware").write(method).orElseThrow().toString())
        .contains("\"rank\":8", "\"every\":4", Fields.written(GgufQuantization.Q5_K_M));
  }

  /** Values of the adapter as after some training. */
  private static void change(Adaptation adaptation) {
    SplittableRandom random = new SplittableRandom(3);
    List<Trainable> trained = adaptation.trained();
    for (Trainable parameter : trained) {
      float[] values = new float[(int) parameter.value().count()];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (0.05 * random.nextGaussian());
      }
      try (Tensor drawn = Tensor.of(values, parameter.value().sizes())) {
        parameter.value().copyFrom(drawn);
      }
    }
    adaptation.refresh();
  }
}
