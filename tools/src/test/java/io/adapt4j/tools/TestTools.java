package io.adapt4j.tools;

import io.adapt4j.core.chat.ChatTemplate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Tools and templates of these tests. */
final class TestTools {

  static final Tool WEATHER =
      Tool.of(
          "get_weather",
          "The weather in a city.",
          Map.of(
              "type",
              "object",
              "properties",
              Map.of(
                  "city",
                  Map.of("type", "string"),
                  "days",
                  Map.of("type", "integer"),
                  "metric",
                  Map.of("type", "boolean"),
                  "hours",
                  Map.of("type", "array", "items", Map.of("type", "integer")),
                  "place",
                  Map.of("type", "object")),
              "required",
              List.of("city")));

  static final Tool CLOCK = Tool.of("clock", "The time.", Map.of());

  static final List<Tool> ALL = List.of(WEATHER, CLOCK);

  /** Families whose templates write tools, and one whose template has none. */
  static final List<String> TEMPLATES =
      List.of(
          "qwen2_5",
          "qwen3",
          "llama3_2",
          "qwen_xml",
          "mistral_list",
          "mistral",
          "mistral_ids",
          "chatml",
          "gemma");

  private TestTools() {}

  static ChatTemplate template(String name) {
    Map<String, String> tokens = Map.of("bos_token", "<s>", "eos_token", "</s>");
    try {
      Path golden = Path.of("../../shared/golden/chat", name, "template.jinja");
      if (Files.exists(golden)) {
        return ChatTemplate.of(Files.readString(golden), tokens);
      }
      try (var own = TestTools.class.getResourceAsStream(name + ".jinja")) {
        byte[] source = Objects.requireNonNull(own, name).readAllBytes();
        return ChatTemplate.of(new String(source, StandardCharsets.UTF_8), tokens);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
