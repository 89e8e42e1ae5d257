package io.adapt4j.lora;

import static io.adapt4j.core.internal.nn.TestNetworks.network;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Adapters on mixtures as PEFT 0.20 reads them with Transformers 5, and PEFT 0.17 with Transformers
 * 4: every tensor of a file has its place in both, with the scale that it was trained with.
 */
class PeftExpertsTest {

  private static final int RANK = 2;

  /** Families whose targets PEFT 0.20 rewrites, and where their modules' names begin. */
  private static final Set<String> REWRITTEN =
      Set.of("mixtral", "qwen3_moe", "qwen3_next", "olmoe", "glm4_moe", "dots1", "ernie4_5_moe");

  private static final Pattern EXPERT =
      Pattern.compile("(.+)\\.experts\\.\\d+\\.(gate_proj|up_proj|down_proj|w1|w2|w3)");
  private static final Pattern STACK = Pattern.compile("(.+\\.experts)(\\.base_layer)?");

  @TempDir private Path folder;

  /** How a version of PEFT understands a configuration. */
  private record Reading(
      Set<String> modules, Set<String> parameters, JsonNode config, Map<String, Double> fused) {

    /** The scale of a place, which exactly one of the two lists has to name. */
    double scale(String path, boolean isParameter, int rank) {
      String key = isParameter ? path : modules(path) ? path : path + ".weight";
      boolean module = !isParameter && modules(path);
      boolean parameter = names(parameters, isParameter ? path : path + ".weight");
      assertThat(module ^ parameter).as("%s is wrapped once", path).isTrue();
      double r = pick("rank_pattern", key, config.path("r").asDouble());
      assertThat((int) r).as("rank of %s", path).isEqualTo(rank);
      double alpha = pick("alpha_pattern", key, config.path("lora_alpha").asDouble());
      return alpha / (config.path("use_rslora").asBoolean() ? Math.sqrt(r) : r);
    }

    private boolean modules(String path) {
      return names(modules, path);
    }

    private static boolean names(Set<String> names, String path) {
      return names.stream().anyMatch(name -> path.equals(name) || path.endsWith("." + name));
    }

    private double pick(String field, String path, double otherwise) {
      for (Map.Entry<String, Double> entry : fused.entrySet()) {
        if (entry.getKey().startsWith(field) && path.endsWith(".gate_up_proj")) {
          return entry.getValue();
        }
      }
      for (Map.Entry<String, JsonNode> entry : config.path(field).properties()) {
        if (Pattern.matches("(.*\\.)?(" + entry.getKey() + ")", path)) {
          return entry.getValue().asDouble();
        }
      }
      return otherwise;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "mixtral, false",
    "mixtral, true",
    "qwen2_moe, false",
    "qwen2_moe, true",
    "qwen3_moe, false",
    "qwen3_moe, true",
    "qwen3_next, false",
    "qwen3_next, true",
    "olmoe, false",
    "olmoe, true",
    "glm4_moe, false",
    "glm4_moe, true",
    "dots1, false",
    "ernie4_5_moe, false",
    "ernie4_5_moe, true",
    "granitemoe, false",
    "granitemoeshared, false",
    "gemma4_moe, false",
    "qwen2_moe_stacked, false",
    "mixtral_stacked, false"
  })
  void allLinearLayersAreTheSameInBothGenerations(String family, boolean stabilized)
      throws Exception {
    Lora lora = Lora.rank(RANK).alpha(6).dropout(0.1);
    JsonNode config = write(family, stabilized ? lora.rankStabilized() : lora);
    double scale = stabilized ? 6 / Math.sqrt(RANK) : 3;
    requireFive(config, scale);
    requireFour(config, scale);
  }

  @ParameterizedTest
  @CsvSource({"glm4_moe", "qwen2_moe", "qwen3_moe", "mixtral"})
  void ranksOfProjectionsAreKept(String family) throws Exception {
    String down = family.equals("mixtral") ? "w2" : "down_proj";
    JsonNode config = write(family, Lora.rank(RANK).alpha(6).rankOf(down, 4).alphaOf(down, 12));
    requireFive(config, 3);
    requireFour(config, 3);
  }

  @ParameterizedTest
  @CsvSource({"mixtral_stacked", "granitemoeshared", "qwen2_moe_stacked"})
  void expertsInOneTensorAreParametersOfTheModuleThatTransformersFiveHas(String family)
      throws Exception {
    Targets targets =
        family.startsWith("granite")
            ? Targets.names("q_proj", "input_linear", "output_linear")
            : Targets.names("q_proj", "gate_up_proj", "down_proj");
    JsonNode config = write(family, Lora.rank(RANK).alpha(6).targets(targets));
    requireFive(config, 3);
    assertThat(config.path("peft_version").asText()).isEqualTo("0.20.0");
  }

  /** Readers that would refuse an adapter or compute something else are named in its report. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          mixtral_stacked | gate_up_proj         | PEFT 0.19
          granitemoe      | input_linear         | PEFT 0.19
          gpt_oss         | gate_up_proj         | ''
          glm4_moe        | q_proj down_proj     | since 0.17
          mixtral         | w1 w2                | one of the gate and up projections
          mixtral         | w1 w2 w3             | ''
          falcon_h1       | in_proj out_proj     | refuses in models of type falcon_h1
          llama_linear    | q_proj               | ''
          """)
  void readersThatDoNotFitAreNamed(String family, String targets, String text) {
    Path base = LoraCase.family(family);
    Lora lora = Lora.rank(RANK).targets(Targets.names(targets.trim().split(" ", -1)));
    try (Network network = Architectures.declare(ModelConfig.read(base))) {
      List<String> questions = Methods.of(lora).questions(network);
      if (text.isEmpty()) {
        assertThat(questions).isEmpty();
      } else {
        assertThat(questions).anySatisfy(question -> assertThat(question).contains(text));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"qwen3_moe", "mixtral"})
  void dropoutAndDoraOnExpertsAreQuestioned(String family) {
    Path base = LoraCase.family(family);
    try (Network network = Architectures.declare(ModelConfig.read(base))) {
      assertThat(Methods.of(Lora.rank(RANK).dropout(0.1)).questions(network))
          .anySatisfy(text -> assertThat(text).contains("lora_dropout 0"));
      assertThat(Methods.of(Lora.rank(RANK).dora()).questions(network))
          .anySatisfy(text -> assertThat(text).contains("DoRA", "Transformers 5"));
    }
  }

  /** Shared experts have the names of single ones. */
  @ParameterizedTest
  @CsvSource({
    "glm4_moe, shared_experts.gate_proj shared_experts.down_proj",
    "qwen2_moe_stacked, q_proj shared_expert.gate_proj shared_expert.up_proj",
    "qwen3_next, q_proj shared_expert.down_proj"
  })
  void projectionsOfAllTokensAreNotTakenForThoseOfExperts(String family, String targets)
      throws Exception {
    Targets names = Targets.names(targets.split(" ", -1));
    JsonNode config = write(family, Lora.rank(RANK).alpha(6).dropout(0.1).targets(names));
    assertThat(config.path("lora_dropout").asDouble()).isZero();
    requireFive(config, 3);
    requireFour(config, 3);
  }

  private JsonNode write(String family, Lora lora) throws Exception {
    Path base = LoraCase.family(family);
    try (Network network = network(base);
        Adaptation adaptation = Methods.of(lora).attach(network, base, 1)) {
      adaptation.save(folder);
    }
    JsonNode config = Json.parse(Files.readString(folder.resolve("adapter_config.json")));
    ((ObjectNode) config).put("model_type", ModelConfig.read(base).modelType());
    return config;
  }

  private void requireFour(JsonNode config, double scale) {
    Reading reading =
        new Reading(
            texts(config, "target_modules"), texts(config, "target_parameters"), config, Map.of());
    matrices()
        .forEach(
            (path, shape) ->
                assertThat(reading.scale(path, false, Math.toIntExact(shape.get(0))))
                    .as(path)
                    .isCloseTo(scale, within(1e-6)));
  }

  /** Versions of PEFT differ in whether they rewrite the targets of Qwen2-MoE. */
  private void requireFive(JsonNode config, double scale) {
    String type = config.path("model_type").asText();
    requireFive(config, rewritten(config, REWRITTEN.contains(type)), scale);
    if (type.equals("qwen2_moe")) {
      requireFive(config, rewritten(config, true), scale);
    }
  }

  private void requireFive(JsonNode config, Reading reading, double scale) {
    assertThat(config.path("lora_dropout").asDouble() == 0 || !adaptsExperts()).isTrue();
    Map<String, Integer> gateUp = new LinkedHashMap<>();
    matrices()
        .forEach(
            (path, shape) -> {
              Matcher expert = EXPERT.matcher(path);
              Matcher stack = STACK.matcher(path);
              assertThat(path).doesNotEndWith(".gate").doesNotContain(".router");
              int rank = Math.toIntExact(shape.get(0));
              if (expert.matches()) {
                String owner = expert.group(1).replace("block_sparse_moe", "mlp") + ".experts";
                boolean down = Set.of("down_proj", "w2").contains(expert.group(2));
                if (down) {
                  assertThat(reading.scale(owner + ".down_proj", true, rank))
                      .isCloseTo(scale, within(1e-6));
                } else {
                  gateUp.merge(
                      path.replaceFirst("\\.\\w+$", "").replace("block_sparse_moe", "mlp"),
                      rank,
                      Integer::sum);
                }
              } else if (stack.matches()) {
                String parameter = stack.group(2) == null ? ".down_proj" : ".gate_up_proj";
                assertThat(reading.scale(stack.group(1) + parameter, true, RANK))
                    .isCloseTo(scale, within(1e-6));
              } else {
                assertThat(reading.scale(path, false, rank)).isCloseTo(scale, within(1e-6));
              }
            });
    gateUp.forEach(
        (expert, rank) ->
            assertThat(reading.scale(expert.replaceFirst("\\.\\d+$", ".gate_up_proj"), true, rank))
                .isCloseTo(scale, within(1e-6)));
  }

  /** What PEFT 0.20 makes of a configuration with Transformers 5. */
  private static Reading rewritten(JsonNode config, boolean rewrites) {
    Set<String> modules = new LinkedHashSet<>();
    Set<String> parameters = texts(config, "target_parameters");
    Map<String, Double> fused = new LinkedHashMap<>();
    String type = config.path("model_type").asText();
    Map<String, String> names =
        type.equals("mixtral")
            ? Map.of(
                "gate",
                "gate.weight",
                "w1",
                "gate_up_proj",
                "w3",
                "gate_up_proj",
                "w2",
                "down_proj")
            : Map.of(
                "gate",
                "gate.weight",
                "gate_proj",
                "gate_up_proj",
                "up_proj",
                "gate_up_proj",
                "down_proj",
                "down_proj");
    List<String> found = new ArrayList<>();
    for (String target : texts(config, "target_modules")) {
      String leaf = target.substring(target.lastIndexOf('.') + 1);
      if (rewrites && names.containsKey(leaf)) {
        parameters.add(names.get(leaf));
        found.add(names.get(leaf));
      } else {
        modules.add(target);
      }
    }
    if (found.contains("gate_up_proj")) {
      fused.put("rank_pattern", 2 * config.path("r").asDouble());
      fused.put("alpha_pattern", 2 * config.path("lora_alpha").asDouble());
    }
    return new Reading(modules, parameters, config, fused);
  }

  private boolean adaptsExperts() {
    return matrices().keySet().stream().anyMatch(path -> path.contains("experts."));
  }

  /** The dimensions of every A, by the module that has it. */
  private Map<String, List<Long>> matrices() {
    Map<String, List<Long>> matrices = new LinkedHashMap<>();
    try (Checkpoint file = Checkpoint.openFile(folder.resolve("adapter_model.safetensors"))) {
      for (String name : file.names()) {
        PeftNames.moduleOfA(name).ifPresent(path -> matrices.put(path, file.entry(name).shape()));
      }
    }
    return matrices;
  }

  private static Set<String> texts(JsonNode config, String field) {
    Set<String> texts = new LinkedHashSet<>();
    config.path(field).forEach(text -> texts.add(text.asText()));
    return texts;
  }
}
