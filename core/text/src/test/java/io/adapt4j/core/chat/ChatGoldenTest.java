package io.adapt4j.core.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.adapt4j.core.Golden;
import io.adapt4j.core.PlainJson;
import io.adapt4j.jinja.RenderOptions;
import io.adapt4j.jinja.Span;
import io.adapt4j.jinja.TemplateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;

/** Public chat templates, to the character what Transformers renders. */
class ChatGoldenTest {

  @Test
  void everyConversationRendersAsInTransformers() throws IOException {
    SoftAssertions softly = new SoftAssertions();
    for (Path folder : folders()) {
      Map<String, Object> suite = PlainJson.read(folder.resolve("cases.json"));
      String source = Files.readString(folder.resolve("template.jinja"));
      for (Map<String, Object> map : PlainJson.objects(suite.get("cases"))) {
        check(softly, folder.getFileName() + " " + map.get("name"), source, suite, map);
      }
    }
    softly.assertAll();
  }

  /** The public formats and what the library calls its own templates of them. */
  private static final Map<String, String> BUILT_IN =
      Map.of(
          "chatml", "chatml",
          "gemma", "gemma",
          "llama3", "llama3",
          "mistral_v1", "mistral",
          "phi3", "phi3",
          "qwen2_5", "qwen2_5",
          "zephyr", "zephyr");

  @Test
  void theTemplatesThatComeWithTheLibraryRenderAsThePublicOnes() throws IOException {
    SoftAssertions softly = new SoftAssertions();
    for (Map.Entry<String, String> format : BUILT_IN.entrySet()) {
      Map<String, Object> suite =
          PlainJson.read(Golden.folder("chat").resolve(format.getKey()).resolve("cases.json"));
      String source = ChatTemplate.named(format.getValue()).sources().get("default");
      for (Map<String, Object> map : PlainJson.objects(suite.get("cases"))) {
        check(softly, format.getKey() + " " + map.get("name"), source, suite, map);
      }
    }
    softly.assertAll();
  }

  private static List<Path> folders() throws IOException {
    try (Stream<Path> folders = Files.list(Golden.folder("chat"))) {
      List<Path> found = folders.filter(Files::isDirectory).sorted().toList();
      assertThat(found).isNotEmpty();
      return found;
    }
  }

  private static void check(
      SoftAssertions softly,
      String name,
      String source,
      Map<String, Object> suite,
      Map<String, Object> expected) {
    ChatTemplate template = ChatTemplate.of(source, Map.of());
    List<ChatMessage> messages =
        PlainJson.objects(expected.get("messages")).stream().map(ChatMessage::of).toList();
    ChatOptions options = options(suite, expected);
    if (expected.containsKey("error")) {
      TemplateException error =
          catchThrowableOfType(TemplateException.class, () -> template.render(messages, options));
      softly.assertThat(error).as(name).isNotNull();
      if (expected.get("error_type").equals("TemplateError") && error != null) {
        softly.assertThat(error.raised()).as(name).contains((String) expected.get("error"));
      }
      return;
    }
    softly
        .assertThat(template.render(messages, options))
        .as(name)
        .isEqualTo(expected.get("rendered"));
    if (expected.containsKey("assistant_spans")) {
      RenderedChat chat = template.renderWithSpans(messages, options);
      softly
          .assertThat(codePoints(chat).toString())
          .as(name)
          .isEqualTo(expected.get("assistant_spans").toString());
    }
  }

  private static ChatOptions options(Map<String, Object> suite, Map<String, Object> expected) {
    Clock clock =
        Clock.fixed(
            LocalDateTime.parse((String) suite.get("now")).toInstant(ZoneOffset.UTC),
            ZoneOffset.UTC);
    ChatOptions options =
        ChatOptions.defaults().withRenderOptions(RenderOptions.defaults().withClock(clock));
    Map<String, Object> variables =
        new LinkedHashMap<>(PlainJson.fields(expected.get("variables")));
    if (Boolean.TRUE.equals(variables.remove("add_generation_prompt"))) {
      options = options.withGenerationPrompt();
    }
    if (Boolean.TRUE.equals(variables.remove("continue_final_message"))) {
      options = options.withContinuedFinalMessage();
    }
    if (expected.get("tools") != null) {
      options = options.withTools(PlainJson.objects(expected.get("tools")));
    }
    for (Map.Entry<String, Object> variable : variables.entrySet()) {
      options = options.with(variable.getKey(), variable.getValue());
    }
    return options;
  }

  private static List<List<Integer>> codePoints(RenderedChat chat) {
    return chat.assistantSpans().stream().map(span -> codePoints(chat.text(), span)).toList();
  }

  private static List<Integer> codePoints(String text, Span span) {
    return List.of(text.codePointCount(0, span.start()), text.codePointCount(0, span.end()));
  }
}
