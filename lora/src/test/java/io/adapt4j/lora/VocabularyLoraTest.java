package io.adapt4j.lora;

import static io.adapt4j.lora.LoraCase.config;
import static io.adapt4j.lora.LoraCase.data;
import static io.adapt4j.lora.LoraCase.move;
import static io.adapt4j.lora.LoraCase.randomize;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters on the token embedding and the output head. */
class VocabularyLoraTest {

  private static final String EMBEDDING = "base_model.model.model.embed_tokens.";
  private static final String HEAD = "base_model.model.lm_head.";
  private static final String WEIGHTS = "adapter_model.safetensors";
  private static final String CONFIG = "adapter_config.json";

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "false, embed_tokens",
    "false, lm_head",
    "false, embed_tokens lm_head q_proj",
    "true, embed_tokens",
    "true, lm_head",
    "true, embed_tokens lm_head q_proj"
  })
  void isTrainedSavedAsPeftHasItLoadedAndMerged(boolean tied, String targets) throws IOException {
    long before = Tensor.live();
    Lora lora = Lora.rank(2).alpha(6).targets(Targets.names(targets.split(" ", -1)));
    Path base = folder.resolve("base");
    Path adapter = folder.resolve("adapter");
    float[] plain;
    float[] trained;
    try (Decoder decoder = LoraCase.random(tied, DType.F32)) {
      write(decoder, base);
      plain = LoraCase.logits(decoder, LoraCase.batch());
      try (Adaptation adaptation = Methods.of(lora).attach(decoder, base, 1)) {
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(plain);
        randomize(adaptation, 0.4);
        trained = LoraCase.logits(decoder, LoraCase.batch());
        float[] off = adaptation.withoutAdapter(() -> LoraCase.logits(decoder, LoraCase.batch()));
        assertThat(off).isEqualTo(plain);
        adaptation.save(adapter);
      }
      assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(plain);
      assertThat(trained).isNotEqualTo(plain);
      try (AttachedAdapter attached =
          AdapterMechanics.of(LoraAdapter.at(adapter)).attach(decoder)) {
        assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(trained);
      }
      assertThat(LoraCase.logits(decoder, LoraCase.batch())).isEqualTo(plain);
    }
    Map<String, List<Long>> shapes = shapes(adapter);
    assertThat(shapes.containsKey(EMBEDDING + "lora_embedding_A"))
        .isEqualTo(targets.contains("embed"));
    if (targets.contains("embed")) {
      assertThat(shapes)
          .containsEntry(EMBEDDING + "lora_embedding_A", List.of(2L, 96L))
          .containsEntry(EMBEDDING + "lora_embedding_B", List.of(32L, 2L))
          .containsEntry(EMBEDDING + "base_layer.weight", List.of(96L, 32L));
    }
    if (targets.contains("lm_head")) {
      assertThat(shapes)
          .containsEntry(HEAD + "lora_A.weight", List.of(2L, 32L))
          .containsEntry(HEAD + "lora_B.weight", List.of(96L, 2L));
    }
    Path merged = folder.resolve("merged");
    LoraAdapter.at(adapter).writeMerged(base, merged);
    try (Decoder decoder = LoraCase.load(merged, DType.F32)) {
      LoraCase.assertClose(
          "merged", LoraCase.logits(decoder, LoraCase.batch()), trained, 1e-5, 1e-5);
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void gradientsAreThoseOfTheLoss(boolean tied) {
    Lora lora = Lora.rank(2).targets(Targets.names("embed_tokens", "lm_head"));
    try (Decoder decoder = LoraCase.random(tied, DType.F32);
        Adaptation adaptation = Methods.of(lora).attach(decoder, Path.of("base"), 1)) {
      randomize(adaptation, 0.4);
      double start = loss(decoder, adaptation);
      List<float[]> gradients =
          adaptation.trained().stream().map(value -> value.gradient().toFloats()).toList();
      double slope = 0;
      for (float[] gradient : gradients) {
        for (float value : gradient) {
          slope += value * value;
        }
      }
      double step = 1e-2 / Math.sqrt(slope);
      move(adaptation, gradients, step);
      double up = loss(decoder, adaptation);
      move(adaptation, gradients, -2 * step);
      double down = loss(decoder, adaptation);
      assertThat((up - down) / (2 * step)).isCloseTo(slope, within(0.02 * slope));
      assertThat(down).isLessThan(start);
    }
  }

  /** Two adapters in use add up, and come off in turn. */
  @Test
  void effectsOfTwoAdaptersAddUp() {
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    try (Decoder decoder = LoraCase.random(false, DType.F32)) {
      float[] plain = LoraCase.weights(decoder).get("lm_head.weight");
      Lora lora = Lora.rank(2).targets(Targets.names("lm_head"));
      for (Path path : List.of(first, second)) {
        try (Adaptation adaptation = Methods.of(lora).attach(decoder, Path.of("base"), 1)) {
          randomize(adaptation, 0.4);
          adaptation.save(path);
        }
      }
      try (AttachedAdapter one = AdapterMechanics.of(LoraAdapter.at(first)).attach(decoder)) {
        float[] single = LoraCase.weights(decoder).get("lm_head.weight");
        one.enabled(false);
        try (AttachedAdapter two = AdapterMechanics.of(LoraAdapter.at(second)).attach(decoder)) {
          two.enabled(false);
          one.enabled(true);
          two.enabled(true);
          float[] both = LoraCase.weights(decoder).get("lm_head.weight");
          for (int i = 0; i < both.length; i++) {
            assertThat(both[i]).isCloseTo(2 * single[i] - plain[i], within(1e-5f));
          }
          two.enabled(false);
          assertThat(LoraCase.weights(decoder).get("lm_head.weight")).isEqualTo(single);
        }
      }
      assertThat(LoraCase.weights(decoder).get("lm_head.weight")).isEqualTo(plain);
    }
  }

  @Test
  void aStoredAdapterOnAnotherTableIsToBeMergedWithPeft() throws IOException {
    Path adapter = adapter(false, config -> {}, "q_proj");
    ObjectNode config = config(adapter);
    config.withArray("target_modules").add("norm");
    Files.writeString(adapter.resolve(CONFIG), Json.indented(config));
    try (Decoder decoder = LoraCase.random(false, DType.F32)) {
      assertThat(AdapterMechanics.of(LoraAdapter.at(adapter)).problems(decoder))
          .singleElement()
          .asString()
          .contains("model.norm", "merge the adapter into its base with PEFT")
          .doesNotContain("modulesToSave");
    }
  }

  @Test
  void mergingProjectionByProjectionIsRefusedRatherThanLeavingTheTableOut() throws IOException {
    Path adapter = adapter(false, config -> {}, "q_proj", "lm_head");
    try (Decoder decoder = LoraCase.random(false, DType.F32)) {
      assertThatThrownBy(() -> AdapterMechanics.of(LoraAdapter.at(adapter)).layerMerge(decoder))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("lm_head")
          .hasMessageContaining("writeMerged");
    }
  }

  /** PEFT's {@code ensure_weight_tying}: one matrix, of which both layers have the update. */
  @Test
  void anEmbeddingAndItsHeadThatStayTiedTrainAsOne() throws IOException {
    Path adapter = adapter(true, config -> config.put("ensure_weight_tying", true), "embed_tokens");
    try (Decoder decoder = LoraCase.random(true, DType.F32)) {
      // A file of before the head's part is there is completed by the first save.
      dropBaseLayers(adapter);
      copyToHead(adapter);
      try (AttachedAdapter attached =
          AdapterMechanics.of(LoraAdapter.at(adapter)).attach(decoder)) {
        Map<String, float[]> weights = LoraCase.weights(decoder);
        LoraCase.assertClose(
            "head",
            weights.get("lm_head.weight"),
            weights.get("model.embed_tokens.weight"),
            1e-6,
            1e-6);
      }
      try (Adaptation adaptation =
          Methods.of(Lora.continuing(adapter)).attach(decoder, Path.of("base"), 1)) {
        loss(decoder, adaptation);
        for (Trainable parameter : adaptation.trained()) {
          FloatBuffer values = parameter.value().data().asFloatBuffer();
          float[] gradient = parameter.gradient().toFloats();
          for (int i = 0; i < gradient.length; i++) {
            values.put(i, values.get(i) - 0.1f * gradient[i]);
          }
        }
        adaptation.refresh();
        Map<String, float[]> weights = LoraCase.weights(decoder);
        LoraCase.assertClose(
            "head after a step",
            weights.get("lm_head.weight"),
            weights.get("model.embed_tokens.weight"),
            1e-6,
            1e-6);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"true, '[7, 3]'", "false, '[7, 3]'", "false, '{\"lm_head\": [7, 3]}'"})
  void rowsOfTokensAreReplaced(boolean tied, String tokens) throws IOException {
    Path adapter = adapter(tied, config -> {}, "q_proj");
    String layer = tokens.contains("lm_head") ? HEAD : EMBEDDING;
    ObjectNode config = config(adapter);
    config.set("trainable_token_indices", Json.parse(tokens));
    Files.writeString(adapter.resolve(CONFIG), Json.indented(config));
    float[] rows = numbers(2 * 32);
    change(
        adapter,
        tensors ->
            tensors.put(
                layer + "token_adapter.trainable_tokens_delta",
                data(layer + "token_adapter.trainable_tokens_delta", List.of(2L, 32L), rows)));
    String weight = tokens.contains("lm_head") ? "lm_head.weight" : "model.embed_tokens.weight";
    try (Decoder decoder = LoraCase.random(tied, DType.F32)) {
      float[] plain = LoraCase.weights(decoder).get(weight);
      try (AttachedAdapter attached =
          AdapterMechanics.of(LoraAdapter.at(adapter)).attach(decoder)) {
        float[] adapted = LoraCase.weights(decoder).get(weight);
        assertThat(Arrays.copyOfRange(adapted, 7 * 32, 8 * 32))
            .isEqualTo(Arrays.copyOfRange(rows, 0, 32));
        assertThat(Arrays.copyOfRange(adapted, 3 * 32, 4 * 32))
            .isEqualTo(Arrays.copyOfRange(rows, 32, 64));
        assertThat(Arrays.copyOfRange(adapted, 8 * 32, 96 * 32))
            .isEqualTo(Arrays.copyOfRange(plain, 8 * 32, 96 * 32));
        assertThat(decoder.isTied()).isEqualTo(tied);
      }
      assertThat(LoraCase.weights(decoder).get(weight)).isEqualTo(plain);
      try (Adaptation adaptation =
          Methods.of(Lora.continuing(adapter)).attach(decoder, Path.of("base"), 1)) {
        Path again = folder.resolve("again");
        adaptation.save(again);
        assertThat(shapes(again)).isEqualTo(shapes(adapter));
        assertThat(config(again).path("trainable_token_indices")).isEqualTo(Json.parse(tokens));
      }
    }
  }

  @Test
  void tokensThatTheModelLacksAreNamed() throws IOException {
    Path adapter = adapter(false, config -> {}, "q_proj");
    ObjectNode config = config(adapter);
    config.putArray("trainable_token_indices").add(96);
    Files.writeString(adapter.resolve(CONFIG), Json.indented(config));
    try (Decoder decoder = LoraCase.random(false, DType.F32)) {
      assertThat(AdapterMechanics.of(LoraAdapter.at(adapter)).problems(decoder))
          .singleElement()
          .asString()
          .contains("trainable_token_indices", "96", "model.embed_tokens");
    }
  }

  /** PEFT stores the vocabulary's layers unasked where tokens were added to the model. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void layersThatAreStoredUnaskedAreUsed(boolean tied) throws IOException {
    Path adapter = adapter(tied, config -> {}, "q_proj");
    float[] stored = numbers(96 * 32);
    change(
        adapter,
        tensors -> {
          for (String layer : List.of(EMBEDDING, HEAD)) {
            tensors.put(layer + "weight", data(layer + "weight", List.of(96L, 32L), stored));
          }
        });
    try (Decoder decoder = LoraCase.random(tied, DType.F32);
        AttachedAdapter attached = AdapterMechanics.of(LoraAdapter.at(adapter)).attach(decoder)) {
      assertThat(LoraCase.weights(decoder).get("model.embed_tokens.weight")).isEqualTo(stored);
      assertThat(decoder.head().weight().value().toFloats()).isEqualTo(stored);
      assertThat(decoder.isTied()).isEqualTo(tied);
    }
  }

  /** An adapter with random values, as it is written here. */
  private Path adapter(boolean tied, Consumer<ObjectNode> change, String... targets)
      throws IOException {
    Path adapter = folder.resolve("adapter");
    Lora lora = Lora.rank(2).alpha(6).targets(Targets.names(targets));
    try (Decoder decoder = LoraCase.random(tied, DType.F32);
        Adaptation adaptation = Methods.of(lora).attach(decoder, Path.of("base"), 1)) {
      randomize(adaptation, 0.4);
      adaptation.save(adapter);
    }
    ObjectNode config = config(adapter);
    change.accept(config);
    Files.writeString(adapter.resolve(CONFIG), Json.indented(config));
    return adapter;
  }

  private static float[] numbers(int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = i / 100f;
    }
    return numbers;
  }

  private static void dropBaseLayers(Path adapter) {
    change(adapter, tensors -> tensors.keySet().removeIf(name -> name.contains("base_layer")));
  }

  private static void copyToHead(Path adapter) {
    float[] a = new float[2 * 96];
    float[] b = new float[32 * 2];
    try (Checkpoint file = Checkpoint.openFile(adapter.resolve(WEIGHTS))) {
      file.bytes(EMBEDDING + "lora_embedding_A").asFloatBuffer().get(a);
      file.bytes(EMBEDDING + "lora_embedding_B").asFloatBuffer().get(b);
    }
    float[] headA = new float[2 * 32];
    float[] headB = new float[96 * 2];
    for (int r = 0; r < 2; r++) {
      for (int i = 0; i < 32; i++) {
        headA[r * 32 + i] = b[i * 2 + r];
      }
      for (int token = 0; token < 96; token++) {
        headB[token * 2 + r] = a[r * 96 + token];
      }
    }
    change(
        adapter,
        tensors -> {
          tensors.put(
              HEAD + "lora_A.weight", data(HEAD + "lora_A.weight", List.of(2L, 32L), headA));
          tensors.put(
              HEAD + "lora_B.weight", data(HEAD + "lora_B.weight", List.of(96L, 2L), headB));
        });
  }

  private static void change(Path adapter, Consumer<Map<String, TensorData>> change) {
    Map<String, TensorData> tensors = new TreeMap<>();
    try (Checkpoint file = Checkpoint.openFile(adapter.resolve(WEIGHTS))) {
      for (String name : file.names()) {
        FloatBuffer values = file.bytes(name).asFloatBuffer();
        float[] floats = new float[values.remaining()];
        values.get(floats);
        tensors.put(name, data(name, file.entry(name).shape(), floats));
      }
    }
    change.accept(tensors);
    SafetensorsWriter.create()
        .writeFile(adapter.resolve(WEIGHTS), new ArrayList<>(tensors.values()));
  }

  private static Map<String, List<Long>> shapes(Path adapter) {
    Map<String, List<Long>> shapes = new TreeMap<>();
    try (Checkpoint file = Checkpoint.openFile(adapter.resolve(WEIGHTS))) {
      file.names().forEach(name -> shapes.put(name, file.entry(name).shape()));
    }
    return shapes;
  }

  private static void write(Decoder decoder, Path base) throws IOException {
    Files.createDirectories(base);
    ModelConfig config = decoder.modelConfig().withDtype(StoredType.F32);
    Files.writeString(base.resolve("config.json"), Json.indented(config.toJson()));
    CheckpointFolder.write(base, base, config, Weights.tensors(decoder, StoredType.F32));
  }

  private static double loss(Decoder decoder, Adaptation adaptation) {
    double loss =
        LoraCase.forwardBackward(decoder, adaptation.trained(), LoraCase.batch(), false, 3);
    adaptation.collectGradients();
    return loss;
  }
}
