package io.adapt4j.lora;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.lora.internal.ia3.Ia3Vectors;
import io.adapt4j.lora.internal.projection.ProjectionAdapterMechanics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Learned vectors on keys, values and the MLP (Liu et al. 2022). */
class Ia3Test {

  private static final Path BASE = Path.of("base");
  private static final String LAYER = "base_model.model.model.layers.0.";

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void startsAtTheBaseTrainsMergesAndComesBackFromItsFolder(DType type, @TempDir Path folder) {
    long before = Tensor.live();
    try (Decoder decoder = LoraCase.random(false, type)) {
      float[] base = LoraCase.logits(decoder, LoraCase.batch());
      Map<String, float[]> weights = LoraCase.weights(decoder);
      float[] adapted;
      try (Adaptation adaptation = Methods.of(Ia3.create()).attach(decoder, BASE, 1)) {
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(base);
        change(adaptation);
        adapted = LoraCase.logits(decoder, LoraCase.batch());
        assertThat(adapted).isNotEqualTo(base);
        assertThat(adaptation.withoutAdapter(() -> LoraCase.logits(decoder, LoraCase.batch())))
            .isEqualTo(base);
        adaptation.save(folder);
        change(adaptation);
        adaptation.restore(folder);
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(adapted);
      }
      assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(base);
      try (AttachedAdapter attached =
          AdapterMechanics.of(ProjectionAdapterMechanics.at(Ia3Vectors.KIND, folder))
              .attach(decoder)) {
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(adapted);
        attached.merge();
        LoraCase.assertClose(
            "merged",
            LoraCase.logits(decoder, LoraCase.batch()),
            adapted,
            type == DType.F32 ? 1e-5 : 0.03,
            0);
      }
      LoraCase.weights(decoder)
          .forEach((name, found) -> assertThat(found).as(name).isEqualTo(weights.get(name)));
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void gradientsAreThoseOfTheLoss() {
    try (Decoder decoder = LoraCase.random(false, DType.F32);
        Adaptation adaptation = Methods.of(Ia3.create()).attach(decoder, BASE, 1)) {
      change(adaptation);
      LoraCase.forwardBackward(decoder, adaptation.trained(), LoraCase.batch(), false, 3);
      for (Trainable parameter : adaptation.trained()) {
        float[] gradient = parameter.gradient().toFloats();
        float[] start = parameter.value().toFloats();
        double slope = 0;
        for (float value : gradient) {
          slope += value * value;
        }
        double step = 2e-3 / Math.sqrt(slope);
        double up = lossAt(decoder, adaptation, parameter, start, gradient, step);
        double down = lossAt(decoder, adaptation, parameter, start, gradient, -step);
        lossAt(decoder, adaptation, parameter, start, gradient, 0);
        assertThat((up - down) / (2 * step))
            .as(parameter.name())
            .isCloseTo(slope, within(0.05 * slope + 1e-6));
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
    float[] values = new float[start.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (start[i] + step * direction[i]);
    }
    set(parameter, values);
    adaptation.refresh();
    return LoraCase.forwardBackward(decoder, adaptation.trained(), LoraCase.batch(), false, 3);
  }

  @Test
  void foldersAreLaidOutAsPeftsAre(@TempDir Path folder) throws IOException {
    try (Decoder decoder = LoraCase.random(false, DType.F32);
        Adaptation adaptation = Methods.of(Ia3.create()).attach(decoder, BASE, 1)) {
      adaptation.save(folder);
      assertThat(Methods.of(Ia3.create()).trainableParameters(decoder))
          .isEqualTo(2 * (16 + 16 + 48));
    }
    JsonNode config = new ObjectMapper().readTree(folder.resolve("adapter_config.json").toFile());
    assertThat(config.get("peft_type").asText()).isEqualTo("IA3");
    assertThat(config.get("task_type").asText()).isEqualTo("CAUSAL_LM");
    assertThat(config.get("feedforward_modules").toString()).isEqualTo("[\"down_proj\"]");
    assertThat(config.get("target_modules").toString())
        .isEqualTo("[\"k_proj\",\"v_proj\",\"down_proj\"]");
    try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("adapter_model.safetensors"))) {
      assertThat(file.entries()).hasSize(6);
      assertThat(file.entries().get(LAYER + "self_attn.k_proj.ia3_l").shape())
          .containsExactly(16L, 1L);
      assertThat(file.entries().get(LAYER + "mlp.down_proj.ia3_l").shape())
          .containsExactly(1L, 48L);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gpt2_by_layer|transformer.h.0.attn.c_attn transformer.h.0.mlp.c_proj",
        "gpt_neox_linear|gpt_neox.layers.0.attention.query_key_value"
            + " gpt_neox.layers.0.mlp.dense_4h_to_h",
        "bert_features|encoder.layer.0.attention.self.key encoder.layer.0.attention.self.value"
            + " encoder.layer.0.attention.output.dense encoder.layer.0.output.dense"
      })
  void familiesGetTheModulesPeftChooses(String family, String paths) {
    Path base = LoraCase.family(family);
    try (Network network = Architectures.declare(ModelConfig.read(base))) {
      network.allocate(DType.F32);
      try (Adaptation adaptation = Methods.of(Ia3.create()).attach(network, base, 1)) {
        assertThat(
                adaptation.trained().stream()
                    .map(Trainable::name)
                    .filter(name -> name.contains(".0."))
                    .collect(Collectors.toSet()))
            .containsExactlyInAnyOrder(
                Arrays.stream(paths.split(" ", -1))
                    .map(path -> "base_model.model." + path + ".ia3_l")
                    .toArray(String[]::new));
      }
    }
  }

  @Test
  void whatCannotBeScaledIsNamed(@TempDir Path folder) throws IOException {
    Decoder declared = Architectures.declareDecoder(LoraCase.config(false));
    assertThat(
            Methods.of(Ia3.create().targets(Targets.names("up_proj"), Targets.names("up_proj")))
                .problems(declared, BASE))
        .allSatisfy(problem -> assertThat(problem).contains("up_proj", "shares its input"));
    assertThat(
            Methods.of(Ia3.create().targets(Targets.names("keys"), Targets.names("keys")))
                .problems(declared, BASE))
        .singleElement()
        .asString()
        .contains("match no projection", "q_proj");
    Files.writeString(
        folder.resolve("adapter_config.json"),
        "{\"peft_type\": \"IA3\", \"target_modules\": [\"k_proj\"], \"use_dora\": true}");
    refuses(
        CheckpointException.class,
        () -> ProjectionAdapterMechanics.at(Ia3Vectors.KIND, folder),
        "use_dora");
    assertThatThrownBy(() -> LoraAdapter.at(folder)).hasMessageContaining("peft_type");
  }

  private static void change(Adaptation adaptation) {
    for (Trainable parameter : adaptation.trained()) {
      float[] values = parameter.value().toFloats();
      for (int i = 0; i < values.length; i++) {
        values[i] += 0.5f * (float) Math.sin(i + values.length);
      }
      set(parameter, values);
    }
    adaptation.refresh();
  }

  private static void set(Trainable parameter, float[] values) {
    try (Tensor moved = Tensor.of(values, parameter.value().sizes())) {
      parameter.value().copyFrom(moved);
    }
  }
}
