package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.lora.Ia3;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.LoraInit;
import io.adapt4j.lora.Targets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Adapters on 4-bit weights, and on 8-bit ones. */
class FourBitLoraTest {

  private static final int ROWS = 2;
  private static final int LENGTH = 20;
  private static final Path LLAMA = Golden.folder("models/llama");
  private static final Path WITH_BIASES =
      Path.of("..", "core", "fixtures", "families", "qwen3_bias");

  @TempDir private Path temporary;

  static Arguments[] methods() {
    return new Arguments[] {
      Arguments.of("LoRA", LLAMA, Lora.rank(4)),
      Arguments.of("dropout", LLAMA, Lora.rank(4).dropout(0.3)),
      Arguments.of("biases", WITH_BIASES, Lora.rank(2).trainBiases()),
      Arguments.of("DoRA", LLAMA, Lora.rank(4).dora()),
      Arguments.of("DoRA with dropout", LLAMA, Lora.rank(4).dora().dropout(0.3)),
      Arguments.of("PiSSA", LLAMA, Lora.rank(4).initialize(LoraInit.pissa())),
      Arguments.of("head", LLAMA, Lora.rank(4).modulesToSave("lm_head")),
      Arguments.of("experts", WITH_BIASES.resolveSibling("mixtral"), Lora.rank(2)),
      Arguments.of(
          "experts in one tensor",
          WITH_BIASES.resolveSibling("gpt_oss"),
          Lora.rank(2).targets(Targets.names("q_proj", "gate_up_proj", "down_proj"))),
    };
  }

  @Test
  void gradientsOverEightBitsAreThoseOnTheRestoredWeightsToo() {
    Int8Case.needTheLibrary();
    assertGradients(LLAMA, Quantization.int8(), Lora.rank(4));
    assertGradients(WITH_BIASES, Quantization.int8(), Lora.rank(2).dora());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("methods")
  void gradientsAreThoseOnTheRestoredWeights(String name, Path folder, Lora lora) {
    assertGradients(folder, Quantization.nf4(), lora);
  }

  private static void assertGradients(Path folder, Quantization quantization, Lora lora) {
    long before = Tensor.live();
    try (Decoder fourBit = (Decoder) FourBitCase.load(folder, quantization, DType.F32);
        Decoder plain = (Decoder) FourBitCase.plainEqual(folder, fourBit)) {
      Map<String, float[]> wanted = gradients(plain, lora, folder, false);
      for (boolean recompute : new boolean[] {false, true}) {
        Map<String, float[]> found = gradients(fourBit, lora, folder, recompute);
        assertThat(found.keySet()).isEqualTo(wanted.keySet());
        wanted.forEach((value, gradient) -> assertClose(value, found.get(value), gradient));
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static Map<String, float[]> gradients(
      Decoder decoder, Lora lora, Path folder, boolean recompute) {
    try (Adaptation adaptation = Methods.of(lora).attach(decoder, folder, 3)) {
      randomize(adaptation);
      LanguageModelLoss.forwardBackward(decoder, batch(decoder), 1.0 / ROWS, recompute, 5);
      Map<String, float[]> gradients = new LinkedHashMap<>();
      for (Trainable parameter : adaptation.trained()) {
        gradients.put(parameter.name(), parameter.gradient().toFloats());
      }
      return gradients;
    }
  }

  /** Factors that are not zero, so that both have gradients. */
  static void randomize(Adaptation adaptation) {
    SplittableRandom random = new SplittableRandom(11);
    for (Trainable parameter : adaptation.trained()) {
      if (parameter.name().contains("lora_A") || parameter.name().contains("lora_B")) {
        float[] values = new float[(int) parameter.value().count()];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) (0.1 * random.nextGaussian());
        }
        try (Tensor drawn = Tensor.of(values, parameter.value().sizes())) {
          parameter.value().copyFrom(drawn);
        }
      }
    }
    adaptation.refresh();
  }

  private static Batch batch(Network network) {
    long[] ids = new long[ROWS * LENGTH];
    long[] mask = new long[ids.length];
    Arrays.fill(mask, 1);
    for (int i = 0; i < ids.length; i++) {
      ids[i] = 3 + (i * 31L + 7) % (network.dimensions().vocabularySize() - 3);
    }
    return new Batch(ids, mask, ids.clone(), ROWS, LENGTH);
  }

  private static void assertClose(String name, float[] found, float[] wanted) {
    double largest = 0;
    for (float value : wanted) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertThat(largest).as(name + " has a gradient").isPositive();
    assertThat(found).as(name).containsExactly(wanted, within((float) (2e-5 * largest)));
  }

  @ParameterizedTest
  @CsvSource({"llama", "gpt2"})
  void aStoredAdapterRunsBesideTheWeightsButIsNotMergedIntoThem(String family) {
    Path folder = family.equals("llama") ? LLAMA : WITH_BIASES.resolveSibling("gpt2_by_layer");
    try (Network fourBit = FourBitCase.load(folder, Quantization.nf4(), DType.F32);
        Network plain = FourBitCase.plainEqual(folder, fourBit)) {
      float[] base = FourBitCase.outputs(fourBit);
      try (Adaptation adaptation = Methods.of(Lora.rank(2)).attach(plain, folder, 1)) {
        randomize(adaptation);
        adaptation.save(temporary);
      }
      try (AttachedAdapter onPlain = AdapterMechanics.of(LoraAdapter.at(temporary)).attach(plain);
          AttachedAdapter onFourBit =
              AdapterMechanics.of(LoraAdapter.at(temporary)).attach(fourBit)) {
        float[] adapted = FourBitCase.outputs(fourBit);
        assertThat(adapted).containsExactly(FourBitCase.outputs(plain), within(1e-4f));
        assertThat(adapted).isNotEqualTo(base);
        assertThatThrownBy(onFourBit::merge)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("held packed")
            .hasMessageContaining("Leave the adapter beside them");
        assertThat(FourBitCase.outputs(fourBit)).isEqualTo(adapted);
        onFourBit.enabled(false);
        assertThat(FourBitCase.outputs(fourBit)).isEqualTo(base);
        onPlain.merge();
      }
      assertThat(FourBitCase.outputs(fourBit)).isEqualTo(base);
    }
  }

  @Test
  void learnedVectorsRunBesideTheWeightsToo() {
    try (Decoder fourBit = (Decoder) FourBitCase.load(LLAMA, Quantization.nf4(), DType.F32);
        Adaptation adaptation = Methods.of(Ia3.create()).attach(fourBit, LLAMA, 1)) {
      LanguageModelLoss.forwardBackward(fourBit, batch(fourBit), 1, true, 5);
      for (Trainable parameter : adaptation.trained()) {
        assertThat(parameter.gradient().toFloats())
            .as(parameter.name())
            .isNotEqualTo(parameter.value().toFloats());
      }
    }
  }

  @Test
  void whatCannotTrainInFullIsSaidBeforeAnyWeightIsRead() {
    try (Network declared = FourBitCase.declare(LLAMA, Quantization.nf4())) {
      assertThat(Methods.of(Lora.rank(2).modulesToSave("down_proj")).problems(declared, LLAMA))
          .singleElement()
          .asString()
          .contains("down_proj", "held packed");
      assertThat(Methods.of(FullFineTuning.create()).problems(declared, LLAMA))
          .singleElement()
          .asString()
          .contains("Full fine-tuning", "held packed", "adapter");
      assertThat(Methods.of(Lora.rank(2)).problems(declared, LLAMA)).isEmpty();
    }
  }
}
