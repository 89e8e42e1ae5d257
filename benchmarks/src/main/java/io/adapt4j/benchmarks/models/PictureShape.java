package io.adapt4j.benchmarks.models;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.vision.internal.tower.PictureTower;
import io.adapt4j.vision.internal.tower.Towers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A vision language model with the shape of SmolVLM-256M and random weights. */
public final class PictureShape {

  private static final String PATCHES = "patch_embedding.weight";

  private static final String CONFIG =
      """
      {
        "architectures": ["Idefics3ForConditionalGeneration"],
        "model_type": "idefics3",
        "dtype": "bfloat16",
        "image_token_id": 412,
        "pad_token_id": 1,
        "scale_factor": 4,
        "tie_word_embeddings": false,
        "text_config": {
          "model_type": "llama",
          "hidden_size": 576,
          "num_hidden_layers": 30,
          "num_attention_heads": 9,
          "num_key_value_heads": 3,
          "head_dim": 64,
          "intermediate_size": 1536,
          "vocab_size": 49280,
          "max_position_embeddings": 8192,
          "rope_theta": 100000,
          "rms_norm_eps": 1e-5,
          "hidden_act": "silu",
          "bos_token_id": 0,
          "eos_token_id": 0,
          "pad_token_id": 1
        },
        "vision_config": {
          "model_type": "idefics3_vision",
          "hidden_size": 768,
          "intermediate_size": 3072,
          "num_hidden_layers": 12,
          "num_attention_heads": 12,
          "image_size": 512,
          "patch_size": 16,
          "num_channels": 3,
          "hidden_act": "gelu_pytorch_tanh",
          "layer_norm_eps": 1e-6
        }
      }
      """;

  private PictureShape() {}

  /**
   * Writes the model.
   *
   * @param base folder of a small model of the family, for the tokenizer and the chat template
   */
  public static void write(Path folder, Path base) throws IOException {
    ModelConfig config = ModelConfig.parse(folder.resolve(ModelConfig.FILE), CONFIG);
    RandomCheckpoint.write(config, folder, base, tower(config));
    JsonMapper json = new JsonMapper();
    for (Path name :
        List.of(Path.of("preprocessor_config.json"), Path.of("processor_config.json"))) {
      ObjectNode options = (ObjectNode) json.readTree(base.resolve(name).toFile());
      if (options.has("size")) {
        options.putObject("size").put("longest_edge", 1024);
        options.putObject("max_image_size").put("longest_edge", 512);
      } else {
        options.put("image_seq_len", 64);
      }
      Files.writeString(folder.resolve(name), json.writeValueAsString(options));
    }
  }

  private static Map<String, List<Long>> tower(ModelConfig config) {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    try (PictureTower tower = Towers.declare(config)) {
      for (Parameter parameter : tower.weights().parameters()) {
        for (Parameter.Slice slice : parameter.slices()) {
          List<Long> sizes = Arrays.stream(parameter.sizes(slice)).boxed().toList();
          shapes.put(
              slice.name(),
              slice.name().endsWith(PATCHES) ? List.of(sizes.get(0), 3L, 16L, 16L) : sizes);
        }
      }
    }
    return shapes;
  }
}
