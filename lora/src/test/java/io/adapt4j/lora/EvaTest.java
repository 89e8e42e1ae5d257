package io.adapt4j.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.ForwardPass;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.NextTokens;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.task.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** EVA: A holds the directions in which the inputs of each projection vary most. */
class EvaTest {

  private static final Path BASE = Path.of("base");
  private static final int RANK = 4;
  private static final int PROJECTIONS = 14;
  private static final int ROWS = 4;
  private static final int LENGTH = 20;

  /** Random texts; the second half of each is padding or, else, the first half is a prompt. */
  private static Batch batch(long seed, int real, int prompt, long padding) {
    Random random = new Random(seed);
    long[] ids = new long[ROWS * LENGTH];
    long[] mask = new long[ids.length];
    long[] labels = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      boolean isReal = i % LENGTH < real;
      ids[i] = isReal ? random.nextInt(90) : padding;
      mask[i] = isReal ? 1 : 0;
      labels[i] = isReal && i % LENGTH >= prompt ? ids[i] : Batch.IGNORED;
    }
    return new Batch(ids, mask, labels, ROWS, LENGTH);
  }

  private static Iterator<ForwardPass> passes(Decoder decoder, int real, int prompt, long padding) {
    NextTokens task = new NextTokens(decoder);
    return Stream.iterate(1L, seed -> seed + 1)
        .map(seed -> batch(seed % 12, real, prompt, padding))
        .map(batch -> new ForwardPass(() -> task.evaluate(batch), task.targetTokens(batch)))
        .iterator();
  }

  private static Iterator<ForwardPass> passes(Decoder decoder) {
    return passes(decoder, LENGTH, 0, 0);
  }

  /** A matrices by the ends of their modules' paths. */
  private static Map<String, float[]> directions(Adaptation adaptation) {
    Map<String, float[]> found = new TreeMap<>();
    for (Trainable parameter : adaptation.trained()) {
      if (parameter.name().contains("lora_A")) {
        found.put(
            parameter.name().replaceAll(".*layers\\.(.*)\\.lora_A.*", "$1"),
            parameter.value().toFloats());
      }
    }
    return found;
  }

  private static Map<String, float[]> started(Lora lora, int real, int prompt, long padding) {
    try (Decoder decoder = LoraCase.random(false, DType.F32);
        Adaptation adaptation = Methods.of(lora).attach(decoder, BASE, 1)) {
      adaptation.initialize(passes(decoder, real, prompt, padding));
      return directions(adaptation);
    }
  }

  private static int ranks(Map<String, float[]> directions) {
    return directions.entrySet().stream()
        .mapToInt(entry -> entry.getValue().length / width(entry.getKey()))
        .sum();
  }

  private static int width(String module) {
    return module.endsWith("down_proj") ? 48 : 32;
  }

  private static double product(float[] values, int first, int second, int width) {
    return IntStream.range(0, width)
        .mapToDouble(i -> (double) values[first * width + i] * values[second * width + i])
        .sum();
  }

  @Test
  void theModelComputesAsBeforeAndTheSumOfRanksStays() {
    long before = Tensor.live();
    try (Decoder decoder = LoraCase.random(false, DType.F32)) {
      float[] base = LoraCase.logits(decoder, LoraCase.batch());
      Lora lora = Lora.rank(RANK).initialize(LoraInit.eva());
      try (Adaptation adaptation = Methods.of(lora).attach(decoder, BASE, 1)) {
        adaptation.initialize(passes(decoder));
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(base);
        Map<String, float[]> found = directions(adaptation);
        assertThat(ranks(found)).isEqualTo(RANK * PROJECTIONS);
        found.forEach(
            (module, a) -> {
              int width = width(module);
              assertThat(a.length / width).as(module).isLessThanOrEqualTo(2 * RANK);
              for (int i = 0; i < a.length / width; i++) {
                assertThat(product(a, i, i, width)).as(module).isCloseTo(1, within(1e-4));
                assertThat(product(a, 0, i, width)).isCloseTo(i == 0 ? 1 : 0, within(1e-4));
              }
            });
      }
      assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(base);
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void projectionsOfOneInputHaveTheSameDirections() {
    Map<String, float[]> found =
        started(Lora.rank(RANK).initialize(LoraInit.eva().rho(1)), LENGTH, 0, 0);
    assertThat(found).hasSize(PROJECTIONS);
    for (String layer : List.of("0", "1")) {
      float[] query = found.get(layer + ".self_attn.q_proj");
      assertThat(query).hasSize(RANK * 32);
      assertThat(found.get(layer + ".self_attn.k_proj")).isEqualTo(query);
      assertThat(found.get(layer + ".self_attn.v_proj")).isEqualTo(query);
      assertThat(found.get(layer + ".mlp.gate_proj"))
          .isEqualTo(found.get(layer + ".mlp.up_proj"))
          .isNotEqualTo(query);
    }
  }

  @Test
  void theSameSeedFindsTheSame() {
    Lora lora = Lora.rank(RANK).initialize(LoraInit.eva());
    Map<String, float[]> found = started(lora, LENGTH, 0, 0);
    started(lora, LENGTH, 0, 0).forEach((key, a) -> assertThat(a).isEqualTo(found.get(key)));
  }

  @Test
  void paddingDoesNotCount() {
    Lora lora = Lora.rank(RANK).initialize(LoraInit.eva());
    Map<String, float[]> found = started(lora, LENGTH / 2, 0, 1);
    started(lora, LENGTH / 2, 0, 7)
        .forEach((key, a) -> assertThat(a).as(key).isEqualTo(found.get(key)));
  }

  @Test
  void onlyTargetsCountUnlessAllTokensShall() {
    LoraInit.Eva eva = LoraInit.eva().rho(1);
    LoraInit all = new LoraInit.Eva(1, eva.tau(), false, false, true);
    Map<String, float[]> whole = started(Lora.rank(RANK).initialize(eva), LENGTH, 0, 0);
    Map<String, float[]> answers = started(Lora.rank(RANK).initialize(eva), LENGTH, 12, 0);
    Map<String, float[]> every = started(Lora.rank(RANK).initialize(all), LENGTH, 12, 0);
    String query = "0.self_attn.q_proj";
    assertThat(answers.get(query)).isNotEqualTo(whole.get(query));
    assertThat(every.get(query)).isEqualTo(whole.get(query));
  }

  @Test
  void theFolderHasRanksAndAlphasByModuleAndReadsBack(@TempDir Path folder) throws IOException {
    try (Decoder decoder = LoraCase.random(false, DType.F32)) {
      Lora lora = Lora.rank(RANK).alpha(6).initialize(LoraInit.eva());
      float[] adapted;
      Map<String, float[]> found;
      try (Adaptation adaptation = Methods.of(lora).attach(decoder, BASE, 1)) {
        adaptation.initialize(passes(decoder));
        found = directions(adaptation);
        LoraCase.randomize(adaptation, 0.3);
        adapted = LoraCase.logits(decoder, LoraCase.batch());
        adaptation.save(folder);
        LoraCase.randomize(adaptation, 0.1);
        adaptation.restore(folder);
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(adapted);
      }
      JsonNode config = LoraCase.config(folder);
      assertThat(config.get("init_lora_weights").asText()).isEqualTo("eva");
      assertThat(config.get("eva_config").get("rho").asDouble()).isEqualTo(2);
      assertThat(config.get("r").asInt()).isEqualTo(RANK);
      assertThat(config.get("rank_pattern").size()).isPositive();
      found.forEach(
          (module, a) -> {
            int rank = a.length / width(module);
            String path = "model.layers." + module;
            assertThat(config.get("rank_pattern").path(path).asInt(RANK)).isEqualTo(rank);
            assertThat(config.get("alpha_pattern").path(path).asDouble(6))
                .isEqualTo(6.0 * rank / RANK);
          });
      assertThat(config.get("target_modules")).hasSize(found.size());
      try (AttachedAdapter attached = AdapterMechanics.of(LoraAdapter.at(folder)).attach(decoder)) {
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(adapted);
      }
      try (Adaptation continued = Methods.of(Lora.continuing(folder)).attach(decoder, BASE, 1)) {
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(adapted);
        assertThat(Methods.of(Lora.continuing(folder)).initializesFromData()).isFalse();
      }
    }
  }

  @Test
  void projectionsThatGetNoRankAreNotAdapted(@TempDir Path folder) throws IOException {
    try (Decoder decoder = LoraCase.random(false, DType.F32)) {
      Lora lora = Lora.rank(1).initialize(LoraInit.eva().rho(12));
      try (Adaptation adaptation = Methods.of(lora).attach(decoder, BASE, 1)) {
        adaptation.initialize(passes(decoder));
        Map<String, float[]> found = directions(adaptation);
        assertThat(found.size()).isLessThan(PROJECTIONS);
        assertThat(ranks(found)).isEqualTo(PROJECTIONS);
        LoraCase.randomize(adaptation, 0.3);
        adaptation.save(folder);
        float[] adapted = LoraCase.logits(decoder, LoraCase.batch());
        adaptation.restore(folder);
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(adapted);
        assertThat(LoraCase.config(folder).get("target_modules"))
            .extracting(JsonNode::asText)
            .containsExactlyInAnyOrderElementsOf(
                found.keySet().stream().map(module -> "model.layers." + module).toList());
      }
    }
  }

  @Test
  void alphaMayStayInsteadOfTheScale(@TempDir Path folder) throws IOException {
    try (Decoder decoder = LoraCase.random(false, DType.F32)) {
      LoraInit eva = new LoraInit.Eva(2, 0.99, true, true, false);
      try (Adaptation adaptation =
          Methods.of(Lora.rank(RANK).initialize(eva)).attach(decoder, BASE, 1)) {
        adaptation.initialize(passes(decoder));
        adaptation.save(folder);
        assertThat(LoraCase.config(folder).get("rank_pattern").size()).isPositive();
        assertThat(LoraCase.config(folder).get("alpha_pattern").size()).isZero();
        float[] query = directions(adaptation).get("0.self_attn.q_proj");
        assertThat(product(query, 0, 0, 32)).isLessThan(0.9);
      }
    }
  }

  @Test
  void inputsThatVaryAlongOneDirectionStartWithIt() {
    try (Decoder decoder = LoraCase.random(false, DType.F32)) {
      Lora lora =
          Lora.rank(1).targets(Targets.names("q_proj")).layers(0).initialize(LoraInit.eva());
      long[] ids = new long[ROWS * LENGTH];
      Arrays.setAll(ids, i -> i % 2 == 0 ? 3 : 5);
      long[] mask = new long[ids.length];
      Arrays.fill(mask, 1);
      Batch two = new Batch(ids, mask, ids.clone(), ROWS, LENGTH);
      try (Adaptation adaptation = Methods.of(lora).attach(decoder, BASE, 1)) {
        adaptation.initialize(
            Stream.generate(
                    () ->
                        new ForwardPass(
                            () -> LanguageModelLoss.evaluate(decoder, two), Optional.empty()))
                .iterator());
        float[] a = directions(adaptation).get("0.self_attn.q_proj");
        float[] wanted = difference(decoder, 3, 5);
        double along = IntStream.range(0, 32).mapToDouble(i -> a[i] * wanted[i]).sum();
        double size = IntStream.range(0, 32).mapToDouble(i -> wanted[i] * wanted[i]).sum();
        assertThat(Math.abs(along) / Math.sqrt(size)).isCloseTo(1, within(1e-4));
      }
    }
  }

  @Test
  void rewardsHaveNoRowsToRunOver(@TempDir Path folder) {
    Grpo grpo = Grpo.builder().reward("length", (prompt, text, row) -> text.length()).build();
    assertThatThrownBy(
            () ->
                FineTuner.builder()
                    .model(ModelSource.path(Path.of("..", "examples", "models", "stories260K")))
                    .dataset(Datasets.of(List.of(new Example.Text("Once"))))
                    .task(Task.reinforcement(grpo))
                    .method(Lora.rank(2).initialize(LoraInit.eva()))
                    .output(folder.resolve("run"))
                    .build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("The initialization runs over the training rows");
  }

  /** Difference of the normalized embeddings of two tokens. */
  private static float[] difference(Decoder decoder, int first, int second) {
    Map<String, float[]> weights = LoraCase.weights(decoder);
    float[] table = weights.get("model.embed_tokens.weight");
    float[] norm = weights.get("model.layers.0.input_layernorm.weight");
    float[] difference = new float[32];
    for (int sign = 1, token = first; ; sign = -1, token = second) {
      double square = product(table, token, token, 32) / 32;
      for (int i = 0; i < 32; i++) {
        difference[i] +=
            (float) (sign * table[token * 32 + i] * norm[i] / Math.sqrt(square + 1e-5));
      }
      if (sign < 0) {
        return difference;
      }
    }
  }
}
