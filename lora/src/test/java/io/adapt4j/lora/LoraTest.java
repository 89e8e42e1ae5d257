package io.adapt4j.lora;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.lora.internal.peft.LoraBias;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What LoRA does to a model, case by case. */
class LoraTest {

  private static final Path BASE = Path.of("base");

  @Test
  void optionsAreCheckedAtOnce() {
    assertThatThrownBy(() -> Lora.rank(0)).hasMessageContaining("rank").hasMessageContaining("0");
    Lora lora = Lora.rank(4);
    assertThatThrownBy(() -> lora.alpha(0)).hasMessageContaining("alpha");
    assertThatThrownBy(() -> lora.dropout(1)).hasMessageContaining("[0, 1)");
    assertThatThrownBy(() -> lora.modulesToSave("")).hasMessageContaining("modulesToSave");
    assertThatThrownBy(() -> Targets.names()).hasMessageContaining("targets");
    assertThatThrownBy(() -> Targets.regex("(")).hasMessageContaining("regular expression");
  }

  @Test
  void targetsThatMatchNothingAreReportedWithWhatCouldBeTargeted() {
    Decoder declared = Architectures.declareDecoder(LoraCase.config(false));
    Lora lora = Lora.rank(4).targets(Targets.names("q_proj", "c_attn")).modulesToSave("score");
    assertThat(Methods.of(lora).problems(declared, BASE))
        .hasSize(2)
        .anySatisfy(text -> assertThat(text).contains("'c_attn'", "q_proj", "down_proj"))
        .anySatisfy(text -> assertThat(text).contains("'score'"));
    assertThat(Methods.of(Lora.rank(4).targets(Targets.regex("q_proj"))).problems(declared, BASE))
        .hasSize(1);
    assertThat(
            Methods.of(Lora.rank(4).targets(Targets.regex(".*\\.1\\..*_proj")))
                .problems(declared, BASE))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"norm", "input_layernorm"})
  void targetingSomethingElseThanAProjectionIsRefusedWithTheRemedy(String module) {
    Decoder declared = Architectures.declareDecoder(LoraCase.config(true));
    assertThat(Methods.of(Lora.rank(4).targets(Targets.names(module))).problems(declared, BASE))
        .isNotEmpty()
        .allSatisfy(text -> assertThat(text).contains(module, "modulesToSave"));
  }

  @Test
  void countsWhatTrains() {
    Decoder declared = Architectures.declareDecoder(LoraCase.config(true));
    // q: 32 -> 32, v: 32 -> 16, two layers
    long factors = 2 * 4 * ((32 + 32) + (32 + 16));
    Lora lora = Lora.rank(4).targets(Targets.names("q_proj", "v_proj"));
    assertThat(Methods.of(lora).trainableParameters(declared)).isEqualTo(factors);
    assertThat(Methods.of(lora.bias(LoraBias.LORA_ONLY)).trainableParameters(declared))
        .isEqualTo(factors + 2 * (32 + 16));
    assertThat(Methods.of(lora.modulesToSave("lm_head")).trainableParameters(declared))
        .isEqualTo(factors + 96 * 32);
  }

  @Test
  void initialValuesFollowTheSeedAndChangeNothing() {
    try (Decoder decoder = LoraCase.random(true, DType.F32)) {
      float[] base = LoraCase.logits(decoder, LoraCase.batch());
      float[] first;
      try (Adaptation adaptation = Methods.of(Lora.rank(4)).attach(decoder, BASE, 5)) {
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(base);
        first = adaptation.trained().get(0).value().toFloats();
        double bound = 1 / Math.sqrt(32);
        for (float value : first) {
          assertThat(Math.abs(value)).isLessThanOrEqualTo((float) bound);
        }
      }
      try (Adaptation adaptation = Methods.of(Lora.rank(4)).attach(decoder, BASE, 5)) {
        assertThat(adaptation.trained().get(0).value().toFloats()).isEqualTo(first);
      }
      try (Adaptation adaptation = Methods.of(Lora.rank(4)).attach(decoder, BASE, 6)) {
        assertThat(adaptation.trained().get(0).value().toFloats()).isNotEqualTo(first);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void everythingTrainsSavesRestoresAndComesOff(DType type, @TempDir Path folder) {
    long before = Tensor.live();
    Lora lora =
        Lora.rank(4)
            .alpha(8)
            .bias(LoraBias.ALL)
            .modulesToSave("embed_tokens", "lm_head", "model.norm", "1.mlp.up_proj");
    try (Decoder decoder = LoraCase.random(true, type)) {
      Map<String, float[]> base = LoraCase.weights(decoder);
      float[] baseLogits = LoraCase.logits(decoder, LoraCase.batch());
      float[] changed;
      try (Adaptation adaptation = Methods.of(lora).attach(decoder, BASE, 1)) {
        assertThat(decoder.isTied()).isFalse();
        assertThat(adaptation.trained().stream().map(Trainable::name))
            .contains(
                "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
                "base_model.model.model.layers.0.self_attn.q_proj.base_layer.bias",
                "base_model.model.model.layers.1.mlp.up_proj.weight",
                "base_model.model.model.layers.1.mlp.up_proj.bias",
                "base_model.model.model.embed_tokens.weight",
                "base_model.model.model.norm.weight",
                "base_model.model.lm_head.weight")
            .doesNotContain("base_model.model.model.layers.1.mlp.up_proj.lora_A.weight")
            .doesNotHaveDuplicates();
        descend(decoder, adaptation);
        for (Trainable parameter : adaptation.trained()) {
          assertThat(parameter.gradient().toFloats())
              .as(parameter.name())
              .isNotEqualTo(zeros(parameter));
        }
        changed = LoraCase.logits(decoder, LoraCase.batch());
        assertThat(changed).isNotEqualTo(baseLogits);
        adaptation.save(folder);
        descend(decoder, adaptation);
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isNotEqualTo(changed);
        adaptation.restore(folder);
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(changed);
      }
      assertThat(decoder.isTied()).isTrue();
      assertSame(LoraCase.weights(decoder), base);
      try (AttachedAdapter attached = AdapterMechanics.of(LoraAdapter.at(folder)).attach(decoder)) {
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(changed);
        attached.enabled(false);
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(baseLogits);
        attached.enabled(true);
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(changed);
      }
      assertSame(LoraCase.weights(decoder), base);
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void onlyTheNamedHalfOfATiedPairTrains() {
    try (Decoder decoder = LoraCase.random(true, DType.F32);
        Adaptation adaptation =
            Methods.of(Lora.rank(2).modulesToSave("embed_tokens")).attach(decoder, BASE, 1)) {
      float[] head = decoder.head().weight().value().toFloats();
      descend(decoder, adaptation);
      assertThat(decoder.head().weight().value().toFloats()).isEqualTo(head);
      assertThat(decoder.embedding().value().toFloats()).isNotEqualTo(head);
    }
  }

  @ParameterizedTest
  @CsvSource({"F32,1e-6", "BF16,0"})
  void unmergingRestoresTheBase(DType type, double tolerance, @TempDir Path folder) {
    try (Decoder decoder = LoraCase.random(false, type)) {
      train(decoder, Lora.rank(4), folder);
      Map<String, float[]> base = LoraCase.weights(decoder);
      try (AttachedAdapter attached = AdapterMechanics.of(LoraAdapter.at(folder)).attach(decoder)) {
        float[] beside = LoraCase.logits(decoder, LoraCase.batch());
        attached.merge();
        assertThat(LoraCase.weights(decoder).get("model.layers.0.self_attn.k_proj.weight"))
            .isNotEqualTo(base.get("model.layers.0.self_attn.k_proj.weight"));
        LoraCase.assertClose(
            "merged",
            LoraCase.logits(decoder, LoraCase.batch()),
            beside,
            type == DType.F32 ? 1e-5 : 0.05,
            0);
        assertThatThrownBy(() -> attached.enabled(false)).hasMessageContaining("Unmerge");
        attached.unmerge();
        LoraCase.weights(decoder)
            .forEach(
                (name, found) -> LoraCase.assertClose(name, found, base.get(name), tolerance, 0));
      }
    }
  }

  @Test
  void mergedCheckpointOfAnUntiedBf16ModelIsBf16AndSaysUntied(@TempDir Path folder) {
    Path base = folder.resolve("base");
    Path adapter = folder.resolve("adapter");
    Path merged = folder.resolve("merged");
    ModelConfig config = LoraCase.config(true);
    try (Decoder decoder = LoraCase.random(true, DType.F32)) {
      CheckpointFolder.write(base, base, config, Weights.tensors(decoder, StoredType.BF16));
    }
    float[] beside;
    try (Decoder decoder = LoraCase.load(base, DType.F32)) {
      train(decoder, Lora.rank(4).modulesToSave("lm_head"), adapter);
      try (AttachedAdapter attached =
          AdapterMechanics.of(LoraAdapter.at(adapter)).attach(decoder)) {
        beside = LoraCase.logits(decoder, LoraCase.batch());
      }
    }
    LoraAdapter.at(adapter).writeMerged(base, merged);
    assertThat(ModelConfig.read(merged).toJson().get("tie_word_embeddings").asBoolean()).isFalse();
    try (SafetensorsFile file = SafetensorsFile.open(merged.resolve("model.safetensors"));
        Decoder decoder = LoraCase.load(merged, DType.F32)) {
      assertThat(file.entries().values())
          .allSatisfy(entry -> assertThat(entry.type()).isEqualTo(StoredType.BF16));
      float[] found = LoraCase.logits(decoder, LoraCase.batch());
      LoraCase.assertClose("merged", found, beside, 0.02, 0.01);
    }
    assertThatThrownBy(() -> LoraAdapter.at(adapter).writeMerged(base, base))
        .hasMessageContaining("another folder");
  }

  @Test
  void dropoutFollowsTheSeedSurvivesRecomputationAndIsOffOutsideTraining() {
    Lora lora = Lora.rank(4).dropout(0.3);
    try (Decoder decoder = LoraCase.random(false, DType.F32);
        Adaptation adaptation = Methods.of(lora).attach(decoder, BASE, 1)) {
      descend(decoder, adaptation);
      List<Trainable> trained = adaptation.trained();
      double once = LoraCase.forwardBackward(decoder, trained, LoraCase.batch(), false, 3);
      Map<String, float[]> gradients = LoraCase.gradients(trained);
      double again = LoraCase.forwardBackward(decoder, trained, LoraCase.batch(), true, 3);
      assertThat(again).isEqualTo(once);
      assertSame(LoraCase.gradients(trained), gradients);
      assertThat(LoraCase.forwardBackward(decoder, trained, LoraCase.batch(), false, 4))
          .isNotEqualTo(once);
      assertThat(LoraCase.logits(decoder, LoraCase.batch()))
          .isEqualTo(LoraCase.logits(decoder, LoraCase.batch()));
    }
  }

  @Test
  void dropoutGradientsAreThoseOfTheMaskedFunction() {
    Lora lora = Lora.rank(2).dropout(0.4).targets(Targets.names("gate_proj", "up_proj", "v_proj"));
    try (Decoder decoder = LoraCase.random(false, DType.F32);
        Adaptation adaptation = Methods.of(lora).attach(decoder, BASE, 1)) {
      List<Trainable> trained = adaptation.trained();
      SplittableRandom random = new SplittableRandom(9);
      for (Trainable parameter : trained) {
        float[] values = zeros(parameter);
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) random.nextDouble(-1, 1);
        }
        set(parameter, values, values, 0);
      }
      adaptation.refresh();
      LoraCase.forwardBackward(decoder, trained, LoraCase.batch(), false, 3);
      for (Trainable parameter : trained) {
        double slope = squaredNorm(parameter.gradient().toFloats());
        float[] start = parameter.value().toFloats();
        float[] direction = parameter.gradient().toFloats();
        double step = 1e-3 / slope;
        double up = lossAt(decoder, adaptation, parameter, start, direction, step);
        double down = lossAt(decoder, adaptation, parameter, start, direction, -step);
        set(parameter, start, direction, 0);
        adaptation.refresh();
        LoraCase.forwardBackward(decoder, trained, LoraCase.batch(), false, 3);
        assertThat((up - down) / (2 * step))
            .as(parameter.name())
            .isCloseTo(slope, within(0.03 * slope));
      }
    }
  }

  private static double lossAt(
      Decoder decoder,
      Adaptation adaptation,
      Trainable parameter,
      float[] start,
      float[] direction,
      double step) {
    set(parameter, start, direction, step);
    adaptation.refresh();
    return LoraCase.forwardBackward(decoder, adaptation.trained(), LoraCase.batch(), false, 3);
  }

  private static void set(Trainable parameter, float[] start, float[] direction, double step) {
    float[] values = new float[start.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (start[i] + step * direction[i]);
    }
    try (Tensor moved = Tensor.of(values, parameter.value().sizes())) {
      parameter.value().copyFrom(moved);
    }
  }

  @Test
  void ranksAndAlphasByModuleAreHonoredAndKept(@TempDir Path folder) throws Exception {
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    try (Decoder decoder = LoraCase.random(false, DType.F32)) {
      train(decoder, Lora.rank(4).targets(Targets.names("q_proj", "k_proj")), first);
    }
    Files.createDirectories(second);
    edit(
        first,
        second,
        Map.of(
            "rank_pattern",
            "{\"layers.1.self_attn.k_proj\": 2}",
            "alpha_pattern",
            "{\"q_proj\": 1}"));
    AdapterConfig config = LoraFields.read(second);
    assertThat(config.rankOf("model.layers.1.self_attn.k_proj")).isEqualTo(2);
    assertThat(config.rankOf("model.layers.0.self_attn.k_proj")).isEqualTo(4);
    assertThat(config.scaleOf("model.layers.0.self_attn.q_proj")).isEqualTo(0.25);
    assertThat(config.scaleOf("model.layers.1.self_attn.k_proj")).isEqualTo(4);
    try (Decoder decoder = LoraCase.random(false, DType.F32)) {
      AdapterPlan plan = AdapterPlan.of(config, decoder);
      try (LoraModel model = LoraModel.attach(decoder, plan, config)) {
        model.initialize(LoraInit.KAIMING, 1);
        LoraFolder.write(second, config, plan, "base", model.tensors());
      }
      try (Adaptation adaptation = Methods.of(Lora.continuing(second)).attach(decoder, BASE, 2)) {
        adaptation.save(first);
      }
    }
    ObjectMapper json = new ObjectMapper();
    assertThat(json.readTree(first.resolve("adapter_config.json").toFile()))
        .isEqualTo(json.readTree(second.resolve("adapter_config.json").toFile()));
  }

  @Test
  void anAdapterForAnotherBaseNamesThatBaseAndEveryDifference() {
    LoraAdapter adapter = LoraAdapter.at(LoraCase.golden("lora/llama_qv/random"));
    Decoder declared = Architectures.declareDecoder(LoraCase.config(false));
    assertThat(AdapterMechanics.of(adapter).problems(declared))
        .singleElement()
        .asString()
        .contains(
            "'models/llama'", "layers.0.self_attn.q_proj.lora_A.weight", "[8, 64]", "[8, 32]");
    try (Decoder decoder = LoraCase.random(false, DType.F32)) {
      refuses(CheckpointException.class, () -> AdapterMechanics.of(adapter).attach(decoder));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "use_qalora|true",
        "peft_type|\"IA3\"",
        "task_type|\"QUESTION_ANS\"",
        "layers_to_transform|[-1]",
        "init_lora_weights|\"corda\"",
        "some_future_option|{\"a\": 1}",
        "target_modules|null",
        "lora_dropout|1.5",
        "bias|\"some\"",
        "rank_pattern|{\"q_proj\": 0}"
      })
  void unsupportedFieldsAreRefusedByNameAndValue(String field, String value, @TempDir Path folder)
      throws Exception {
    edit(LoraCase.golden("lora/llama_qv/random"), folder, Map.of(field, value));
    refuses(CheckpointException.class, () -> LoraAdapter.at(folder), "adapter_config.json", field);
  }

  @Test
  void pickledAdaptersAreRefusedWithTheRemedy(@TempDir Path folder) throws Exception {
    edit(LoraCase.golden("lora/llama_qv/random"), folder, Map.of());
    Files.writeString(folder.resolve("adapter_model.bin"), "pickle");
    Decoder declared =
        Architectures.declareDecoder(ModelConfig.read(LoraCase.golden("models/llama")));
    assertThat(AdapterMechanics.of(LoraAdapter.at(folder)).problems(declared))
        .singleElement()
        .asString()
        .contains("adapter_model.bin", "safe_serialization");
  }

  @Test
  void aSecondCloseAndUseAfterItAreHandled() {
    try (Decoder decoder = LoraCase.llama(DType.F32)) {
      AttachedAdapter attached =
          AdapterMechanics.of(LoraAdapter.at(LoraCase.golden("lora/llama_qv/random")))
              .attach(decoder);
      attached.close();
      attached.close();
      assertThatThrownBy(attached::merge).hasMessageContaining("taken off");
    }
  }

  /** Copies an adapter's configuration with some fields replaced. */
  private static void edit(Path from, Path to, Map<String, String> changes) throws Exception {
    ObjectMapper json = new ObjectMapper();
    var config =
        (com.fasterxml.jackson.databind.node.ObjectNode)
            json.readTree(from.resolve("adapter_config.json").toFile());
    for (Map.Entry<String, String> change : changes.entrySet()) {
      JsonNode value = json.readTree(change.getValue());
      config.set(change.getKey(), value);
    }
    json.writeValue(to.resolve("adapter_config.json").toFile(), config);
  }

  /** Two plain gradient steps, so that B is not zero and A has moved. */
  private static void descend(Decoder decoder, Adaptation adaptation) {
    for (int step = 0; step < 2; step++) {
      LoraCase.forwardBackward(decoder, adaptation.trained(), LoraCase.batch(), false, step);
      for (Trainable parameter : adaptation.trained()) {
        set(parameter, parameter.value().toFloats(), parameter.gradient().toFloats(), -0.5);
      }
      adaptation.refresh();
    }
  }

  private static void train(Decoder decoder, Lora lora, Path folder) {
    try (Adaptation adaptation = Methods.of(lora).attach(decoder, BASE, 1)) {
      descend(decoder, adaptation);
      adaptation.save(folder);
    }
  }

  private static float[] zeros(Trainable parameter) {
    return new float[Math.toIntExact(parameter.gradient().count())];
  }

  private static double squaredNorm(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return sum;
  }

  private static void assertSame(Map<String, float[]> found, Map<String, float[]> wanted) {
    assertThat(found.keySet()).isEqualTo(wanted.keySet());
    wanted.forEach((name, values) -> assertThat(found.get(name)).as(name).isEqualTo(values));
  }
}
