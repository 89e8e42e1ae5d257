package io.adapt4j.core.internal.generate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.FamilyFolder;
import io.adapt4j.core.internal.nn.TestNetworks;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.next.NextTokenLayer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** A checkpoint of resources/families with a layer for further tokens, whose tensors are added. */
final class NextTokenFolder {

  /** The families with such layers: two have theirs beside the model, two after its layers. */
  static final List<String> FAMILIES = List.of("qwen3_next", "qwen3_5", "glm4_moe", "deepseek_v3");

  static final int HIDDEN = 16;
  static final int VOCABULARY = 40;

  final ObjectNode config;
  final Map<String, float[]> values = new TreeMap<>();
  final Map<String, List<Long>> shapes = new LinkedHashMap<>();

  private NextTokenFolder(ObjectNode config) {
    this.config = config;
  }

  /** A family's checkpoint and a layer of random values; its embedding and output are shared. */
  static NextTokenFolder random(String family) throws IOException {
    Path source;
    try (FamilyFolder folder = FamilyFolder.open(family)) {
      source = folder.path();
    }
    ObjectNode config = (ObjectNode) Json.parse(Files.readString(source.resolve("config.json")));
    if (!family.startsWith("qwen")) {
      config.put("num_nextn_predict_layers", 1);
    }
    NextTokenFolder made = new NextTokenFolder(config);
    try (Checkpoint stored = Checkpoint.open(source)) {
      for (String name : stored.names()) {
        made.put(name, stored.entry(name).shape(), TestNetworks.floats(stored, name));
      }
    }
    ModelConfig declared = ModelConfig.parse(source.resolve("config.json"), Json.compact(config));
    try (Decoder decoder = Architectures.declareDecoder(declared);
        NextTokenLayer layer = Architectures.nextTokenLayer(decoder).orElseThrow()) {
      SplittableRandom random = new SplittableRandom(7);
      layer
          .network()
          .tensors()
          .forEach((name, shape) -> made.put(name, shape, draw(shape, random)));
    }
    made.remove(".embed_tokens.weight");
    made.remove(".head.weight");
    made.remove("mtp.lm_head.weight");
    return made;
  }

  private static float[] draw(List<Long> shape, SplittableRandom random) {
    float[] drawn = new float[count(shape)];
    boolean isNorm = shape.size() == 1;
    for (int i = 0; i < drawn.length; i++) {
      drawn[i] = (float) (isNorm ? 1 + random.nextGaussian() / 5 : random.nextGaussian() / 4);
    }
    return drawn;
  }

  private static int count(List<Long> shape) {
    return Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
  }

  void put(String name, List<Long> shape, float[] all) {
    shapes.put(name, shape);
    values.put(name, all);
  }

  /** Removes the layer's tensors with such a name. */
  void remove(String end) {
    values.keySet().removeIf(name -> isOfLayer(name) && name.endsWith(end));
  }

  private boolean isOfLayer(String name) {
    return name.startsWith(path());
  }

  /** Path of the layer's tensors. */
  String path() {
    return config.path("model_type").asText().startsWith("qwen")
        ? "mtp."
        : "model.layers." + config.path("num_hidden_layers").asInt() + ".";
  }

  /** Name of one of the layer's tensors, of which Qwen has other names. */
  String own(String name) {
    return path()
        + (path().equals("mtp.")
            ? Map.of(
                    "enorm.weight", "pre_fc_norm_embedding.weight",
                    "hnorm.weight", "pre_fc_norm_hidden.weight",
                    "eh_proj.weight", "fc.weight",
                    "shared_head.norm.weight", "norm.weight")
                .getOrDefault(name, "layers.0." + name)
            : name);
  }

  /**
   * Lets the model write each token after the one before, 39 before 0, whatever comes earlier, and
   * the layer guess so from the newest token, or from the hidden state of the one before it.
   */
  NextTokenFolder counting(boolean fromState) {
    boolean offset = path().equals("mtp.");
    values.forEach(
        (name, all) -> {
          if (name.matches(".*\\.(o_proj|out_proj|down_proj)\\.(weight|bias)")) {
            Arrays.fill(all, 0);
          } else if (shapes.get(name).equals(List.of((long) HIDDEN)) && name.contains("norm")) {
            Arrays.fill(all, offset ? 0 : 1);
          }
        });
    float[] tokens = values.get("model.embed_tokens.weight");
    float[] head = values.get("lm_head.weight");
    float[] projection = values.get(own("eh_proj.weight"));
    Arrays.fill(projection, 0);
    for (int i = 0; i < HIDDEN; i += 2) {
      // Each pair of columns turns by another angle, so that all tokens differ.
      double angle = 2 * Math.PI * (i / 2 + 1) / VOCABULARY;
      for (int token = 0; token < VOCABULARY; token++) {
        int row = token * HIDDEN + i;
        int after = (token + 1) % VOCABULARY * HIDDEN + i;
        tokens[row] = (float) Math.cos(token * angle);
        tokens[row + 1] = (float) Math.sin(token * angle);
        head[after] = 3 * tokens[row];
        head[after + 1] = 3 * tokens[row + 1];
      }
      int first = i * 2 * HIDDEN + i + (fromState ? HIDDEN : 0);
      double turn = fromState ? angle : 0;
      projection[first] = (float) Math.cos(turn);
      projection[first + 1] = (float) -Math.sin(turn);
      projection[first + 2 * HIDDEN] = (float) Math.sin(turn);
      projection[first + 2 * HIDDEN + 1] = (float) Math.cos(turn);
    }
    return this;
  }

  /** Writes the folder. */
  Path write(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), Json.indented(config));
    List<TensorData> tensors = new ArrayList<>();
    values.forEach((name, all) -> tensors.add(data(name, shapes.get(name), all)));
    SafetensorsWriter.create().writeModel(folder, tensors);
    return folder;
  }

  private static TensorData data(String name, List<Long> shape, float[] all) {
    return TensorData.of(
        name,
        StoredType.F32,
        shape,
        () -> {
          ByteBuffer bytes = ByteBuffer.allocate(4 * all.length).order(ByteOrder.LITTLE_ENDIAN);
          bytes.asFloatBuffer().put(all);
          return bytes;
        });
  }
}
