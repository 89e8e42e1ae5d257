package io.adapt4j.core.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The special tokens that a Transformers tokenizer passes to its chat template. */
final class SpecialTokenTexts {

  private static final List<String> NAMES =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");
  private static final String ADDITIONAL = "additional_special_tokens";
  private static final String NAMED = "extra_special_tokens";

  private SpecialTokenTexts() {}

  static Map<String, Object> read(Path folder) {
    ConfigReader config = readOrEmpty(folder.resolve("tokenizer_config.json"));
    ConfigReader map = readOrEmpty(folder.resolve("special_tokens_map.json"));
    Map<String, Object> tokens = new LinkedHashMap<>();
    for (String name : NAMES) {
      ConfigReader source = source(name, config, map);
      if (source.has(name)) {
        tokens.put(name, text(source, name, source.json().get(name)));
      }
    }
    ConfigReader source = source(ADDITIONAL, config, map);
    if (source.json().path(ADDITIONAL).isArray()) {
      List<String> additional = new ArrayList<>();
      source
          .json()
          .get(ADDITIONAL)
          .forEach(token -> additional.add(text(source, ADDITIONAL, token)));
      tokens.put(ADDITIONAL, additional);
    }
    if (config.json().path(NAMED) instanceof ObjectNode named) {
      named
          .fieldNames()
          .forEachRemaining(name -> tokens.put(name, text(config, NAMED, named.get(name))));
    }
    return tokens;
  }

  private static ConfigReader source(String name, ConfigReader config, ConfigReader map) {
    return config.json().has(name) ? config : map;
  }

  private static ConfigReader readOrEmpty(Path file) {
    return Files.isRegularFile(file) ? ConfigReader.read(file) : ConfigReader.parse(file, "{}");
  }

  private static String text(ConfigReader source, String field, JsonNode value) {
    JsonNode content = value.isObject() ? value.path("content") : value;
    if (!content.isTextual()) {
      throw source.invalid(field, "a text or an object with a text 'content'", "Correct it.");
    }
    return content.textValue();
  }
}
