package io.adapt4j.lora;

import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.lora.LoraCase.family;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.memory.MemoryNames;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.memory.StepShape;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.family.StackedLayers;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.plan.MemoryEstimate;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.score.TokenSpan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Layers that occur several times share the base's weights and have adapters of their own. */
class LayerReplicationTest {

  private static final int[][] RANGES = {{0, 2}, {1, 3}};

  /** The stored layers at the four places. */
  private static final List<Integer> ORDER = List.of(0, 1, 1, 2);

  private static final Lora REPLICATED = Lora.rank(2).layerReplication(RANGES);
  private static final Lora TWICE =
      Lora.rank(2).layerReplication(new int[] {0, 2}, new int[] {0, 2});
  private static final Pattern LAYER = Pattern.compile("(.*layers?\\.)(\\d+)(\\..*)");

  @TempDir private Path folder;

  /** Three layers of random weights. */
  private Path base;

  @BeforeEach
  void writeBase() throws IOException {
    base = folder.resolve("base");
    ModelConfig config = LoraCase.config(true).with("num_hidden_layers", Json.parse("3"));
    try (Decoder decoder = Architectures.declareDecoder(config)) {
      decoder.allocate(DType.F32);
      Weights.randomize(decoder, 7);
      CheckpointFolder.write(base, base, config, Weights.tensors(decoder, StoredType.F32));
    }
  }

  /** Loads a model as a method stacks it. */
  private static Network load(Path model, Lora lora, DType type) {
    ModelConfig config = StackedLayers.of(ModelConfig.read(model), Methods.of(lora).layerStack());
    Network network = Architectures.declare(config);
    try (Checkpoint checkpoint = config.openWeights(model)) {
      Weights.check(network, checkpoint);
      network.allocate(type);
      Weights.load(network, checkpoint);
    }
    return network;
  }

  private static Decoder decoder(Path model, Lora lora) {
    return (Decoder) load(model, lora, DType.F32);
  }

  private static String renamed(String name, int place) {
    Matcher layer = LAYER.matcher(name);
    return layer.matches() ? layer.group(1) + place + layer.group(3) : name;
  }

  private static int layerOf(String name) {
    Matcher layer = LAYER.matcher(name);
    return layer.matches() ? Integer.parseInt(layer.group(2)) : -1;
  }

  /** Writes a checkpoint by hand in which layers lie several times. */
  private static void writeCopies(Path model, Path output, List<Integer> order) throws IOException {
    ObjectNode config = ModelConfig.read(model).toJson();
    int before = config.get("num_hidden_layers").intValue();
    config.put("num_hidden_layers", order.size());
    if (config.path("layer_types").size() == before) {
      config
          .putArray("layer_types")
          .addAll(
              order.stream()
                  .map(layer -> ModelConfig.read(model).toJson().get("layer_types").get(layer))
                  .toList());
    }
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      List<TensorData> tensors = new ArrayList<>();
      for (String name : checkpoint.names()) {
        if (layerOf(name) < 0) {
          tensors.add(copy(checkpoint, name, name));
        }
        for (int place = 0; place < order.size(); place++) {
          if (layerOf(name) == order.get(place)) {
            tensors.add(copy(checkpoint, name, renamed(name, place)));
          }
        }
      }
      CheckpointFolder.write(output, model, config, tensors);
    }
  }

  private static TensorData copy(Checkpoint checkpoint, String name, String as) {
    TensorEntry entry = checkpoint.entry(name);
    return new TensorData(
        as, entry.type(), entry.shape(), channel -> channel.write(checkpoint.bytes(name)));
  }

  /** Writes an adapter of random values on the stack. */
  private Path adapter(Path model, Lora lora) {
    Path output = folder.resolve("adapter");
    try (Network network = load(model, lora, DType.F32);
        Adaptation adaptation = Methods.of(lora).attach(network, model, 1)) {
      LoraCase.randomize(adaptation, 0.4);
      adaptation.save(output);
    }
    return output;
  }

  /** Copies an adapter without the field, for the model whose layers are copied. */
  private Path plain(Path adapter) throws IOException {
    Path output = Files.createDirectories(folder.resolve("plain"));
    ObjectNode config = LoraCase.config(adapter);
    config.putNull("layer_replication");
    Files.writeString(output.resolve("adapter_config.json"), Json.indented(config));
    Files.copy(
        adapter.resolve("adapter_model.safetensors"), output.resolve("adapter_model.safetensors"));
    return output;
  }

  private static float[] outputs(Path model, Path adapter, Lora stack, boolean merged) {
    try (Network network = load(model, stack, DType.F32);
        AttachedAdapter attached = AdapterMechanics.of(LoraAdapter.at(adapter)).attach(network)) {
      if (merged) {
        attached.merge();
      }
      return LoraCase.outputs(network, LoraCase.ids(8, 12));
    }
  }

  private static List<Double> scores(Path model, Path... adapters) {
    LoraAdapter[] all = Arrays.stream(adapters).map(LoraAdapter::at).toArray(LoraAdapter[]::new);
    try (LanguageModel loaded = LanguageModel.load(ModelSource.path(model), Precision.FP32, all)) {
      return scores(loaded);
    }
  }

  private static List<Double> scores(LanguageModel model) {
    TokenSpan span = new TokenSpan(new int[] {11, 48, 85}, new int[] {26, 63, 4, 41});
    return model.scoreIds(List.of(span)).get(0).logProbabilities();
  }

  private static void assertClose(List<Double> found, List<Double> wanted) {
    for (int i = 0; i < wanted.size(); i++) {
      assertThat(found.get(i)).isCloseTo(wanted.get(i), within(2e-5));
    }
  }

  @Test
  void allLayersOnceArePlainLora() throws IOException {
    Lora plain = Lora.rank(2);
    Lora once = plain.layerReplication(new int[] {0, 3});
    List<Map<String, float[]>> gradients = new ArrayList<>();
    List<float[]> logits = new ArrayList<>();
    List<byte[]> files = new ArrayList<>();
    for (Lora lora : List.of(plain, once)) {
      try (Decoder decoder = decoder(base, lora);
          Adaptation adaptation = Methods.of(lora).attach(decoder, base, 3)) {
        LoraCase.randomize(adaptation, 0.4);
        LoraCase.forwardBackward(decoder, adaptation.trained(), LoraCase.batch(), false, 1);
        gradients.add(LoraCase.gradients(adaptation.trained()));
        logits.add(LoraCase.logits(decoder, LoraCase.batch()));
        adaptation.save(folder.resolve("saved"));
        files.add(Files.readAllBytes(folder.resolve("saved/adapter_model.safetensors")));
        assertThat(decoder.parameters()).noneMatch(Parameter::isShared);
      }
    }
    assertThat(logits.get(1)).isEqualTo(logits.get(0));
    assertThat(files.get(1)).isEqualTo(files.get(0));
    assertThat(gradients.get(1).keySet()).isEqualTo(gradients.get(0).keySet());
    gradients
        .get(0)
        .forEach((name, wanted) -> assertThat(gradients.get(1).get(name)).isEqualTo(wanted));
  }

  /** The small models of families whose layers are alike and where PEFT finds them. */
  static List<Path> stackable() throws IOException {
    try (Stream<Path> families = Files.list(family("llama_yarn").getParent())) {
      return families
          .filter(Files::isDirectory)
          .filter(model -> isStackable(model))
          .sorted()
          .toList();
    }
  }

  private static boolean isStackable(Path model) {
    try {
      StackedLayers.of(ModelConfig.read(model), Methods.of(TWICE).layerStack());
      return true;
    } catch (CheckpointException e) {
      return false;
    }
  }

  @Test
  void halfOfTheFamiliesCanBeStacked() throws IOException {
    assertThat(stackable()).hasSizeGreaterThan(45);
  }

  @ParameterizedTest
  @MethodSource("stackable")
  void copiesComputeAsACheckpointThatHasThemTwice(Path model) throws IOException {
    Path copied = folder.resolve("copied");
    writeCopies(model, copied, List.of(0, 1, 0, 1));
    Path adapter = adapter(model, TWICE);
    Path plain = plain(adapter);
    for (boolean merged : List.of(false, true)) {
      assertThat(outputs(model, adapter, TWICE, merged))
          .isEqualTo(outputs(copied, plain, Lora.rank(2), merged));
    }
  }

  @Test
  void aLanguageModelIsStackedAsItsAdapterSays() throws IOException {
    long before = Tensor.live();
    Path copied = folder.resolve("copied");
    writeCopies(base, copied, ORDER);
    Path adapter = adapter(base, REPLICATED);
    List<Double> wanted = scores(copied, plain(adapter));
    List<Double> unadapted = scores(copied);
    try (LanguageModel model =
        LanguageModel.load(ModelSource.path(base), Precision.FP32, LoraAdapter.at(adapter))) {
      assertThat(scores(model)).isEqualTo(wanted);
      model.useAdapters();
      assertThat(scores(model)).isEqualTo(unadapted);
      model.useAdapters("adapter");
      model.mergeAdapters();
      assertClose(scores(model), wanted);
      model.unmergeAdapters();
      assertClose(scores(model), wanted);
      assertThatThrownBy(() -> model.addAdapter("other", LoraAdapter.at(folder.resolve("plain"))))
          .hasMessageContaining("layer_replication [[0, 2], [1, 3]]")
          .hasMessageContaining("its layers as they are stored");
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void theMergedModelHasTheLayersOfTheStack() throws IOException {
    Path adapter = adapter(base, REPLICATED);
    Path merged = folder.resolve("merged");
    LoraAdapter.at(adapter).writeMerged(base, merged);
    assertThat(ModelConfig.read(merged).fields().requirePositiveInt("num_hidden_layers"))
        .isEqualTo(4);
    assertClose(scores(merged), scores(base, adapter));
    try (Checkpoint checkpoint = Checkpoint.open(merged)) {
      assertThat(checkpoint.names().stream().map(LayerReplicationTest::layerOf))
          .containsOnly(-1, 0, 1, 2, 3);
    }
  }

  @Test
  void theFolderIsAsPeftWritesIt() throws IOException {
    Path adapter = adapter(base, REPLICATED);
    assertThat(LoraCase.config(adapter).get("layer_replication"))
        .isEqualTo(Json.parse("[[0,2],[1,3]]"));
    try (Checkpoint file = Checkpoint.openFile(adapter.resolve("adapter_model.safetensors"))) {
      assertThat(file.names().stream().map(LayerReplicationTest::layerOf)).containsOnly(0, 1, 2, 3);
      assertThat(file.names()).hasSize(4 * 7 * 2);
    }
  }

  @Test
  void trainingGoesOnFromTheStoredStack() {
    Path adapter = adapter(base, REPLICATED);
    Lora continuing = Lora.continuing(adapter);
    assertThat(Methods.of(continuing).layerStack()).isEqualTo(Methods.of(REPLICATED).layerStack());
    try (Decoder decoder = decoder(base, continuing)) {
      assertThat(Methods.of(continuing).problems(decoder, base)).isEmpty();
      try (Adaptation adaptation = Methods.of(continuing).attach(decoder, base, 9)) {
        assertThat(LoraCase.outputs(decoder, LoraCase.ids(8, 12)))
            .isEqualTo(outputs(base, adapter, REPLICATED, false));
        adaptation.save(folder.resolve("again"));
      }
    }
    assertThat(folder.resolve("again/adapter_model.safetensors"))
        .hasSameBinaryContentAs(adapter.resolve("adapter_model.safetensors"));
  }

  @Test
  void everyMatrixOfEachCopyHasAGradientOfItsOwn() {
    try (Decoder decoder = decoder(base, REPLICATED);
        Adaptation adaptation = Methods.of(REPLICATED).attach(decoder, base, 3)) {
      LoraCase.randomize(adaptation, 0.4);
      LoraCase.forwardBackward(decoder, adaptation.trained(), LoraCase.batch(), false, 1);
      Map<String, float[]> gradients = LoraCase.gradients(adaptation.trained());
      assertThat(gradients).hasSize(4 * 7 * 2);
      gradients.forEach(
          (name, values) -> assertThat(values).as(name).isNotEqualTo(new float[values.length]));
      Set<Integer> distinct =
          gradients.values().stream().map(Arrays::hashCode).collect(Collectors.toSet());
      assertThat(distinct).hasSize(gradients.size());
    }
  }

  @Test
  void theWeightsOfCopiesAreInMemoryOnce() {
    for (DType type : List.of(DType.F32, DType.BF16)) {
      try (Network network = load(base, REPLICATED, type);
          Network plain = load(base, Lora.rank(2), type)) {
        assertThat(network.parameterCount()).isEqualTo(plain.parameterCount());
        assertThat(memory(network.parameters())).isEqualTo(memory(plain.parameters()));
        MemoryEstimate stacked = estimate(network, REPLICATED, type);
        MemoryEstimate stored = estimate(plain, Lora.rank(2), type);
        assertThat(stacked.lasting(MemoryNames.WEIGHTS))
            .isEqualTo(stored.lasting(MemoryNames.WEIGHTS));
        assertThat(stacked.lasting(MemoryNames.GRADIENTS) * 3)
            .isEqualTo(stored.lasting(MemoryNames.GRADIENTS) * 4);
        assertThat(((Decoder) network).cacheBytes(1, 10, type) * 3)
            .isEqualTo(((Decoder) plain).cacheBytes(1, 10, type) * 4);
      }
    }
  }

  private static long memory(List<Parameter> parameters) {
    Map<Tensor, Long> bytes = new LinkedHashMap<>();
    parameters.forEach(
        parameter ->
            bytes.put(parameter.value(), parameter.count() * parameter.value().type().bytes()));
    return bytes.values().stream().mapToLong(Long::longValue).sum();
  }

  private static MemoryEstimate estimate(Network network, Lora lora, DType type) {
    return Planner.of(network, lora).estimate(StepShape.of(2, 8, type, Optimizer.adamW()));
  }

  @Test
  void modulesSavedInFullAreSeparateCopies() throws IOException {
    Lora lora = REPLICATED.targets(Targets.names("q_proj")).modulesToSave("down_proj");
    Path copied = folder.resolve("copied");
    writeCopies(base, copied, ORDER);
    Path adapter = adapter(base, lora);
    assertThat(outputs(base, adapter, lora, false))
        .isEqualTo(outputs(copied, plain(adapter), Lora.rank(2), false));
  }

  @Test
  void aRunTrainsSavesResumesAndMerges() throws IOException {
    Path model = SmallModel.write(folder.resolve("small"));
    Lora lora = Lora.rank(2).layerReplication(new int[] {0, 2}, new int[] {0, 2}, new int[] {1, 2});
    FineTuneReport report = run(model, lora, "run", 4);
    assertThat(report.best()).isNotNull();
    assertThat(LoraCase.config(report.best()).get("layer_replication"))
        .isEqualTo(Json.parse("[[0,2],[0,2],[1,2]]"));
    FineTuneReport further = run(model, Lora.continuing(report.best()), "further", 2);
    Path merged = folder.resolve("merged");
    LoraAdapter.at(further.best()).writeMerged(model, merged);
    assertClose(scores(merged), scores(model, further.best()));
    assertThat(ModelConfig.read(merged).fields().requirePositiveInt("num_hidden_layers"))
        .isEqualTo(5);
  }

  private FineTuneReport run(Path model, Lora lora, String name, int steps) {
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .dataset(SmallModel.sentences(16))
        .method(lora)
        .output(folder.resolve(name))
        .maxSteps(steps)
        .build()
        .run();
  }

  @Test
  void rangesOutsideTheModelAreRefusedBeforeItIsLoaded() throws IOException {
    Lora beyond = Lora.rank(2).layerReplication(new int[] {0, 2}, new int[] {2, 5});
    refuses(
        CheckpointException.class,
        () -> decoder(base, beyond).close(),
        "config.json",
        "layer_replication [[0, 2], [2, 5]] names the layer 4, but the model has 3");
    Path model = SmallModel.write(folder.resolve("small"));
    refuses(
        SettingsException.class,
        () -> run(model, beyond, "run", 1),
        "layer_replication [[0, 2], [2, 5]] names the layer 4, but the model has 2");
    Path adapter = adapter(base, REPLICATED);
    ObjectNode config = LoraCase.config(adapter);
    config.set("layer_replication", Json.parse("[[0, 9]]"));
    Files.writeString(adapter.resolve("adapter_config.json"), Json.indented(config));
    refuses(
        CheckpointException.class,
        () -> scores(base, adapter),
        "layer_replication [[0, 9]] names the layer 8, but the model has 3");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[[0, 0]]",
        "[[2, 1]]",
        "[[-1, 1]]",
        "[[0]]",
        "[0, 1]",
        "[[0, 1.5]]",
        "\"all\"",
        "[[0, 99999999999]]"
      })
  void whatIsNoListOfRangesIsRefusedByName(String value) throws IOException {
    Path adapter = adapter(base, REPLICATED);
    ObjectNode config = LoraCase.config(adapter);
    config.set("layer_replication", Json.parse(value));
    Files.writeString(adapter.resolve("adapter_config.json"), Json.indented(config));
    refuses(
        CheckpointException.class,
        () -> LoraAdapter.at(adapter),
        "adapter_config.json",
        "'layer_replication'",
        "ranges [start, end) of layer numbers, 0 <= start < end");
  }

  @Test
  void rangesOfTheBuilderAreChecked() {
    for (int[][] ranges : List.of(new int[][] {}, new int[][] {{1, 1}}, new int[][] {{0, 1, 2}})) {
      assertThatThrownBy(() -> Lora.rank(2).layerReplication(ranges))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("layerReplication: expected");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "gemma3_text, whose layers differ",
    "qwen2_window, whose layers differ",
    "gemma3n, read more of others",
    "gemma3, multimodal",
    "falcon, finds no layers",
    "gpt_bigcode, finds no layers",
    "opt, finds no layers",
    "mamba2, finds no layers",
    "roberta_mlm, finds no layers",
    "modernbert_features, whose layers differ",
    "qwen3_next, whose layers differ"
  })
  void familiesThatPeftDoesNotStackAreRefusedByName(String name, String reason) {
    refuses(
        CheckpointException.class,
        () ->
            StackedLayers.of(
                ModelConfig.read(family(name)),
                Methods.of(Lora.rank(2).layerReplication(new int[] {0, 1})).layerStack()),
        "config.json: layer_replication",
        "of type " + ModelConfig.read(family(name)).modelType(),
        reason);
  }

  @Test
  void optionsThatChangeSharedWeightsAreRefused() {
    try (Decoder decoder = decoder(base, REPLICATED)) {
      for (Lora lora :
          List.of(
              REPLICATED.trainBiases(),
              REPLICATED.trainAdaptedBiases(),
              REPLICATED.initialize(LoraInit.pissa()))) {
        assertThat(Methods.of(lora).problems(decoder, base))
            .anyMatch(problem -> problem.contains("share (layer_replication [[0, 2], [1, 3]])"));
      }
      assertThat(Methods.of(Lora.rank(2)).problems(decoder, base))
          .anyMatch(problem -> problem.contains("layer_replication [[0, 2], [1, 3]]"));
    }
    assertThat(Methods.of(Lora.rank(2)).layerStack()).isEqualTo(Optional.empty());
  }

  @Test
  void resumedAdaptersAreOfTheSameStack() {
    Path adapter = adapter(base, REPLICATED);
    Lora other = Lora.rank(2).layerReplication(new int[] {0, 1}, new int[] {0, 3});
    try (Decoder decoder = decoder(base, other);
        Adaptation adaptation = Methods.of(other).attach(decoder, base, 1)) {
      refuses(
          CheckpointException.class,
          () -> adaptation.restore(adapter),
          "layer_replication [[0, 2], [1, 3]]",
          "layer_replication [[0, 1], [0, 3]]");
    }
    assertThat(Methods.of(other).identity()).isNotEqualTo(Methods.of(REPLICATED).identity());
  }
}
