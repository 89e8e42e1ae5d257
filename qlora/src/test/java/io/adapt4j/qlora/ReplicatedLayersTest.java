package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.family.StackedLayers;
import io.adapt4j.core.internal.nn.linear.QuantizedLinear;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.TokenSpan;
import io.adapt4j.lora.LoraAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Layers that occur several times (PEFT's layer_replication) over quantized weights. */
class ReplicatedLayersTest {

  /** Five layers. */
  private static final Path STORIES = Path.of("..", "examples", "models", "stories260K");

  private static final QLora REPLICATED =
      QLora.nf4().rank(2).lora(lora -> lora.layerReplication(new int[] {0, 3}, new int[] {2, 5}));

  private static final String CONFIG = "adapter_config.json";
  private static final String WEIGHTS = "adapter_model.safetensors";

  @TempDir private static Path run;
  private static Path adapter;

  @TempDir private Path folder;

  @BeforeAll
  static void train() {
    adapter =
        FineTuner.builder()
            .model(ModelSource.path(STORIES))
            .dataset(SmallModel.sentences(16))
            .method(REPLICATED)
            .learningRate(0.01)
            .output(run)
            .maxSteps(4)
            .build()
            .run()
            .last();
  }

  static Stream<WeightFormat> formats() {
    return Stream.of(
        Quantization.nf4(),
        Quantization.fp4().skip("down_proj"),
        Quantization.nf4().skip("v_proj"),
        Quantization.int8());
  }

  /** Writes each layer as often as it occurs. */
  private Path copied() {
    Path output = folder.resolve("copied");
    ModelConfig config =
        StackedLayers.of(ModelConfig.read(STORIES), Methods.of(REPLICATED).layerStack());
    try (Network network = Architectures.declare(config);
        Checkpoint checkpoint = config.openWeights(STORIES)) {
      network.allocate(DType.F32);
      Weights.load(network, checkpoint);
      CheckpointFolder.write(output, STORIES, config, network, StoredType.F32);
    }
    return output;
  }

  /** The same adapter for the model that has the layers several times. */
  private Path plain() throws IOException {
    Path output = Files.createDirectories(folder.resolve("plain"));
    ObjectNode config = (ObjectNode) Json.parse(Files.readString(adapter.resolve(CONFIG)));
    config.putNull("layer_replication");
    Files.writeString(output.resolve(CONFIG), Json.indented(config));
    Files.copy(adapter.resolve(WEIGHTS), output.resolve(WEIGHTS));
    return output;
  }

  private static List<Double> scores(LanguageModel model) {
    TokenSpan span = new TokenSpan(new int[] {11, 48, 85}, new int[] {26, 63, 4, 41});
    return model.scoreIds(List.of(span)).get(0).logProbabilities();
  }

  private static List<int[]> written(LanguageModel model) {
    return model.generateIds(
        List.of(new int[] {1, 5, 9}, new int[] {1, 77}),
        GenerationOptions.greedy().toBuilder().maxNewTokens(12).build());
  }

  private static LanguageModel model(Path base, WeightFormat weights, Path on) {
    return LanguageModel.load(ModelSource.path(base), weights, Precision.FP32, LoraAdapter.at(on));
  }

  @ParameterizedTest
  @MethodSource("formats")
  void copiesComputeAsACheckpointThatHasThemTwice(WeightFormat format) throws IOException {
    long before = Tensor.live();
    Path copied = copied();
    try (LanguageModel model = model(STORIES, format, adapter);
        LanguageModel wanted = model(copied, format, plain())) {
      assertThat(scores(model)).isEqualTo(scores(wanted));
      assertThat(written(model)).usingRecursiveComparison().isEqualTo(written(wanted));
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @ParameterizedTest
  @MethodSource("formats")
  void quantizedWeightsAreInMemoryOnce(WeightFormat format) {
    AdapterMechanics loaded = AdapterMechanics.of(LoraAdapter.at(adapter));
    try (LoadedModel stacked = LoadedModel.load(STORIES, Precision.FP32, format, List.of(loaded));
        LoadedModel plain = LoadedModel.load(STORIES, Precision.FP32, format, List.of())) {
      assertThat(stacked.decoder().dimensions().layers()).isEqualTo(6);
      assertThat(packedBytes(stacked)).isEqualTo(packedBytes(plain)).isPositive();
      assertThat(stacked.decoder().parameterCount()).isEqualTo(plain.decoder().parameterCount());
    }
  }

  private static long packedBytes(LoadedModel model) {
    return model.decoder().packedLinears().stream().mapToLong(QuantizedLinear::packedBytes).sum();
  }

  @Test
  void theMergedModelIsTheTrainedOne() {
    Path merged = folder.resolve("merged");
    LoraAdapter.at(adapter).writeMerged(STORIES, Quantization.nf4(), merged);
    try (LanguageModel trained = model(STORIES, Quantization.nf4(), adapter);
        LanguageModel found = LanguageModel.load(ModelSource.path(merged), Precision.FP32)) {
      List<Double> wanted = scores(trained);
      List<Double> scores = scores(found);
      for (int i = 0; i < wanted.size(); i++) {
        assertThat(scores.get(i)).isCloseTo(wanted.get(i), within(1e-4));
      }
    }
  }
}
