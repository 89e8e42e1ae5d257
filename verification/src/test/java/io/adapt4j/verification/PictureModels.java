package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.Targets;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/** Small models that read pictures, changed and adapted for tests of their files. */
final class PictureModels {

  /** A small idefics3 among the resources of the module that reads pictures. */
  static final Path IDEFICS =
      Path.of("..", "vision", "src", "test", "resources", "models", "idefics3");

  /** Tensors of GLM-OCR in place of the MLP of each text layer of {@link #IDEFICS}, and beside. */
  static final Map<String, List<Long>> GLM_LAYERS =
      Map.of(
          "mlp.gate_up_proj.weight",
          List.of(192L, 48L),
          "mlp.down_proj.weight",
          List.of(48L, 96L),
          "post_self_attn_layernorm.weight",
          List.of(48L),
          "post_mlp_layernorm.weight",
          List.of(48L));

  private PictureModels() {}

  /** Change of all matches in those of a model's files whose name matches. */
  record Edit(String file, String expression, String replacement) {}

  /** Copies a model's files, and changes some. */
  static Path copy(Path model, Path target, List<Edit> edits) throws IOException {
    Files.createDirectories(target);
    try (Stream<Path> files = Files.list(model)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, target.resolve(file.getFileName()));
      }
    }
    for (Edit edit : edits) {
      int found = 0;
      try (Stream<Path> files = Files.list(target)) {
        for (Path file :
            files.filter(own -> own.getFileName().toString().matches(edit.file())).toList()) {
          String text = Files.readString(file);
          String changed = text.replaceAll(edit.expression(), edit.replacement());
          found += changed.equals(text) ? 0 : 1;
          Files.writeString(file, changed);
        }
      }
      assertThat(found).as(edit.toString()).isPositive();
    }
    return target;
  }

  /**
   * Gives a model another image tower, of random values in the shapes of a tower that the module
   * which reads pictures has for its own tests.
   */
  static void replaceTower(Path model, String tower, String former, String text)
      throws IOException {
    Path other = Path.of("..", "vision", "src", "test", "resources", "towers", tower);
    ObjectNode config = (ObjectNode) Json.parse(Files.readString(model.resolve("config.json")));
    JsonNode theirs = Json.parse(Files.readString(other.resolve("config.json")));
    long width = config.path("text_config").path("hidden_size").asLong();
    long formerWidth = theirs.path("text_config").path("hidden_size").asLong();
    theirs.properties().stream()
        .filter(field -> !field.getKey().equals("text_config"))
        .forEach(field -> config.set(field.getKey(), field.getValue()));
    for (String field : List.of("hidden_size", "out_hidden_size")) {
      if (config.path("vision_config") instanceof ObjectNode vision
          && vision.path(field).asLong() == formerWidth) {
        vision.put(field, width);
      }
    }
    Files.writeString(model.resolve("config.json"), Json.compact(config));
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    try (Checkpoint found = Checkpoint.open(other)) {
      for (String name : found.names()) {
        shapes.put(
            name,
            found.entry(name).shape().stream()
                .map(size -> size % formerWidth == 0 ? size / formerWidth * width : size)
                .toList());
      }
    }
    replace(model, former, text, shapes);
  }

  /** Replaces the MLP of each text layer, and adds to the layer, by random tensors. */
  static void changeLayers(Path model, int layers, Map<String, List<Long>> each)
      throws IOException {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    for (int layer = 0; layer < layers; layer++) {
      String path = "model.language_model.layers." + layer + ".";
      new TreeMap<>(each).forEach((name, shape) -> shapes.put(path + name, shape));
    }
    replace(model, ".*language_model.*\\.mlp\\..*", "model.language_model.", shapes);
  }

  /** Replaces tensors of a model by random ones. */
  private static void replace(
      Path model, String former, String text, Map<String, List<Long>> shapes) throws IOException {
    List<TensorData> tensors = new ArrayList<>();
    try (Checkpoint stored = Checkpoint.open(model)) {
      for (String name : stored.names()) {
        if (!name.matches(former)) {
          TensorEntry entry = stored.entry(name);
          ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(entry.elements() * 4));
          stored.read(name, 0, bytes);
          String own = name.replace(text, "model.language_model.");
          tensors.add(TensorData.of(own, entry.type(), entry.shape(), bytes::rewind));
        }
      }
    }
    SplittableRandom random = new SplittableRandom(7);
    shapes.forEach(
        (name, shape) -> {
          int count = Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
          ByteBuffer bytes = ByteBuffer.allocate(count * 4).order(ByteOrder.LITTLE_ENDIAN);
          float mean = shape.size() == 1 && name.endsWith("weight") ? 1 : 0;
          while (bytes.hasRemaining()) {
            bytes.putFloat((float) (mean + random.nextDouble(-0.4, 0.4)));
          }
          tensors.add(TensorData.of(name, StoredType.F32, shape, bytes::rewind));
        });
    SafetensorsWriter.create().writeFile(model.resolve(Checkpoint.SINGLE_FILE), tensors);
  }

  /** Writes a picture of noise, or of one color. */
  static Path picture(Path file, int width, int height, boolean isNoise, long seed)
      throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    SplittableRandom random = new SplittableRandom(seed);
    int color = new SplittableRandom(seed).nextInt(1 << 24);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, isNoise ? random.nextInt(1 << 24) : color);
      }
    }
    ImageIO.write(image, "png", file.toFile());
    return file;
  }

  /** Trains an adapter of an idefics3's tower and text model, with the projector in full. */
  static Adapter adapter(Path model, Path picture, Path folder) throws IOException {
    Path rows = folder.resolve("rows.jsonl");
    Files.writeString(
        rows,
        "{\"messages\":[{\"role\":\"user\",\"content\":\"<image>What?\"},{\"role\":\"assistant\","
            + "\"content\":\"a photo\"}],\"images\":[\"%s\"]}%n"
                .formatted(picture.toAbsolutePath()));
    return LoraAdapter.at(
        FineTuner.builder()
            .model(ModelSource.path(model))
            .dataset(Datasets.jsonl(rows))
            .method(
                Lora.rank(2)
                    .targets(Targets.regex(".*vision_model.*(v_proj|fc.)|.*text_model.*q_proj"))
                    .modulesToSave("modality_projection"))
            .precision(Precision.FP32)
            .epochs(4)
            .learningRate(2e-2)
            .output(folder.resolve("run"))
            .build()
            .run()
            .last());
  }
}
