package io.adapt4j.lora;

import static io.adapt4j.lora.LoraCase.family;
import static io.adapt4j.lora.StackCase.ORDER;
import static io.adapt4j.lora.StackCase.REPLICATED;
import static io.adapt4j.lora.StackCase.assertClose;
import static io.adapt4j.lora.StackCase.decoder;
import static io.adapt4j.lora.StackCase.load;
import static io.adapt4j.lora.StackCase.outputs;
import static io.adapt4j.lora.StackCase.scores;
import static io.adapt4j.lora.StackCase.writeCopies;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.memory.MemoryNames;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.memory.StepShape;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.StackedLayers;
import io.adapt4j.core.internal.plan.MemoryEstimate;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.optim.Optimizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Layers that occur several times share the base's weights and have adapters of their own. */
class LayerReplicationTest {

  private static final Lora TWICE =
      Lora.rank(2).layerReplication(new int[] {0, 2}, new int[] {0, 2});

  @TempDir private Path folder;
  private Path base;

  @BeforeEach
  void writeBase() throws IOException {
    base = StackCase.write(folder.resolve("base"));
  }

  private Path adapter(Path model, Lora lora) {
    return StackCase.adapter(model, lora, folder.resolve("adapter"));
  }

  private Path plain(Path adapter) throws IOException {
    return StackCase.plain(adapter, folder.resolve("plain"));
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
      assertThat(checkpoint.names().stream().map(StackCase::layerOf)).containsOnly(-1, 0, 1, 2, 3);
    }
  }

  @Test
  void theFolderIsAsPeftWritesIt() throws IOException {
    Path adapter = adapter(base, REPLICATED);
    assertThat(LoraCase.config(adapter).get("layer_replication"))
        .isEqualTo(Json.parse("[[0,2],[1,3]]"));
    try (Checkpoint file = Checkpoint.openFile(adapter.resolve("adapter_model.safetensors"))) {
      assertThat(file.names().stream().map(StackCase::layerOf)).containsOnly(0, 1, 2, 3);
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
    FineTuneReport report = StackCase.run(model, lora, folder.resolve("run"), 4);
    assertThat(report.best()).isNotNull();
    assertThat(LoraCase.config(report.best()).get("layer_replication"))
        .isEqualTo(Json.parse("[[0,2],[0,2],[1,2]]"));
    FineTuneReport further =
        StackCase.run(model, Lora.continuing(report.best()), folder.resolve("further"), 2);
    Path merged = folder.resolve("merged");
    LoraAdapter.at(further.best()).writeMerged(model, merged);
    assertClose(scores(merged), scores(model, further.best()));
    assertThat(ModelConfig.read(merged).fields().requirePositiveInt("num_hidden_layers"))
        .isEqualTo(5);
  }
}
