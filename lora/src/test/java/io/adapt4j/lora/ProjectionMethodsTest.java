package io.adapt4j.lora;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.describe.Documents;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.describe.Place;
import io.adapt4j.core.internal.describe.Problems;
import io.adapt4j.core.internal.describe.Value;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.memory.ActivationMemory;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.lora.internal.LoraOperators;
import io.adapt4j.lora.internal.peft.AdapterKind;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** MiSS, SHiRA and OFT. */
class ProjectionMethodsTest {

  private static final Path BASE = Path.of("base");
  private static final String LAYER = "base_model.model.model.layers.0.";

  /** Inputs of 32 and 48, outputs of 32, 16 and 48; query, key and value share a layer. */
  static Stream<FineTuningMethod> methods() {
    return Stream.of(
        Miss.rank(4),
        Miss.rank(5),
        Miss.rank(4).mini(8),
        Miss.rank(4).bat(),
        Miss.rank(4).targets(Targets.names("v_proj", "down_proj")).modulesToSave("norm"),
        Shira.rank(2),
        Shira.rank(1).maskSeed(3).targets(Targets.names("k_proj", "o_proj")),
        Oft.blockSize(8),
        Oft.blocks(4),
        Oft.blockSize(8).exactRotations(),
        Oft.blockSize(8).terms(2),
        Oft.blockSize(8).terms(3),
        Oft.blockSize(5).terms(7),
        Oft.blockSize(8).shareBlocks().layers(1).exclude(Targets.names("up_proj")));
  }

  @Test
  void theStudyOfForgettingMeasuredDefaultsOfAnyRank() {
    assertThat(Methods.of(Oft.blockSize(32)).measuredAs()).contains("oft");
    assertThat(Methods.of(Ia3.create()).measuredAs()).contains("ia3");
    assertThat(Methods.of(Miss.rank(4)).measuredAs()).contains("miss");
    assertThat(Methods.of(Shira.rank(2)).measuredAs()).contains("shira");
    assertThat(List.of(Oft.blockSize(8), Oft.blocks(4), Miss.rank(4).bat()))
        .allMatch(method -> Methods.of(method).measuredAs().isEmpty());
  }

  @ParameterizedTest
  @MethodSource("methods")
  void startsAtTheBaseTrainsMergesAndComesBackFromItsFolder(
      FineTuningMethod method, @TempDir Path folder) {
    long before = Tensor.live();
    try (Decoder decoder = LoraCase.random(false, DType.F32)) {
      float[] base = LoraCase.logits(decoder, LoraCase.batch());
      Map<String, float[]> weights = LoraCase.weights(decoder);
      float[] adapted;
      try (Adaptation adaptation = Methods.of(method).attach(decoder, BASE, 1)) {
        LoraCase.assertClose("start", LoraCase.logits(decoder, LoraCase.batch()), base, 1e-5, 0);
        assertThat(adaptation.trained().stream().mapToLong(own -> own.value().count()).sum())
            .isEqualTo(Methods.of(method).trainableParameters(decoder));
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
      try (AttachedAdapter attached = AdapterMechanics.of(Adapter.at(folder)).attach(decoder)) {
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(adapted);
        attached.merge();
        LoraCase.assertClose(
            "merged", LoraCase.logits(decoder, LoraCase.batch()), adapted, 1e-4, 0);
        attached.unmerge();
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(adapted);
      }
      try (Adaptation again = Methods.of(continuing(folder)).attach(decoder, BASE, 2)) {
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(adapted);
        assertThat(again.trained()).isNotEmpty();
      }
      LoraCase.weights(decoder)
          .forEach((name, found) -> assertThat(found).as(name).isEqualTo(weights.get(name)));
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static FineTuningMethod continuing(Path folder) {
    AdapterKind kind =
        AdapterKind.all().stream()
            .filter(own -> own.peftType().equals(config(folder).path("peft_type").asText()))
            .findFirst()
            .orElseThrow();
    Problems problems = new Problems();
    Fields fields =
        Fields.of(
            "",
            Documents.parse("run.yaml", Path.of(""), "{continuing: '" + folder + "'}"),
            problems);
    FineTuningMethod method = kind.read(fields).orElseThrow();
    assertThat(problems.all()).isEmpty();
    return method;
  }

  private static JsonNode config(Path folder) {
    try {
      return new ObjectMapper().readTree(folder.resolve("adapter_config.json").toFile());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void gradientsAreThoseOfTheLoss(FineTuningMethod method) {
    try (Decoder decoder = LoraCase.random(false, DType.F32);
        Adaptation adaptation = Methods.of(method).attach(decoder, BASE, 1)) {
      change(adaptation);
      LoraCase.forwardBackward(decoder, adaptation.trained(), LoraCase.batch(), false, 3);
      for (Trainable parameter : adaptation.trained()) {
        float[] gradient = parameter.gradient().toFloats();
        float[] start = parameter.value().toFloats();
        double slope = 0;
        for (float value : gradient) {
          slope += value * value;
        }
        assertThat(slope).as(parameter.name()).isPositive();
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

  @ParameterizedTest
  @MethodSource("methods")
  void computesInHalfPrecisionToo(FineTuningMethod method) {
    try (Decoder decoder = LoraCase.random(false, DType.BF16);
        Adaptation adaptation = Methods.of(method).attach(decoder, BASE, 1)) {
      change(adaptation);
      float[] half = LoraCase.logits(decoder, LoraCase.batch());
      LoraCase.forwardBackward(decoder, adaptation.trained(), LoraCase.batch(), true, 3);
      try (Decoder whole = LoraCase.random(false, DType.F32);
          Adaptation other = Methods.of(method).attach(whole, BASE, 1)) {
        change(other);
        LoraCase.assertClose("bf16", half, LoraCase.logits(whole, LoraCase.batch()), 0.15, 0.1);
      }
    }
  }

  /** The planner runs each layer on shapes alone. */
  @ParameterizedTest
  @MethodSource("methods")
  void memoryIsPlanned(FineTuningMethod method) {
    long before = Tensor.live();
    try (Network declared = Architectures.declare(LoraCase.config(false))) {
      ActivationMemory memory =
          new ActivationMemory(
              () -> Architectures.declare(LoraCase.config(false)),
              Methods.of(method).trainableSummary(declared));
      for (int length : List.of(1, 24)) {
        assertThat(memory.of(new ActivationMemory.Batch(2, length, DType.F32, false)).layers())
            .anySatisfy(layer -> assertThat(layer.kept()).isPositive());
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void startsThatAreNotZerosChangeTheModel() {
    try (Decoder decoder = LoraCase.random(false, DType.F32)) {
      float[] base = LoraCase.logits(decoder, LoraCase.batch());
      try (Adaptation adaptation =
          Methods.of(Miss.rank(4).randomStart()).attach(decoder, BASE, 1)) {
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isNotEqualTo(base);
      }
    }
  }

  /** For few tokens values are multiplied one by one, for many the whole update is. */
  @Test
  void sparseProductsAreThoseOfTheWholeUpdate() {
    try (Scope scope = Scope.open()) {
      Tensor values = Tensor.of(new float[] {1, -2, 3, 0.5f}, 4);
      Tensor indices = Tensor.of(new long[] {0, 1, 1, 4, 2, 0, 5, 2}, 2, 4);
      Tensor x = Tensor.of(sines(12), 2, 6);
      Tensor dy = Tensor.of(sines(14), 2, 7);
      Tensor update = LoraOperators.operator("shira_delta").tensor(values, indices, 5L, 6L);
      assertThat(update.toFloats()[2]).isEqualTo(1);
      assertThat(update.toFloats()[6]).isEqualTo(-2);
      Tensor sparse = Tensor.zeros(DType.F32, 2, 7);
      Tensor whole = Tensor.zeros(DType.F32, 2, 7);
      float[] one =
          LoraOperators.operator("shira").tensor(sparse, x, values, indices, 1L, 5L).toFloats();
      float[] all = LoraOperators.operator("delta").tensor(whole, x, update, 1L).toFloats();
      LoraCase.assertClose("outputs", one, all, 1e-6, 0);
      Tensor[] back =
          LoraOperators.operator("shira_backward").tensors(dy, x, values, indices, 1L, 5L);
      Tensor[] other = LoraOperators.operator("delta_backward").tensors(dy, x, update, 1L);
      LoraCase.assertClose("inputs", back[0].toFloats(), other[0].toFloats(), 1e-6, 0);
      float[] dense = other[1].toFloats();
      LoraCase.assertClose(
          "values",
          back[1].toFloats(),
          new float[] {dense[2], dense[6], dense[11], dense[26]},
          1e-6,
          0);
    }
  }

  private static float[] sines(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) Math.sin(3 * i + 1);
    }
    return values;
  }

  /** A rotation keeps lengths; the limit holds after every step. */
  @Test
  void rotationsAreOrthogonalAndLimited() {
    try (Scope scope = Scope.open()) {
      Tensor upper = Tensor.of(sines(2 * 6), 2, 6);
      float[] exact = LoraOperators.operator("oft_rotations").tensor(upper, 4L, 0L).toFloats();
      for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 4; j++) {
          double sum = 0;
          for (int k = 0; k < 4; k++) {
            sum += exact[4 * i + k] * exact[4 * j + k];
          }
          assertThat(sum).isCloseTo(i == j ? 1 : 0, within(1e-5));
        }
      }
      float[] q = {0.1f};
      float[] series =
          LoraOperators.operator("oft_rotations").tensor(Tensor.of(q, 1, 1), 2L, 5L).toFloats();
      // I + 2 Q + 2 Q^2 + 2 Q^3 + Q^4 with Q = [[0, 0.1], [-0.1, 0]]
      assertThat(series[0]).isCloseTo(1 - 0.02f + 0.0001f, within(1e-6f));
      assertThat(series[1]).isCloseTo(0.2f - 0.002f, within(1e-6f));
      float[] three =
          LoraOperators.operator("oft_rotations").tensor(Tensor.of(q, 1, 1), 2L, 3L).toFloats();
      assertThat(three[1]).isCloseTo(0.2f - 0.001f, within(1e-6f));
    }
    try (Decoder decoder = LoraCase.random(false, DType.F32);
        Adaptation adaptation =
            Methods.of(Oft.blockSize(8).constrained(0.01)).attach(decoder, BASE, 1)) {
      change(adaptation);
      for (Trainable parameter : adaptation.trained()) {
        float[] values = parameter.value().toFloats();
        double squares = 0;
        for (int i = 0; i < 28; i++) {
          squares += 2 * values[i] * values[i];
        }
        double blocks = values.length / 28.0;
        assertThat(Math.sqrt(squares)).isLessThanOrEqualTo(0.01 / Math.sqrt(blocks) + 1e-7);
      }
    }
  }

  @Test
  void foldersAreLaidOutAsPeftsAre(@TempDir Path folder) throws IOException {
    List<FineTuningMethod> methods =
        List.of(
            Miss.rank(4).targets(Targets.names("k_proj")),
            Shira.rank(2).targets(Targets.names("k_proj")),
            Oft.blockSize(8).targets(Targets.names("k_proj")));
    for (int i = 0; i < methods.size(); i++) {
      Path own = folder.resolve("adapter" + i);
      try (Decoder decoder = LoraCase.random(false, DType.F32);
          Adaptation adaptation = Methods.of(methods.get(i)).attach(decoder, BASE, 1)) {
        adaptation.save(own);
      }
      try (SafetensorsFile file = SafetensorsFile.open(own.resolve("adapter_model.safetensors"))) {
        String key = LAYER + "self_attn.k_proj.";
        switch (i) {
          case 0 ->
              assertThat(file.entries().get(key + "miss_block").shape()).containsExactly(4L, 16L);
          case 1 -> {
            assertThat(file.entries().get(key + "shira_weight").shape()).containsExactly(96L);
            assertThat(file.entries().get(key + "shira_indices").shape()).containsExactly(2L, 96L);
            assertThat(file.entries().get(key + "shira_indices").type()).isEqualTo(StoredType.I32);
          }
          default ->
              assertThat(file.entries().get(key + "oft_R.weight").shape()).containsExactly(4L, 28L);
        }
      }
      JsonNode config = config(own);
      assertThat(config.get("target_modules").toString()).isEqualTo("[\"k_proj\"]");
      assertThat(config.get("peft_version").asText()).isEqualTo("0.20.0");
      assertThat(config.has("exclude_modules")).isEqualTo(i != 1);
    }
  }

  @Test
  void missBecomesTheLoraThatComputesTheSame(@TempDir Path folder) throws IOException {
    Path base = LoraCase.golden("models/llama");
    Path miss = folder.resolve("miss");
    Path lora = folder.resolve("lora");
    float[] adapted;
    try (Decoder decoder = LoraCase.load(base, DType.F32);
        Adaptation adaptation =
            Methods.of(Miss.rank(6).mini(8).modulesToSave("norm")).attach(decoder, base, 1)) {
      change(adaptation);
      adaptation.save(miss);
      adapted = LoraCase.logits(decoder, LoraCase.batch());
    }
    Miss.writeLora(miss, base, lora);
    try (Decoder decoder = LoraCase.load(base, DType.F32);
        AttachedAdapter attached = AdapterMechanics.of(LoraAdapter.at(lora)).attach(decoder)) {
      LoraCase.assertClose("as LoRA", LoraCase.logits(decoder, LoraCase.batch()), adapted, 1e-4, 0);
      assertThat(attached.isLowRank()).isFalse();
    }
    try (Decoder decoder = LoraCase.load(base, DType.F32);
        Adaptation adaptation = Methods.of(Miss.rank(4).bat()).attach(decoder, base, 1)) {
      adaptation.save(folder.resolve("bat"));
    }
    refuses(
        CheckpointException.class,
        () -> Miss.writeLora(folder.resolve("bat"), base, folder.resolve("none")),
        "bat");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "miss|{rank: 8}",
        "miss|{rank: 8, dropout: 0.1, mini: 4, targets: [q_proj], exclude: [v_proj], layers: [1]}",
        "miss|{bat: true, targets: {regex: '.*q_proj'}}",
        "miss|{randomStart: true, modulesToSave: [lm_head]}",
        "shira|{rank: 4, maskSeed: 3, targets: [q_proj, v_proj], modulesToSave: [norm]}",
        "oft|{}",
        "oft|{blockSize: 16, terms: 7, shareBlocks: true}",
        "oft|{blocks: 4, constrained: 0.001, exactRotations: true, layers: 0}"
      })
  void whatIsWrittenReadsBackAsTheSame(String name, String yaml) {
    AdapterKind kind = kind(name);
    Problems problems = new Problems();
    FineTuningMethod method = read(kind, Documents.parse("run.yaml", Path.of(""), yaml), problems);
    ObjectNode written = kind.write(method).orElseThrow();
    FineTuningMethod again =
        read(kind, Value.of(written, Place.of("record", Path.of(""))), problems);
    assertThat(Methods.of(again).identity()).isEqualTo(Methods.of(method).identity());
    assertThat(again.description()).isEqualTo(method.description());
    assertThat(problems.all()).isEmpty();
    assertThat(kind.write(Lora.rank(2))).isEmpty();
  }

  private static FineTuningMethod read(AdapterKind kind, Value value, Problems problems) {
    Fields fields = Fields.of("method", value, problems);
    FineTuningMethod method = kind.read(fields).orElseThrow();
    fields.finish();
    return method;
  }

  private static AdapterKind kind(String name) {
    return AdapterKind.all().stream()
        .filter(own -> own.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "miss|{rank: 0}|method.rank: r: expected at least 1",
        "miss|{dropout: 1}|method.dropout: miss_dropout: expected a probability",
        "miss|{exclude: all-linear}|method.exclude: exclude: expected names",
        "shira|{layers: [1]}|method.layers: unknown key",
        "oft|{blockSize: 0}|method.blockSize: r: expected 0 beside a block size",
        "oft|{terms: 0}|method.terms: num_cayley_neumann_terms: expected at least 1",
        "oft|{constrained: 0}|method.constrained: eps: expected a positive number"
      })
  void whatIsWrongIsSaid(String name, String yaml, String problem) {
    Problems problems = new Problems();
    read(kind(name), Documents.parse("run.yaml", Path.of(""), yaml), problems);
    assertThat(problems.all()).singleElement().asString().contains(problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "MISS|\"bias\": \"all\"|bias",
        "MISS|\"init_weights\": \"other\"|init_weights",
        "MISS|\"use_dora\": true|use_dora",
        "OFT|\"bias\": \"oft_only\", \"peft_version\": \"0.20.0\"|bias",
        "OFT|\"r\": 4, \"oft_block_size\": 8, \"peft_version\": \"0.20.0\"|oft_block_size 0",
        "OFT|\"oft_block_size\": 8|peft_version",
        "SHIRA|\"rank_pattern\": {\"q_proj\": 4}|rank_pattern"
      })
  void foldersThatAskForMoreAreRefusedByName(
      String type, String fields, String named, @TempDir Path folder) throws IOException {
    Files.writeString(
        folder.resolve("adapter_config.json"),
        "{\"peft_type\": \"%s\", \"target_modules\": [\"q_proj\"], %s}".formatted(type, fields));
    refuses(CheckpointException.class, () -> AdapterMechanics.of(Adapter.at(folder)), named);
  }

  @Test
  void whatCannotBeAdaptedIsNamed() {
    try (Decoder decoder = Architectures.declareDecoder(LoraCase.config(false))) {
      assertThat(Methods.of(Miss.rank(5).bat()).problems(decoder, BASE))
          .anySatisfy(problem -> assertThat(problem).contains("q_proj", "multiples of its rank 5"));
      assertThat(Methods.of(Miss.rank(4).mini(7)).problems(decoder, BASE))
          .anySatisfy(problem -> assertThat(problem).contains("mini_r 7"));
      assertThat(Methods.of(Shira.rank(30)).problems(decoder, BASE))
          .anySatisfy(problem -> assertThat(problem).contains("lower the rank"));
      assertThat(Methods.of(Oft.blockSize(1)).problems(decoder, BASE))
          .anySatisfy(problem -> assertThat(problem).contains("do not rotate"));
      assertThat(
              Methods.of(Miss.rank(4).targets(Targets.names("q_proj", "lm_head")))
                  .problems(decoder, BASE))
          .singleElement()
          .asString()
          .contains("'lm_head' matches no projection");
    }
    try (Network network =
        Architectures.declare(
            io.adapt4j.core.internal.config.ModelConfig.read(LoraCase.family("gpt2_by_layer")))) {
      assertThat(Methods.of(Shira.rank(1)).problems(network, BASE))
          .anySatisfy(problem -> assertThat(problem).contains("stored as [in, out]"));
      assertThat(Methods.of(Oft.blockSize(8)).problems(network, BASE)).isEmpty();
    }
  }

  @Test
  void everyOptionHasAKey() {
    Map<Class<?>, Set<String>> keys =
        Map.of(
            Miss.class,
            Set.of(
                "dropout",
                "mini",
                "bat",
                "randomStart",
                "targets",
                "exclude",
                "layers",
                "modulesToSave"),
            Shira.class,
            Set.of("maskSeed", "targets", "modulesToSave"),
            Oft.class,
            Set.of(
                "constrained",
                "shareBlocks",
                "exactRotations",
                "terms",
                "targets",
                "exclude",
                "layers",
                "modulesToSave"));
    keys.forEach(
        (type, expected) ->
            assertThat(
                    Arrays.stream(type.getMethods())
                        .filter(method -> method.getReturnType() == type)
                        .filter(method -> !Modifier.isStatic(method.getModifiers()))
                        .map(java.lang.reflect.Method::getName)
                        .collect(Collectors.toSet()))
                .isEqualTo(expected));
  }

  private static void change(Adaptation adaptation) {
    for (Trainable parameter : adaptation.trained()) {
      float[] values = parameter.value().toFloats();
      for (int i = 0; i < values.length; i++) {
        values[i] += 0.1f * (float) Math.sin(i + values.length);
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
