package io.adapt4j.core.tokenize;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.config.ConfigReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Finds a model's chat template: a file of its own, or a field of the tokenizer configuration. */
final class ChatTemplateSource {

  private ChatTemplateSource() {}

  static Optional<String> read(Path folder) {
    Path file = folder.resolve("chat_template.jinja");
    if (Files.isRegularFile(file)) {
      try {
        return Optional.of(Files.readString(file));
      } catch (IOException e) {
        throw new TokenizerException(
            file + ": reading failed: " + e + ". Check that it is a readable UTF-8 file.", e);
      }
    }
    Path config = folder.resolve("tokenizer_config.json");
    return Files.isRegularFile(config) ? fromConfig(ConfigReader.read(config)) : Optional.empty();
  }

  private static Optional<String> fromConfig(ConfigReader config) {
    JsonNode value = config.json().path("chat_template");
    if (!value.isArray()) {
      return config.optionalText("chat_template");
    }
    for (JsonNode named : value) {
      if (named.path("name").asText("").equals("default")) {
        return Optional.of(named.path("template").asText());
      }
    }
    return Optional.empty();
  }
}
