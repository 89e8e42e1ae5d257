package io.adapt4j.tools;

import static io.adapt4j.core.Words.words;

import io.adapt4j.core.chat.ChatTemplate;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

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
          words(
              "qwen2_5 qwen3 llama3_2 qwen_xml glm mistral_list mistral mistral_ids chatml",
              "gemma deepseek_v3 deepseek_v31 kimi command_r minimax lfm2 llama4 gemma4",
              "function_gemma gpt_oss"));

  private TestTools() {}

  /** A template of these tests, one that comes with the library, or a golden one. */
  static ChatTemplate template(String name) {
    Map<String, String> tokens = Map.of("bos_token", "<s>", "eos_token", "</s>");
    try (InputStream own = TestTools.class.getResourceAsStream(name + ".jinja")) {
      if (own != null) {
        return ChatTemplate.of(new String(own.readAllBytes(), StandardCharsets.UTF_8), tokens);
      }
      if (ChatTemplate.builtInNames().contains(name)) {
        return ChatTemplate.of(ChatTemplate.named(name).sources().get("default"), tokens);
      }
      return ChatTemplate.of(Files.readString(golden(name)), tokens);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path golden(String name) {
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path found = at.resolve("shared/golden/chat").resolve(name).resolve("template.jinja");
      if (Files.exists(found)) {
        return found;
      }
    }
    return Assumptions.abort("no golden template " + name + " beside the repository");
  }
}
