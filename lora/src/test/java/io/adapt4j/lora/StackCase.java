package io.adapt4j.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.config.ModelConfig;
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
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.TokenSpan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Models whose layers occur several times, and checkpoints that have them as often. */
final class StackCase {

  static final int[][] RANGES = {{0, 2}, {1, 3}};

  /** The stored layers at the four places. */
  static final List<Integer> ORDER = List.of(0, 1, 1, 2);

  static final Lora REPLICATED = Lora.rank(2).layerReplication(RANGES);
  private static final Pattern LAYER = Pattern.compile("(.*layers?\\.)(\\d+)(\\..*)");

  private StackCase() {}

  /** Writes a model with three layers of random weights. */
  static Path write(Path base) throws IOException {
    ModelConfig config = LoraCase.config(true).with("num_hidden_layers", Json.parse("3"));
    try (Decoder decoder = Architectures.declareDecoder(config)) {
      decoder.allocate(DType.F32);
      Weights.randomize(decoder, 7);
      CheckpointFolder.write(base, base, config, Weights.tensors(decoder, StoredType.F32));
    }
    return base;
  }

  /** Loads a model as a method stacks it. */
  static Network load(Path model, Lora lora, DType type) {
    ModelConfig config = StackedLayers.of(ModelConfig.read(model), Methods.of(lora).layerStack());
    Network network = Architectures.declare(config);
    try (Checkpoint checkpoint = config.openWeights(model)) {
      Weights.check(network, checkpoint);
      network.allocate(type);
      Weights.load(network, checkpoint);
    }
    return network;
  }

  static Decoder decoder(Path model, Lora lora) {
    return (Decoder) load(model, lora, DType.F32);
  }

  static String renamed(String name, int place) {
    Matcher layer = LAYER.matcher(name);
    return layer.matches() ? layer.group(1) + place + layer.group(3) : name;
  }

  static int layerOf(String name) {
    Matcher layer = LAYER.matcher(name);
    return layer.matches() ? Integer.parseInt(layer.group(2)) : -1;
  }

  /** Writes a checkpoint by hand in which layers lie several times. */
  static void writeCopies(Path model, Path output, List<Integer> order) throws IOException {
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

  static TensorData copy(Checkpoint checkpoint, String name, String as) {
    TensorEntry entry = checkpoint.entry(name);
    return new TensorData(
        as, entry.type(), entry.shape(), channel -> channel.write(checkpoint.bytes(name)));
  }

  /** Writes an adapter of random values on the stack. */
  static Path adapter(Path model, Lora lora, Path output) {
    try (Network network = load(model, lora, DType.F32);
        Adaptation adaptation = Methods.of(lora).attach(network, model, 1)) {
      LoraCase.randomize(adaptation, 0.4);
      adaptation.save(output);
    }
    return output;
  }

  /** Copies an adapter without the field, for the model whose layers are copied. */
  static Path plain(Path adapter, Path output) throws IOException {
    Files.createDirectories(output);
    ObjectNode config = LoraCase.config(adapter);
    config.putNull("layer_replication");
    Files.writeString(output.resolve("adapter_config.json"), Json.indented(config));
    Files.copy(
        adapter.resolve("adapter_model.safetensors"), output.resolve("adapter_model.safetensors"));
    return output;
  }

  static float[] outputs(Path model, Path adapter, Lora stack, boolean merged) {
    try (Network network = load(model, stack, DType.F32);
        AttachedAdapter attached = AdapterMechanics.of(LoraAdapter.at(adapter)).attach(network)) {
      if (merged) {
        attached.merge();
      }
      return LoraCase.outputs(network, LoraCase.ids(8, 12));
    }
  }

  static List<Double> scores(Path model, Path... adapters) {
    LoraAdapter[] all = Arrays.stream(adapters).map(LoraAdapter::at).toArray(LoraAdapter[]::new);
    try (LanguageModel loaded = LanguageModel.load(ModelSource.path(model), Precision.FP32, all)) {
      return scores(loaded);
    }
  }

  static List<Double> scores(LanguageModel model) {
    TokenSpan span = new TokenSpan(new int[] {11, 48, 85}, new int[] {26, 63, 4, 41});
    return model.scoreIds(List.of(span)).get(0).logProbabilities();
  }

  static void assertClose(List<Double> found, List<Double> wanted) {
    for (int i = 0; i < wanted.size(); i++) {
      assertThat(found.get(i)).isCloseTo(wanted.get(i), within(2e-5));
    }
  }

  /** Trains on a few sentences. */
  static FineTuneReport run(Path model, FineTuningMethod method, Path output, int steps) {
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .dataset(SmallModel.sentences(16))
        .method(method)
        .output(output)
        .maxSteps(steps)
        .build()
        .run();
  }
}
