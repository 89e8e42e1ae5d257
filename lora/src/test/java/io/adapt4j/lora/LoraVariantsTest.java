package io.adapt4j.lora;

import static io.adapt4j.core.Floats.worst;
import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.lora.LoraCase.config;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.LearningRateFactor;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.lora.internal.peft.PeftTargets;
import io.adapt4j.lora.internal.peft.Selection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** DoRA, initial values and the choice of modules, on a whole model. */
class LoraVariantsTest {

  private static final Path BASE = Path.of("base");

  static Stream<Arguments> variants() {
    return Stream.of(
        Arguments.of("DoRA", Lora.rank(4).dora(), 0),
        Arguments.of(
            "DoRA of some", Lora.rank(4).dora().targets(Targets.names("q_proj", "up_proj")), 0),
        Arguments.of("bias of B", Lora.rank(4).biasOfB(), 0),
        Arguments.of(
            "bias of B of some, rsLoRA, dropout",
            Lora.rank(4)
                .biasOfB()
                .rankStabilized()
                .dropout(0.1)
                .targets(Targets.names("v_proj", "down_proj")),
            0),
        Arguments.of("Gaussian", Lora.rank(4).initialize(LoraInit.GAUSSIAN), 0),
        Arguments.of("orthogonal", Lora.rank(4).initialize(LoraInit.ORTHOGONAL), 1e-5),
        Arguments.of("OLoRA", Lora.rank(4).initialize(LoraInit.OLORA), 1e-5),
        Arguments.of("PiSSA", Lora.rank(4).initialize(LoraInit.pissa()), 1e-5),
        Arguments.of("fast PiSSA", Lora.rank(4).initialize(LoraInit.pissa(4)), 1e-5),
        Arguments.of(
            "PiSSA, DoRA, rsLoRA",
            Lora.rank(4).dora().rankStabilized().initialize(LoraInit.pissa()),
            1e-5));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("variants")
  void startsAtTheBaseTrainsMergesAndComesBackFromItsFolder(
      String name, Lora lora, double tolerance, @TempDir Path folder) {
    long before = Tensor.live();
    try (Decoder decoder = LoraCase.random(false, DType.F32)) {
      float[] base = LoraCase.logits(decoder, LoraCase.batch());
      Map<String, float[]> weights = LoraCase.weights(decoder);
      float[] adapted;
      try (Adaptation adaptation = Methods.of(lora).attach(decoder, BASE, 1)) {
        LoraCase.assertClose(
            "at first", LoraCase.logits(decoder, LoraCase.batch()), base, tolerance, 0);
        descend(decoder, adaptation);
        adapted = LoraCase.logits(decoder, LoraCase.batch());
        assertThat(worst(adapted, base)).isGreaterThan(5e-4);
        assertThat(adaptation.withoutAdapter(() -> LoraCase.logits(decoder, LoraCase.batch())))
            .isEqualTo(base);
        adaptation.save(folder);
        descend(decoder, adaptation);
        adaptation.restore(folder);
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(adapted);
      }
      assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(base);
      try (AttachedAdapter attached = AdapterMechanics.of(LoraAdapter.at(folder)).attach(decoder)) {
        LoraCase.assertClose("read", LoraCase.logits(decoder, LoraCase.batch()), adapted, 1e-5, 0);
        attached.merge();
        LoraCase.assertClose(
            "merged", LoraCase.logits(decoder, LoraCase.batch()), adapted, 2e-5, 0);
        attached.unmerge();
        LoraCase.assertClose(
            "unmerged", LoraCase.logits(decoder, LoraCase.batch()), adapted, 1e-5, 0);
      }
      LoraCase.weights(decoder)
          .forEach((key, found) -> LoraCase.assertClose(key, found, weights.get(key), 1e-6, 0));
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("variants")
  void bf16AgreesWithFp32ToItsDigits(String name, Lora lora, double tolerance) {
    float[] wanted = afterTraining(lora, DType.F32);
    float[] found = afterTraining(lora, DType.BF16);
    assertThat(worst(found, wanted)).isLessThan(0.06);
  }

  private static float[] afterTraining(Lora lora, DType type) {
    try (Decoder decoder = LoraCase.random(false, type);
        Adaptation adaptation = Methods.of(lora).attach(decoder, BASE, 1)) {
      descend(decoder, adaptation);
      return LoraCase.logits(decoder, LoraCase.batch());
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("variants")
  void gradientsAreTheSameUnderRecomputation(String name, Lora lora, double tolerance) {
    Lora masked = name.startsWith("PiSSA, DoRA") ? lora : lora.dropout(0.2);
    try (Decoder decoder = LoraCase.random(false, DType.F32);
        Adaptation adaptation = Methods.of(masked).attach(decoder, BASE, 1)) {
      descend(decoder, adaptation);
      List<Trainable> trained = adaptation.trained();
      double once = LoraCase.forwardBackward(decoder, trained, LoraCase.batch(), false, 3);
      Map<String, float[]> gradients = LoraCase.gradients(trained);
      assertThat(LoraCase.forwardBackward(decoder, trained, LoraCase.batch(), true, 3))
          .isEqualTo(once);
      LoraCase.gradients(trained)
          .forEach((key, found) -> assertThat(found).as(key).isEqualTo(gradients.get(key)));
    }
  }

  @Test
  void doraFoldersHaveThePeftNames(@TempDir Path folder) throws IOException {
    try (Decoder decoder = LoraCase.random(false, DType.F32)) {
      train(decoder, Lora.rank(2).dora().targets(Targets.names("k_proj")), folder);
      assertThat(config(folder).get("use_dora").asBoolean()).isTrue();
      try (SafetensorsFile file =
          SafetensorsFile.open(folder.resolve("adapter_model.safetensors"))) {
        assertThat(file.entries().keySet())
            .containsExactlyInAnyOrder(
                "base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight",
                "base_model.model.model.layers.0.self_attn.k_proj.lora_B.weight",
                "base_model.model.model.layers.0.self_attn.k_proj.lora_magnitude_vector",
                "base_model.model.model.layers.1.self_attn.k_proj.lora_A.weight",
                "base_model.model.model.layers.1.self_attn.k_proj.lora_B.weight",
                "base_model.model.model.layers.1.self_attn.k_proj.lora_magnitude_vector");
        assertThat(
                file.entries()
                    .get("base_model.model.model.layers.0.self_attn.k_proj.lora_magnitude_vector")
                    .shape())
            .containsExactly(16L);
      }
      assertThat(AdapterMechanics.of(LoraAdapter.at(folder)).problems(decoder)).isEmpty();
      long trainable =
          Methods.of(Lora.rank(2).dora().targets(Targets.names("k_proj")))
              .trainableParameters(decoder);
      assertThat(trainable).isEqualTo(2 * (2 * (32 + 16) + 16));
    }
  }

  @Test
  void pissaIsSavedAsPlainLoraOfDoubleRankAndTheSameScale(@TempDir Path folder) throws IOException {
    Lora lora =
        Lora.rank(4)
            .alpha(12)
            .rankOf("v_proj", 2)
            .alphaOf("v_proj", 1)
            .targets(Targets.names("q_proj", "v_proj"))
            .initialize(LoraInit.pissa());
    try (Decoder decoder = LoraCase.random(false, DType.F32)) {
      train(decoder, lora, folder);
    }
    JsonNode config = config(folder);
    assertThat(config.get("init_lora_weights")).isEqualTo(new ObjectMapper().readTree("true"));
    assertThat(config.get("r").asInt()).isEqualTo(8);
    assertThat(config.get("lora_alpha").asInt()).isEqualTo(24);
    assertThat(config.get("rank_pattern").get("v_proj").asInt()).isEqualTo(4);
    assertThat(config.get("alpha_pattern").get("v_proj").asInt()).isEqualTo(2);
    try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("adapter_model.safetensors"))) {
      String prefix = "base_model.model.model.layers.0.self_attn.";
      assertThat(file.entries().get(prefix + "q_proj.lora_A.weight").shape())
          .containsExactly(8L, 32L);
      assertThat(file.entries().get(prefix + "v_proj.lora_B.weight").shape())
          .containsExactly(16L, 4L);
    }
  }

  @Test
  void aBiasOfBIsMergedOnlyWhereTheBaseHasOne(@TempDir Path folder) {
    Lora lora = Lora.rank(2).biasOfB().targets(Targets.names("q_proj", "down_proj"));
    try (Decoder decoder = LoraCase.llama(DType.F32)) {
      try (Adaptation adaptation = Methods.of(lora).attach(decoder, BASE, 1)) {
        adaptation.save(folder);
      }
      Map<String, float[]> weights = LoraCase.weights(decoder);
      try (AttachedAdapter attached = AdapterMechanics.of(LoraAdapter.at(folder)).attach(decoder)) {
        refuses(IllegalStateException.class, attached::merge, "q_proj, which has none");
      }
      LoraCase.weights(decoder)
          .forEach((name, found) -> assertThat(found).as(name).isEqualTo(weights.get(name)));
    }
  }

  /** What PEFT saves of such an adapter fits the base without what was taken out of it. */
  @ParameterizedTest
  @ValueSource(strings = {"pissa", "olora", "pissa_niter_16"})
  void anAdapterSavedWithItsInitialValuesIsPutOverTheRestOfTheBase(
      String kind, @TempDir Path folder) throws IOException {
    LoraInit initial = kind.equals("olora") ? LoraInit.OLORA : LoraInit.pissa();
    Lora lora = Lora.rank(4).targets(Targets.names("q_proj", "down_proj")).initialize(initial);
    Path plain = folder.resolve("plain");
    Path doubled = folder.resolve("doubled");
    try (Decoder decoder = LoraCase.random(false, DType.F32);
        Adaptation adaptation = Methods.of(lora).attach(decoder, BASE, 1)) {
      // Plain LoRA of the initial values; and twice their B over the base without them: the same.
      write(adaptation, plain, "true", 1);
      write(adaptation, doubled, kind, 2);
    }
    try (Decoder decoder = LoraCase.random(false, DType.F32)) {
      float[] wanted;
      try (AttachedAdapter attached = AdapterMechanics.of(LoraAdapter.at(plain)).attach(decoder)) {
        wanted = LoraCase.logits(decoder, LoraCase.batch());
      }
      try (AttachedAdapter attached =
          AdapterMechanics.of(LoraAdapter.at(doubled)).attach(decoder)) {
        LoraCase.assertClose(kind, LoraCase.logits(decoder, LoraCase.batch()), wanted, 1e-4, 0);
      }
      Path saved = folder.resolve("saved");
      try (Adaptation training = Methods.of(Lora.continuing(doubled)).attach(decoder, BASE, 1)) {
        LoraCase.assertClose(kind, LoraCase.logits(decoder, LoraCase.batch()), wanted, 1e-4, 0);
        training.save(saved);
      }
      assertThat(config(saved).get("init_lora_weights").asBoolean()).isTrue();
      assertThat(config(saved).get("r").asInt()).isEqualTo(8);
      try (AttachedAdapter attached = AdapterMechanics.of(LoraAdapter.at(saved)).attach(decoder)) {
        LoraCase.assertClose(kind, LoraCase.logits(decoder, LoraCase.batch()), wanted, 1e-4, 0);
      }
    }
  }

  private static void write(Adaptation adaptation, Path folder, String kind, float factor)
      throws IOException {
    List<TensorData> tensors = new ArrayList<>();
    for (Trainable parameter : adaptation.trained()) {
      float[] values = parameter.value().toFloats();
      ByteBuffer bytes =
          ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      for (float value : values) {
        bytes.putFloat(parameter.name().contains("lora_B") ? factor * value : value);
      }
      List<Long> shape = Arrays.stream(parameter.value().sizes()).boxed().toList();
      tensors.add(TensorData.of(parameter.name(), StoredType.F32, shape, bytes::flip));
    }
    Files.createDirectories(folder);
    SafetensorsWriter.create().writeFile(folder.resolve("adapter_model.safetensors"), tensors);
    String initial = kind.equals("true") ? kind : "\"" + kind + "\"";
    Files.writeString(
        folder.resolve("adapter_config.json"),
        "{\"peft_type\": \"LORA\", \"task_type\": \"CAUSAL_LM\", \"r\": 4, \"lora_alpha\": 8,"
            + " \"target_modules\": [\"q_proj\", \"down_proj\"], \"init_lora_weights\": "
            + initial
            + "}");
  }

  @Test
  void rankStabilizedPissaKeepsItsScaleAtDoubleRank() {
    AdapterConfig config =
        AdapterConfig.ofRank(4)
            .with(
                draft -> {
                  draft.alpha = 8;
                  draft.rankStabilized = true;
                  draft.initial = LoraInit.pissa();
                });
    assertThat(config.stored().rank()).isEqualTo(8);
    assertThat(config.stored().scaleOf("q_proj"))
        .isCloseTo(config.scaleOf("q_proj"), within(1e-12));
  }

  @Test
  void pissaStartsFromTheLargestSingularValues() {
    for (LoraInit kind : List.of(LoraInit.pissa(), LoraInit.pissa(8))) {
      Lora lora = Lora.rank(3).alpha(6).targets(Targets.names("down_proj")).initialize(kind);
      try (Decoder decoder = LoraCase.random(false, DType.F32);
          Adaptation adaptation = Methods.of(lora).attach(decoder, BASE, 1);
          Scope scope = Scope.open()) {
        Tensor a = adaptation.trained().get(0).value();
        Tensor b = adaptation.trained().get(1).value();
        float[] left = b.transposed().times(b).toFloats();
        float[] right = a.times(a.transposed()).toFloats();
        for (int i = 0; i < 3; i++) {
          for (int j = 0; j < 3; j++) {
            double value = left[3 * i + j];
            assertThat(value).isCloseTo(i == j ? right[3 * i + j] : 0, within(1e-4));
          }
        }
        assertThat(left[0]).isGreaterThanOrEqualTo(left[4]);
        assertThat(left[4]).isGreaterThanOrEqualTo(left[8]);
        // No unit vector is stretched more by the weight than the first right one.
        float[] weight = LoraCase.weights(decoder).get("model.layers.0.mlp.down_proj.weight");
        double frobenius = 0;
        for (float number : weight) {
          frobenius += number * number;
        }
        double first = 2 * left[0];
        assertThat(first * first).isLessThan(frobenius).isGreaterThan(frobenius / 32);
        float[] vector = a.narrow(0, 0, 1).toFloats();
        assertThat(stretched(weight, vector)).isCloseTo(first, within(1e-3 * first));
      }
    }
  }

  /** |W v| / |v|. */
  private static double stretched(float[] weight, float[] vector) {
    double squares = 0;
    double length = 0;
    for (float value : vector) {
      length += value * value;
    }
    for (int row = 0; row < weight.length / vector.length; row++) {
      double sum = 0;
      for (int i = 0; i < vector.length; i++) {
        sum += weight[row * vector.length + i] * vector[i];
      }
      squares += sum * sum;
    }
    return Math.sqrt(squares / length);
  }

  @Test
  void ranksAlphasLayersAndExclusionsChooseTheModules(@TempDir Path folder) throws IOException {
    Lora lora =
        Lora.rank(4)
            .layersPattern("layers")
            .layers(1)
            .targets(Targets.names("q_proj", "k_proj", "down_proj"))
            .exclude(Targets.names("k_proj"))
            .rankOf("q_proj", 2)
            .alphaOf("q_proj", 3);
    try (Decoder decoder = LoraCase.random(false, DType.F32)) {
      train(decoder, lora, folder);
      try (Adaptation adaptation = Methods.of(lora).attach(decoder, BASE, 1)) {
        assertThat(adaptation.trained().stream().map(Trainable::name))
            .containsExactly(
                "base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight",
                "base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight",
                "base_model.model.model.layers.1.mlp.down_proj.lora_A.weight",
                "base_model.model.model.layers.1.mlp.down_proj.lora_B.weight");
        assertThat(adaptation.trained().get(0).value().size(0)).isEqualTo(2);
        adaptation.restore(folder);
      }
      try (AttachedAdapter attached = AdapterMechanics.of(LoraAdapter.at(folder)).attach(decoder)) {
        attached.merge();
      }
    }
    JsonNode config = config(folder);
    assertThat(config.get("layers_to_transform").toString()).isEqualTo("[1]");
    assertThat(config.get("layers_pattern").toString()).isEqualTo("[\"layers\"]");
    assertThat(config.get("exclude_modules").toString()).isEqualTo("[\"k_proj\"]");
    assertThat(config.get("rank_pattern").toString()).isEqualTo("{\"q_proj\":2}");
    assertThat(config.get("alpha_pattern").toString()).isEqualTo("{\"q_proj\":3}");
  }

  @Test
  void selectionFollowsPeftsRules() {
    String path = "model.layers.11.self_attn.q_proj";
    Selection names = Selection.of(PeftTargets.names(List.of("q_proj")));
    assertThat(names.withLayers(List.of(11), List.of()).matches(path)).isTrue();
    assertThat(names.withLayers(List.of(1), List.of()).matches(path)).isFalse();
    assertThat(names.withLayers(List.of(11), List.of("layers")).matches(path)).isTrue();
    assertThat(names.withLayers(List.of(11), List.of("h", "blocks")).matches(path)).isFalse();
    assertThat(names.withLayers(List.of(11), List.of()).matches("head.q_proj")).isFalse();
    // A whole path is meant in whatever layer it is.
    assertThat(
            Selection.of(PeftTargets.names(List.of(path)))
                .withLayers(List.of(1), List.of())
                .matches(path))
        .isTrue();
    assertThat(names.withExcluded(PeftTargets.regex(".*\\.11\\..*")).matches(path)).isFalse();
    assertThat(names.withExcluded(PeftTargets.names(List.of("k_proj"))).matches(path)).isTrue();
  }

  @Test
  void loraPlusGivesTheSecondFactorsARateOfTheirOwn() {
    assertThat(Methods.of(Lora.rank(4)).rateFactors()).isEmpty();
    assertThat(Methods.of(Lora.rank(4).plus(16)).rateFactors())
        .containsExactly(new LearningRateFactor("lora_B", 16));
    assertThat(Lora.rank(4).plus(16).description()).startsWith("LoRA+ r=4");
  }

  @Test
  void everyOptionIsInTheIdentity() {
    Lora plain = Lora.rank(4);
    List<Lora> changed =
        List.of(
            plain.dora(),
            plain.biasOfB(),
            plain.initialize(LoraInit.pissa()),
            plain.initialize(LoraInit.pissa(4)),
            plain.rankOf("q_proj", 2),
            plain.alphaOf("q_proj", 2),
            plain.exclude(Targets.names("q_proj")),
            plain.layers(0),
            plain.layers(0).layersPattern("layers"),
            plain.plus(2));
    assertThat(
            Stream.concat(Stream.of(plain), changed.stream())
                .map(lora -> Methods.of(lora).identity()))
        .doesNotHaveDuplicates();
  }

  @Test
  void combinationsThatCannotWorkAreNamed() {
    Decoder declared = Architectures.declareDecoder(LoraCase.config(false));
    assertThat(Methods.of(Lora.rank(3).initialize(LoraInit.ORTHOGONAL)).problems(declared, BASE))
        .singleElement()
        .asString()
        .contains("even ranks", "rank 3");
    assertThat(Methods.of(Lora.rank(4).biasOfB().dora()).problems(declared, BASE))
        .singleElement()
        .asString()
        .contains("bias of B", "DoRA");
    assertThat(Methods.of(Lora.rank(20).initialize(LoraInit.pissa())).problems(declared, BASE))
        .singleElement()
        .asString()
        .contains("k_proj", "rank 20", "pissa");
    assertThat(
            Methods.of(Lora.rank(4).dora().dropout(0.1).initialize(LoraInit.OLORA))
                .problems(declared, BASE))
        .singleElement()
        .asString()
        .contains("DoRA", "olora", "dropout");
    assertThat(
            Methods.of(Lora.rank(4).targets(Targets.regex(".*q_proj")).layers(1))
                .problems(declared, BASE))
        .singleElement()
        .asString()
        .contains("expression", "layers");
    assertThat(Methods.of(Lora.rank(4).layersPattern("layers")).problems(declared, BASE))
        .singleElement()
        .asString()
        .contains("without layers");
    assertThatThrownBy(() -> Lora.rank(4).layers(-1)).hasMessageContaining("from 0");
    assertThatThrownBy(() -> Lora.rank(4).rankOf("(", 1)).hasMessageContaining("expression");
    assertThatThrownBy(() -> Lora.rank(4).plus(0)).hasMessageContaining("positive");
    assertThatThrownBy(() -> LoraInit.pissa(0)).hasMessageContaining("1 to 64");
  }

  private static void train(Decoder decoder, Lora lora, Path folder) {
    try (Adaptation adaptation = Methods.of(lora).attach(decoder, BASE, 1)) {
      descend(decoder, adaptation);
      adaptation.save(folder);
    }
  }

  private static void descend(Decoder decoder, Adaptation adaptation) {
    for (int step = 0; step < 2; step++) {
      LoraCase.forwardBackward(decoder, adaptation.trained(), LoraCase.batch(), false, step);
      for (Trainable parameter : adaptation.trained()) {
        float[] values = parameter.value().toFloats();
        float[] gradient = parameter.gradient().toFloats();
        for (int i = 0; i < values.length; i++) {
          values[i] -= 0.5f * gradient[i];
        }
        try (Tensor moved = Tensor.of(values, parameter.value().sizes())) {
          parameter.value().copyFrom(moved);
        }
      }
      adaptation.refresh();
    }
  }
}
