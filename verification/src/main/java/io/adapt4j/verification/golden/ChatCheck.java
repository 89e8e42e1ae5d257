package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.chat.RenderedChat;
import io.adapt4j.jinja.RenderOptions;
import io.adapt4j.jinja.Span;
import io.adapt4j.jinja.Template;
import io.adapt4j.jinja.TemplateException;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Report;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Renders conversations and compares the texts, the errors and the assistants' parts. */
final class ChatCheck {

  /** A folder with a template and conversations. */
  static final Kind KIND =
      new Kind(
          "chat templates",
          source -> source.has(GoldenSource.TEMPLATE),
          (source, section) -> run(source.path(), section));

  /** A file of one-line templates. */
  static final Kind FEATURES =
      new Kind(
          "Jinja features",
          source -> source.isFile() && source.json().at("/cases/0/template").isTextual(),
          (source, section) -> runFeatures(source.json(), section));

  private ChatCheck() {}

  private static void run(Path folder, Report.Section section) throws IOException {
    String source = Files.readString(folder.resolve(GoldenSource.TEMPLATE));
    JsonNode suite = GoldenFolder.json(folder, GoldenSource.CASES);
    for (JsonNode expected : suite.path("cases")) {
      String name = expected.path("name").asText();
      section.attempt(
          name,
          () -> {
            ChatTemplate template = ChatTemplate.of(source, Map.of());
            List<ChatMessage> messages =
                maps(expected.get("messages")).stream().map(ChatMessage::of).toList();
            ChatOptions options = options(suite, expected);
            check(expected, section, () -> template.render(messages, options));
            if (expected.has("assistant_spans")) {
              RenderedChat chat = template.renderWithSpans(messages, options);
              section.equal(
                  name + " spans",
                  expected.get("assistant_spans").toString(),
                  codePoints(chat.text(), chat.assistantSpans()));
            }
          });
    }
  }

  private static void runFeatures(JsonNode suite, Report.Section section) {
    Map<String, Object> variables = map(suite.get("variables"));
    RenderOptions options = RenderOptions.defaults().withClock(clock(suite));
    for (JsonNode expected : suite.path("cases")) {
      section.attempt(
          expected.path("name").asText(),
          () ->
              check(
                  expected,
                  section,
                  () ->
                      Template.parse(expected.get("template").asText())
                          .render(variables, options)
                          .text()));
    }
  }

  /** A rendering that returns a text or fails like a template. */
  private interface Rendering {
    String text();
  }

  private static void check(JsonNode expected, Report.Section section, Rendering rendering) {
    String name = expected.path("name").asText();
    try {
      String text = rendering.text();
      if (expected.has("error")) {
        section.failed(
            name, "expected the error '" + expected.get("error").asText() + "', found none");
      } else {
        section.equal(name, expected.get("rendered").asText(), text);
      }
    } catch (TemplateException e) {
      if (!expected.has("error")) {
        section.failed(name, e.getMessage());
      } else if (expected.path("error_type").asText().equals("TemplateError")) {
        section.equal(name, expected.get("error").asText(), e.raised().orElse("another error"));
      } else {
        section.equal(name, "an error", "an error");
      }
    }
  }

  private static ChatOptions options(JsonNode suite, JsonNode expected) {
    ChatOptions options =
        ChatOptions.defaults().withRenderOptions(RenderOptions.defaults().withClock(clock(suite)));
    Map<String, Object> variables = map(expected.get("variables"));
    if (Boolean.TRUE.equals(variables.remove("add_generation_prompt"))) {
      options = options.withGenerationPrompt();
    }
    if (Boolean.TRUE.equals(variables.remove("continue_final_message"))) {
      options = options.withContinuedFinalMessage();
    }
    if (expected.hasNonNull("tools")) {
      options = options.withTools(maps(expected.get("tools")));
    }
    if (expected.hasNonNull("documents")) {
      options = options.withDocuments(maps(expected.get("documents")));
    }
    for (Map.Entry<String, Object> variable : variables.entrySet()) {
      options = options.with(variable.getKey(), variable.getValue());
    }
    return options;
  }

  private static Clock clock(JsonNode suite) {
    LocalDateTime now = LocalDateTime.parse(suite.path("now").asText("2025-03-04T05:06:07"));
    return Clock.fixed(now.toInstant(ZoneOffset.UTC), ZoneOffset.UTC);
  }

  /** Converts spans to code points, as Python counts characters. */
  private static String codePoints(String text, List<Span> spans) {
    List<String> counted = new ArrayList<>();
    for (Span span : spans) {
      counted.add(
          "["
              + text.codePointCount(0, span.start())
              + ","
              + text.codePointCount(0, span.end())
              + "]");
    }
    return "[" + String.join(",", counted) + "]";
  }

  private static Map<String, Object> map(JsonNode object) {
    return object == null ? new LinkedHashMap<>() : new LinkedHashMap<>(plain(object, Map.class));
  }

  private static List<Map<String, Object>> maps(JsonNode array) {
    List<Map<String, Object>> maps = new ArrayList<>();
    array.forEach(object -> maps.add(map(object)));
    return maps;
  }

  @SuppressWarnings("unchecked") // JSON objects have text keys.
  private static Map<String, Object> plain(JsonNode object, Class<?> type) {
    ObjectReader reader = new ObjectMapper().readerFor(type);
    try {
      return (Map<String, Object>) reader.readValue(object);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
