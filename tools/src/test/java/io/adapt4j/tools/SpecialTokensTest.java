package io.adapt4j.tools;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models whose signs of calls are special tokens, which are otherwise no part of texts. */
class SpecialTokensTest {

  private static final Path STORIES = Path.of("../examples/models/stories260K");
  private static final List<ChatMessage> ASKED = List.of(ChatMessage.user("The time?"));

  /** Bytes that no story has. */
  private static final int TOOL_CALLS = 10;

  private static final int ARGS = 11;

  @TempDir private Path folder;

  private LanguageModel model() throws IOException {
    try (Stream<Path> files = Files.list(STORIES)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    Path file = folder.resolve("tokenizer.json");
    ObjectNode json = (ObjectNode) Json.parse(Files.readString(file));
    name(json, "<0x07>", TOOL_CALLS, "[TOOL_CALLS]");
    name(json, "<0x08>", ARGS, "[ARGS]");
    Files.writeString(file, Json.compact(json));
    LanguageModel model = LanguageModel.load(ModelSource.path(folder), Precision.FP32);
    model.useAnyChatTemplate(TestTools.template("mistral"));
    return model;
  }

  private static void name(ObjectNode json, String old, int id, String name) {
    ObjectNode vocabulary = (ObjectNode) json.at("/model/vocab");
    assertThat(vocabulary.path(old).asInt()).isEqualTo(id);
    vocabulary.remove(old);
    vocabulary.put(name, id);
    ((ArrayNode) json.path("added_tokens"))
        .addObject()
        .put("id", id)
        .put("content", name)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", true);
  }

  @Test
  void aCallBeginsWithTheTokenAndIsRead() throws IOException {
    try (LanguageModel model = model()) {
      GenerationOptions options =
          GenerationOptions.greedy().toBuilder().maxNewTokens(60).ignoreContextLength(true).build();
      ToolChat chat =
          ToolChat.of(model)
              .tools(TestTools.CLOCK)
              .choice(ToolChoice.required())
              .parallelToolCalls(false);
      ToolRequest request = chat.request(ASKED, options);
      assertThat(request.options().skipSpecialTokens()).isFalse();
      ToolAnswer answer = chat.answer(ASKED, options);
      assertThat(answer.generation().tokenIds()).startsWith(TOOL_CALLS).contains(ARGS);
      assertThat(answer.generation().text()).startsWith("[TOOL_CALLS]clock[ARGS]{");
      if (!answer.finishReason().isCut()) {
        assertThat(answer.calls()).extracting(ToolCall::name).containsExactly("clock");
      }
    }
  }

  @Test
  void leftToItselfTheModelCanWriteTheToken() throws IOException {
    try (LanguageModel model = model()) {
      ToolChat chat = ToolChat.of(model).tools(TestTools.CLOCK);
      GenerationOptions biased =
          GenerationOptions.greedy().toBuilder()
              .maxNewTokens(20)
              .ignoreContextLength(true)
              .logitBias(Map.of(TOOL_CALLS, 1000.0))
              .build();
      assertThat(chat.answer(ASKED, biased).generation().text()).startsWith("[TOOL_CALLS]clock");
    }
  }
}
