package io.adapt4j.lora.internal.peft;

import static io.adapt4j.core.Floats.worst;
import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.core.internal.nn.TestNetworks.decoder;
import static io.adapt4j.core.internal.nn.TestNetworks.floats;
import static io.adapt4j.lora.LoraCase.family;
import static io.adapt4j.lora.LoraCase.ids;
import static io.adapt4j.lora.LoraCase.move;
import static io.adapt4j.lora.LoraCase.outputs;
import static io.adapt4j.lora.LoraCase.randomize;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.LoraCase;
import io.adapt4j.lora.Targets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Adapters on experts whose weights lie in one tensor: PEFT's target_parameters. */
class StackedFactorsTest {

  private static final long[] IDS = ids(12, 30);
  private static final int RANK = 2;

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "gpt_oss,         mlp.experts,              gate_up_proj, down_proj, mlp.experts.gate_up_proj",
    "mixtral_stacked, mlp.experts,              gate_up_proj, down_proj, mlp.experts.gate_up_proj",
    "granitemoe,      block_sparse_moe.experts, input_linear, output_linear,"
        + " block_sparse_moe.input_linear.weight",
    "gemma4_moe,      experts,                  gate_up_proj, experts.down_proj,"
        + " experts.gate_up_proj",
    "gemma4_by_layer, experts,                  gate_up_proj, experts.down_proj,"
        + " experts.gate_up_proj"
  })
  void theFileHoldsWhatPeftComputesFromIt(
      String name, String module, String first, String second, String weight) throws Exception {
    Path base = family(name);
    Path merged = folder.resolve("merged");
    Path adapter = folder.resolve("adapter");
    Lora lora = Lora.rank(RANK).alpha(6).targets(Targets.names("q_proj", first, second));
    try (Decoder network = decoder(base)) {
      float[] plain = outputs(network, IDS);
      float[] trained;
      try (Adaptation adaptation = Methods.of(lora).attach(network, base, 1)) {
        assertThat(outputs(network, IDS)).isEqualTo(plain);
        randomize(adaptation, 0.2);
        trained = outputs(network, IDS);
        adaptation.save(adapter);
      }
      try (AttachedAdapter attached =
          AdapterMechanics.of(LoraAdapter.at(adapter)).attach(network)) {
        assertThat(outputs(network, IDS)).isEqualTo(trained).isNotEqualTo(plain);
      }
      LoraAdapter.at(adapter).writeMerged(base, merged);
      try (Decoder written = decoder(merged)) {
        assertThat(worst(outputs(written, IDS), trained)).isLessThan(1e-5);
      }
    }
    JsonNode config = Json.parse(Files.readString(adapter.resolve("adapter_config.json")));
    assertThat(config.path("target_modules").toString()).isEqualTo("[\"q_proj\"]");
    assertThat(config.path("target_parameters").toString())
        .contains('"' + module + ".gate_up_proj\"", '"' + module + ".down_proj\"");
    // gpt-oss has the same layout in all versions.
    assertThat(config.path("peft_version").asText())
        .isEqualTo(name.equals("gpt_oss") ? "" : "0.20.0");
    assertDelta(
        adapter,
        "base_model.model.model.layers.1." + module + ".base_layer",
        base,
        merged,
        "model.layers.1." + weight,
        name.equals("gpt_oss"));
  }

  /**
   * W [e, o, i] grows by the scale times the sum over r of B [o, r, e] A [e, r, i], as PEFT has it
   * since 0.19, and W [e, i, o] likewise.
   */
  private static void assertDelta(
      Path adapter, String factors, Path base, Path merged, String parameter, boolean transposed) {
    try (Checkpoint file = Checkpoint.openFile(adapter.resolve("adapter_model.safetensors"));
        Checkpoint before = Checkpoint.openFile(base.resolve(Checkpoint.SINGLE_FILE));
        Checkpoint after = Checkpoint.openFile(merged.resolve(Checkpoint.SINGLE_FILE))) {
      List<Long> shape = before.entry(parameter).shape();
      int experts = Math.toIntExact(shape.get(0));
      int in = Math.toIntExact(shape.get(transposed ? 1 : 2));
      int out = Math.toIntExact(shape.get(transposed ? 2 : 1));
      float[] a = floats(file, factors + ".lora_A.weight");
      float[] b = floats(file, factors + ".lora_B.weight");
      float[] old = floats(before, parameter);
      float[] changed = floats(after, parameter);
      for (int e = 0; e < experts; e++) {
        for (int i = 0; i < in; i++) {
          for (int o = 0; o < out; o++) {
            double delta = 0;
            for (int r = 0; r < RANK; r++) {
              delta += b[(o * RANK + r) * experts + e] * a[(e * RANK + r) * in + i];
            }
            int at = transposed ? (e * in + i) * out + o : (e * out + o) * in + i;
            assertThat(changed[at] - old[at]).isCloseTo((float) (3 * delta), within(1e-5f));
          }
        }
      }
    }
  }

  /** Steps along the gradients of all factors at once. */
  @ParameterizedTest
  @CsvSource({"gpt_oss, gate_up_proj, down_proj", "gemma4_moe, gate_up_proj, experts.down_proj"})
  void gradientsAreThoseOfTheLoss(String name, String first, String second) {
    Path base = family(name);
    Lora lora = Lora.rank(RANK).targets(Targets.names("q_proj", first, second));
    try (Decoder network = decoder(base);
        Adaptation adaptation = Methods.of(lora).attach(network, base, 1)) {
      randomize(adaptation, 0.2);
      double start = loss(network, adaptation);
      List<float[]> gradients =
          adaptation.trained().stream().map(factor -> factor.gradient().toFloats()).toList();
      double slope = 0;
      for (float[] gradient : gradients) {
        for (float value : gradient) {
          slope += value * value;
        }
      }
      assertThat(slope).isPositive();
      double step = 5e-3 / Math.sqrt(slope);
      move(adaptation, gradients, -step);
      double down = loss(network, adaptation);
      move(adaptation, gradients, 2 * step);
      double up = loss(network, adaptation);
      assertThat((up - down) / (2 * step)).isCloseTo(slope, within(0.02 * slope));
      assertThat(down).isLessThan(start);
    }
  }

  private static double loss(Decoder network, Adaptation adaptation) {
    Batch inputs = LoraCase.batch();
    long[] ids = Arrays.stream(inputs.ids()).map(id -> 3 + id % 30).toArray();
    return LoraCase.forwardBackward(
        network,
        adaptation.trained(),
        new Batch(ids, inputs.attentionMask(), ids.clone(), LoraCase.ROWS, LoraCase.LENGTH),
        false,
        3);
  }

  /** Experts beside an MLP whose projections have the same names. */
  @Test
  void namesOfModulesInAFileMeanNoExperts() throws Exception {
    Path base = family("gemma4_moe");
    Path adapter = folder.resolve("adapter");
    try (Decoder network = decoder(base)) {
      float[] trained;
      Lora lora = Lora.rank(RANK).targets(Targets.names("mlp.down_proj"));
      try (Adaptation adaptation = Methods.of(lora).attach(network, base, 1)) {
        randomize(adaptation, 0.2);
        trained = outputs(network, IDS);
        adaptation.save(adapter);
      }
      Path config = adapter.resolve("adapter_config.json");
      Files.writeString(config, Files.readString(config).replace("mlp.down_proj", "down_proj"));
      try (AttachedAdapter attached =
          AdapterMechanics.of(LoraAdapter.at(adapter)).attach(network)) {
        assertThat(outputs(network, IDS)).isEqualTo(trained);
      }
    }
  }

  /** As a name that users give means all that have it, it is told apart when it is written. */
  @Test
  void aNameOfBothIsWrittenAsModulesAndAsParameters() throws Exception {
    Path base = family("gemma4_moe");
    Path adapter = folder.resolve("adapter");
    try (Decoder network = decoder(base);
        Adaptation adaptation =
            Methods.of(Lora.rank(RANK).targets(Targets.names("down_proj")))
                .attach(network, base, 1)) {
      adaptation.save(adapter);
    }
    JsonNode config = Json.parse(Files.readString(adapter.resolve("adapter_config.json")));
    assertThat(config.path("target_modules").toString()).isEqualTo("[\"down_proj\"]");
    assertThat(config.path("target_parameters").toString()).isEqualTo("[\"experts.down_proj\"]");
  }

  @Test
  void allLinearLayersAreThoseThatPeftTakesForLinear() {
    Path base = family("gpt_oss");
    try (Decoder network = decoder(base);
        Adaptation adaptation = Methods.of(Lora.rank(RANK)).attach(network, base, 1)) {
      assertThat(adaptation.trained())
          .extracting(Trainable::name)
          .allMatch(name -> name.contains(".self_attn."));
    }
  }

  @Test
  void whatPeftHasNotForThemIsRefused() {
    Path base = family("gpt_oss");
    Lora lora = Lora.rank(RANK).dropout(0.1).targets(Targets.names("down_proj"));
    try (Decoder network = decoder(base)) {
      assertThat(Methods.of(lora).problems(network, base))
          .singleElement()
          .asString()
          .contains("without dropout");
      refuses(IllegalArgumentException.class, () -> Methods.of(lora).attach(network, base, 1));
    }
  }
}
