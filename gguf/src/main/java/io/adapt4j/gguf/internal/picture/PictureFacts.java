package io.adapt4j.gguf.internal.picture;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Configuration of a model that reads pictures. */
public record PictureFacts(ModelConfig model, ConfigReader vision, ConfigReader processor) {

  private static final String REMEDY =
      "llama.cpp reads pictures of this family in no other way; run this model here, or export its"
          + " text model alone (textOnly, --text-only).";

  /** Reads the configuration in a checkpoint folder. */
  public static PictureFacts read(Path folder, ModelConfig model) {
    Path file = folder.resolve("processor_config.json");
    Optional<ConfigReader> nested =
        Files.isRegularFile(file)
            ? ConfigReader.read(file).child("image_processor")
            : Optional.empty();
    return new PictureFacts(
        model,
        vision(model),
        nested.orElseGet(() -> ConfigReader.read(folder.resolve("preprocessor_config.json"))));
  }

  static ConfigReader vision(ModelConfig model) {
    return model.part("vision_config", model.modelType() + "_vision").fields();
  }

  /** Rejects a tower with another value than llama.cpp's in a field. */
  void requireText(String field, String usual, String expected) {
    requireText(vision, field, usual, expected);
  }

  void requireText(ConfigReader fields, String field, String usual, String expected) {
    if (!fields.optionalText(field).orElse(usual).equals(expected)) {
      throw fields.invalid(field, expected, REMEDY);
    }
  }

  void require(ConfigReader fields, String field, int usual, int expected) {
    if (fields.optionalNumber(field).orElse(usual) != expected) {
      throw fields.invalid(field, String.valueOf(expected), REMEDY);
    }
  }

  /** Rejects a processor with another value than llama.cpp's in a field. */
  void requireProcessor(String field, boolean usual, boolean expected) {
    if (processor.bool(field, usual) != expected) {
      throw processor.invalid(field, String.valueOf(expected), REMEDY);
    }
  }

  /** Returns the mean or standard deviation of each channel. */
  public float[] channels(String field) {
    float[] values = new float[processor.json().path(field).size()];
    if (values.length != 3) {
      throw processor.invalid(field, "a number for each of 3 channels", "Correct the file.");
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) processor.numberAt(field, i).orElseThrow();
    }
    return values;
  }
}
