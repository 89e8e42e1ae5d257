package io.adapt4j.lora;

import static io.adapt4j.core.Floats.worst;
import static io.adapt4j.core.internal.nn.TestNetworks.decoder;
import static io.adapt4j.core.internal.nn.TestNetworks.floats;
import static io.adapt4j.lora.LoraCase.config;
import static io.adapt4j.lora.LoraCase.data;
import static io.adapt4j.lora.LoraCase.family;
import static io.adapt4j.lora.LoraCase.ids;
import static io.adapt4j.lora.LoraCase.outputs;
import static io.adapt4j.lora.LoraCase.randomize;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.adapter.LayerMerge;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Adapters on experts, made on a checkpoint with a tensor for each expert or with one for all of a
 * layer, put on the same weights in the other layout.
 */
class ExpertLayoutsTest {

  private static final long[] IDS = ids(12, 30);
  private static final int RANK = 2;
  private static final String WEIGHTS = "adapter_model.safetensors";
  private static final Pattern EXPERT =
      Pattern.compile("(.*\\.experts)\\.(\\d+)\\.(gate_proj|up_proj|down_proj|w1|w2|w3)\\.weight");

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"qwen3_moe", "qwen2_moe", "mixtral", "glm4_moe", "olmoe"})
  void oneOfSingleExpertsFitsTheirStacks(String name) throws Exception {
    Path base = family(name);
    Path adapter = folder.resolve("adapter");
    float[] trained = train(base, Lora.rank(RANK).alpha(6), adapter);
    assertComputes(stacked(base), adapter, trained);
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3_moe", "qwen2_moe", "mixtral", "glm4_moe", "olmoe"})
  void oneOfStacksFitsSingleExperts(String name) throws Exception {
    Path base = family(name);
    Path adapter = folder.resolve("adapter");
    float[] trained = train(stacked(base), stacks(), adapter);
    assertComputes(base, adapter, trained);
  }

  private static Lora stacks() {
    return Lora.rank(RANK)
        .alpha(6)
        .targets(Targets.names("q_proj", "experts.gate_up_proj", "experts.down_proj"));
  }

  /** With as many inputs as outputs the version of PEFT decides, else the dimensions do. */
  @ParameterizedTest
  @CsvSource({"qwen3_moe, ''", "qwen3_moe, 0.18.1", "qwen2_moe_stacked, ''"})
  void sidesThatPeftSwappedBeforeAreTold(String name, String version) throws Exception {
    Path base = name.endsWith("_stacked") ? family(name) : stacked(family(name));
    Path adapter = folder.resolve("adapter");
    float[] trained = train(base, stacks(), adapter);
    Path old = swapped(adapter, version);
    assertComputes(base, old, trained);
    Path again = folder.resolve("again");
    try (Decoder network = decoder(base);
        Adaptation adaptation = Methods.of(Lora.continuing(old)).attach(network, base, 1)) {
      adaptation.save(again);
    }
    try (Checkpoint wanted = Checkpoint.openFile(adapter.resolve(WEIGHTS));
        Checkpoint found = Checkpoint.openFile(again.resolve(WEIGHTS))) {
      assertThat(found.names()).isEqualTo(wanted.names());
      for (String tensor : wanted.names()) {
        assertThat(floats(found, tensor)).as(tensor).isEqualTo(floats(wanted, tensor));
      }
    }
    assertThat(config(again).path("peft_version").asText()).isEqualTo("0.20.0");
  }

  /** The matrices of both are added as they are stored. */
  @Test
  void adaptersOfBothLayoutsAreNotMixed() throws Exception {
    Path base = stacked(family("qwen3_moe"));
    Path adapter = folder.resolve("adapter");
    train(base, stacks(), adapter);
    Path old = swapped(adapter, "");
    Path output = folder.resolve("mix");
    assertThatThrownBy(
            () ->
                AdapterMix.of(LoraAdapter.at(adapter), 0.5)
                    .and(LoraAdapter.at(old), 0.5)
                    .writeConcatenated(output))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("0.19");
    for (Path both : List.of(adapter, old)) {
      AdapterMix.of(LoraAdapter.at(both), 1)
          .and(LoraAdapter.at(both), -0.5)
          .writeConcatenated(output);
      AdapterMix.of(LoraAdapter.at(adapter), 0.5).writeConcatenated(folder.resolve("half"));
      try (Decoder network = decoder(base)) {
        float[] wanted = logits(network, folder.resolve("half"));
        assertThat(worst(logits(network, output), wanted)).isLessThan(1e-5);
      }
    }
  }

  private static float[] logits(Decoder network, Path adapter) {
    try (AttachedAdapter attached = AdapterMechanics.of(LoraAdapter.at(adapter)).attach(network)) {
      return outputs(network, IDS);
    }
  }

  /** Granite's stacks are modules of their own in Transformers 4. */
  @ParameterizedTest
  @ValueSource(strings = {"granitemoe", "granitemoeshared"})
  void granitesFoldersOfBothGenerationsAreRead(String name) throws Exception {
    Path base = family(name);
    Path adapter = folder.resolve("adapter");
    Lora lora =
        Lora.rank(RANK)
            .alpha(6)
            .targets(
                Targets.names(
                    "q_proj", "block_sparse_moe.input_linear", "block_sparse_moe.output_linear"));
    float[] trained = train(base, lora, adapter);
    assertThat(config(adapter).path("target_parameters").toString())
        .contains("block_sparse_moe.experts.gate_up_proj");
    assertComputes(base, adapter, trained);
    Path old = swapped(adapter, "");
    ObjectNode config = config(old);
    config
        .putArray("target_parameters")
        .add("block_sparse_moe.input_linear.weight")
        .add("block_sparse_moe.output_linear.weight");
    Files.writeString(old.resolve("adapter_config.json"), Json.indented(config));
    List<TensorData> tensors = new ArrayList<>();
    try (Checkpoint file = Checkpoint.openFile(old.resolve(WEIGHTS))) {
      for (String tensor : file.names()) {
        tensors.add(
            data(
                tensor
                    .replace(".experts.base_layer.", ".input_linear.")
                    .replace(".experts.lora", ".output_linear.lora"),
                file.entry(tensor).shape(),
                floats(file, tensor)));
      }
    }
    SafetensorsWriter.create().writeFile(old.resolve(WEIGHTS), tensors);
    assertComputes(base, old, trained);
  }

  /** What PEFT calls a parameter may be the weight of an ordinary projection. */
  @Test
  void weightsOfProjectionsMayBeNamedAsParameters() throws Exception {
    Path base = family("llama_linear");
    Path adapter = folder.resolve("adapter");
    float[] trained =
        train(base, Lora.rank(RANK).alpha(6).targets(Targets.names("q_proj", "up_proj")), adapter);
    ObjectNode config = config(adapter);
    config.withArray("target_modules").removeAll().add("q_proj");
    config.putArray("target_parameters").add("up_proj.weight");
    config.putObject("rank_pattern").put("up_proj.weight", RANK);
    config.put("r", RANK);
    Files.writeString(adapter.resolve("adapter_config.json"), Json.indented(config));
    assertComputes(base, adapter, trained);
  }

  /** PEFT chooses modules by layer, but no parameters. */
  @Test
  void parametersAreAdaptedInEveryLayerThatTheFileHas() throws Exception {
    Path base = stacked(family("qwen3_moe"));
    Path adapter = folder.resolve("adapter");
    float[] trained = train(base, stacks(), adapter);
    ObjectNode config = config(adapter);
    config.putArray("layers_to_transform").add(0);
    Files.writeString(adapter.resolve("adapter_config.json"), Json.indented(config));
    List<TensorData> tensors = new ArrayList<>();
    try (Checkpoint file = Checkpoint.openFile(adapter.resolve(WEIGHTS))) {
      for (String tensor : file.names()) {
        if (tensor.contains(".layers.0.") || tensor.contains(".experts.")) {
          tensors.add(data(tensor, file.entry(tensor).shape(), floats(file, tensor)));
        }
      }
    }
    SafetensorsWriter.create().writeFile(adapter.resolve(WEIGHTS), tensors);
    try (Decoder network = decoder(base);
        AttachedAdapter attached = AdapterMechanics.of(LoraAdapter.at(adapter)).attach(network)) {
      assertThat(worst(outputs(network, IDS), trained)).isPositive();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatDoesNotFitIsSaidInTheNamesOfTheFile(boolean attention) throws Exception {
    Path adapter = folder.resolve("adapter");
    Lora experts = Lora.rank(RANK).targets(Targets.names("gate_up_proj", "experts.down_proj"));
    train(stacked(family("qwen3_moe")), attention ? stacks() : experts, adapter);
    try (Decoder other = decoder(family("llama_linear"))) {
      assertThatThrownBy(() -> AdapterMechanics.of(LoraAdapter.at(adapter)).attach(other))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("mlp.experts")
          .hasMessageNotContaining("[0]")
          .hasMessageNotContaining("(?!)");
    }
  }

  private float[] train(Path base, Lora lora, Path adapter) {
    try (Decoder network = decoder(base);
        Adaptation adaptation = Methods.of(lora).attach(network, base, 1)) {
      randomize(adaptation, 0.2);
      adaptation.save(adapter);
      return outputs(network, IDS);
    }
  }

  /** Attached, merged in memory, merged into a checkpoint, and merged projection by projection. */
  private void assertComputes(Path base, Path adapter, float[] wanted) {
    Path merged = folder.resolve("merged");
    try (Decoder network = decoder(base)) {
      float[] plain = outputs(network, IDS);
      assertThat(worst(plain, wanted)).isGreaterThan(1e-3);
      try (AttachedAdapter attached =
          AdapterMechanics.of(LoraAdapter.at(adapter)).attach(network)) {
        assertThat(worst(outputs(network, IDS), wanted)).isLessThan(1e-5);
        attached.merge();
        assertThat(worst(outputs(network, IDS), wanted)).isLessThan(1e-5);
      }
      mergeByProjection(network, adapter);
      assertThat(worst(outputs(network, IDS), wanted)).isLessThan(1e-5);
    }
    LoraAdapter.at(adapter).writeMerged(base, merged);
    try (Decoder written = decoder(merged)) {
      assertThat(worst(outputs(written, IDS), wanted)).isLessThan(1e-5);
    }
  }

  private static void mergeByProjection(Decoder network, Path adapter) {
    try (LayerMerge merge = AdapterMechanics.of(LoraAdapter.at(adapter)).layerMerge(network)) {
      for (LinearSlot slot : network.linears()) {
        DenseLinear whole = (DenseLinear) slot.linear();
        for (Linear.Part part : whole.parts()) {
          if (merge.changes(part.path())) {
            merge(merge, whole, part);
          }
        }
      }
    }
  }

  private static void merge(LayerMerge merge, DenseLinear whole, Linear.Part part) {
    try (Scope scope = Scope.open()) {
      DenseLinear alone =
          DenseLinear.declare(
              whole.inFeatures(), false, List.of(new Linear.Part(part.path(), 0, part.width())));
      alone.allocate(DType.F32);
      Tensor rows = whole.weight().value().narrow(0, part.start(), part.width());
      alone.weight().value().copyFrom(rows);
      LayerMerge.Product product = merge.product(alone);
      alone.weight().value().copyFrom(rows);
      float[] before = rows.toFloats();
      merge.merge(alone);
      float[] after = alone.weight().value().toFloats();
      int in = Math.toIntExact(whole.inFeatures());
      for (int i = 0; i < after.length; i++) {
        double sum = 0;
        for (int r = 0; r < product.rank(); r++) {
          sum += product.b()[i / in * product.rank() + r] * product.a()[r * in + i % in];
        }
        assertThat(Math.abs(before[i] + product.scale() * sum - after[i])).isLessThan(1e-5);
      }
      rows.copyFrom(alone.weight().value());
      alone.close();
    }
  }

  /** The same model with the experts of a layer in one tensor, as Transformers 5 has it. */
  private Path stacked(Path base) throws Exception {
    Path output = folder.resolve("stacked");
    Files.createDirectories(output);
    String config = Files.readString(base.resolve("config.json"));
    Files.writeString(output.resolve("config.json"), config);
    Map<String, TreeMap<Integer, Map<String, float[]>>> experts = new LinkedHashMap<>();
    List<TensorData> tensors = new ArrayList<>();
    try (Checkpoint checkpoint = Checkpoint.open(base)) {
      for (String name : checkpoint.names()) {
        Matcher matcher = EXPERT.matcher(name);
        String modern = name.replace(".block_sparse_moe.", ".mlp.");
        if (matcher.matches()) {
          experts
              .computeIfAbsent(
                  matcher.group(1).replace(".block_sparse_moe.", ".mlp."), key -> new TreeMap<>())
              .computeIfAbsent(Integer.parseInt(matcher.group(2)), key -> new LinkedHashMap<>())
              .put(usual(matcher.group(3)), floats(checkpoint, name));
        } else {
          tensors.add(data(modern, checkpoint.entry(name).shape(), floats(checkpoint, name)));
        }
      }
    }
    long hidden = ModelConfig.read(base).fields().requirePositiveInt("hidden_size");
    experts.forEach(
        (owner, all) -> {
          long inner = all.get(0).get("gate_proj").length / hidden;
          long count = all.size();
          tensors.add(
              data(
                  owner + ".gate_up_proj",
                  List.of(count, 2 * inner, hidden),
                  joined(all, "gate_proj", "up_proj")));
          tensors.add(
              data(owner + ".down_proj", List.of(count, hidden, inner), joined(all, "down_proj")));
        });
    SafetensorsWriter.create().writeFile(output.resolve("model.safetensors"), tensors);
    return output;
  }

  private static String usual(String name) {
    return switch (name) {
      case "w1" -> "gate_proj";
      case "w3" -> "up_proj";
      case "w2" -> "down_proj";
      default -> name;
    };
  }

  private static float[] joined(Map<Integer, Map<String, float[]>> experts, String... projections) {
    List<float[]> parts = new ArrayList<>();
    experts.values().forEach(expert -> List.of(projections).forEach(p -> parts.add(expert.get(p))));
    float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  /** The adapter as PEFT stored it before 0.19: A and B of stacks on the other sides. */
  private Path swapped(Path adapter, String version) throws Exception {
    Path output = folder.resolve("old");
    Files.createDirectories(output);
    ObjectNode config = config(adapter);
    config.remove("peft_version");
    if (!version.isEmpty()) {
      config.put("peft_version", version);
    }
    Files.writeString(output.resolve("adapter_config.json"), Json.indented(config));
    List<TensorData> tensors = new ArrayList<>();
    try (Checkpoint file = Checkpoint.openFile(adapter.resolve(WEIGHTS))) {
      for (String name : file.names()) {
        if (!name.contains(".experts.")) {
          tensors.add(data(name, file.entry(name).shape(), floats(file, name)));
        } else if (name.endsWith("lora_A.weight")) {
          String second = name.replace("lora_A", "lora_B");
          int experts = Math.toIntExact(file.entry(name).shape().get(0)) / RANK;
          int in = Math.toIntExact(file.entry(name).shape().get(1));
          int out = Math.toIntExact(file.entry(second).shape().get(0));
          float[] a = floats(file, name);
          float[] b = floats(file, second);
          float[] oldA = new float[experts * RANK * out];
          float[] oldB = new float[in * RANK * experts];
          for (int e = 0; e < experts; e++) {
            for (int r = 0; r < RANK; r++) {
              for (int o = 0; o < out; o++) {
                oldA[(e * RANK + r) * out + o] = b[(o * RANK + r) * experts + e];
              }
              for (int i = 0; i < in; i++) {
                oldB[(i * RANK + r) * experts + e] = a[(e * RANK + r) * in + i];
              }
            }
          }
          tensors.add(data(name, List.of((long) experts * RANK, (long) out), oldA));
          tensors.add(data(second, List.of((long) in, (long) RANK * experts), oldB));
        }
      }
    }
    SafetensorsWriter.create().writeFile(output.resolve(WEIGHTS), tensors);
    return output;
  }
}
