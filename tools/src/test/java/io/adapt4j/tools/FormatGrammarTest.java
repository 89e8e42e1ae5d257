package io.adapt4j.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.OutputConstraint;
import io.adapt4j.core.internal.chat.ToolTemplate;
import io.adapt4j.core.tokenize.TokenBytes;
import io.adapt4j.tools.ParsedAnswer.UnparsedCall;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts written at random under the constraint of a format are calls that fulfill the schema. */
class FormatGrammarTest {

  private static final Tool BOOK = Tool.of("book", "Books.", schema());
  private static final List<Tool> TOOLS = List.of(BOOK, TestTools.CLOCK);

  private static Map<String, Object> schema() {
    Map<String, Object> seat = new LinkedHashMap<>();
    seat.put("row", Map.of("type", "integer", "minimum", 1, "maximum", 30));
    seat.put("window", Map.of("type", "boolean"));
    Map<String, Object> properties = new LinkedHashMap<>();
    properties.put("nonstop", Map.of("type", "boolean"));
    properties.put("city", Map.of("type", "string", "enum", List.of("Rome", "L'Aquila")));
    properties.put(
        "seat",
        Map.of(
            "type",
            "object",
            "properties",
            seat,
            "required",
            List.of("row"),
            "additionalProperties",
            false));
    properties.put(
        "days",
        Map.of("type", "array", "items", Map.of("type", "integer", "maximum", 7, "minimum", 1)));
    return Map.of("type", "object", "properties", properties, "required", List.of("city", "seat"));
  }

  private static AnswerForm form(String name) {
    ChatTemplate template = TestTools.template(name);
    ChatOptions options =
        ChatOptions.defaults().withTools(TOOLS.stream().map(Tool::definition).toList());
    ToolTemplate form = ToolTemplate.of(template, options);
    return new AnswerForm(ToolFormat.of(form.syntax()), form.named(), false, false);
  }

  private static TokenBytes bytes() {
    List<byte[]> all = new ArrayList<>();
    for (int i = 0; i < 256; i++) {
      all.add(new byte[] {(byte) i});
    }
    return TokenBytes.of(all);
  }

  /** Writes a text, after a given beginning, of visible characters. */
  private static String write(OutputConstraint constraint, String beginning, Random random) {
    ConstraintState state = constraint.begin(bytes(), true);
    StringBuilder text = new StringBuilder(beginning);
    for (byte each : beginning.getBytes(StandardCharsets.UTF_8)) {
      assertThat(state.allowed().contains(each & 0xff)).as(text.toString()).isTrue();
      state.accept(each & 0xff);
    }
    ByteArrayOutputStream more = new ByteArrayOutputStream();
    while (more.size() < 20_000 && !(state.mayEnd() && random.nextBoolean())) {
      List<Integer> next = new ArrayList<>();
      for (int i = 0; i < 256; i++) {
        if (state.allowed().contains(i)) {
          next.add(i);
        }
      }
      if (next.isEmpty()) {
        break;
      }
      int chosen = next.get(random.nextInt(next.size()));
      more.write(chosen);
      state.accept(chosen);
    }
    assertThat(state.mayEnd()).as(more.toString(StandardCharsets.UTF_8)).isTrue();
    return text.append(more.toString(StandardCharsets.UTF_8)).toString();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "qwen2_5",
        "llama3_2",
        "qwen_xml",
        "glm",
        "mistral_list",
        "mistral",
        "deepseek_v3",
        "deepseek_v31",
        "kimi",
        "command_r",
        "minimax",
        "lfm2",
        "llama4",
        "gemma4",
        "function_gemma",
        "gpt_oss"
      })
  void whatTheConstraintAllowsIsReadAsCallsThatFitTheSchema(String name) {
    AnswerForm form = form(name);
    OutputConstraint constraint = new ToolGrammar(form, TOOLS, true).calls();
    boolean harmony = form.format() == ToolFormat.HARMONY;
    for (int seed = 0; seed < 20; seed++) {
      String beginning = harmony ? "<|channel|>commentary to=" : "";
      String text = write(constraint, beginning, new Random(seed));
      ToolParser parser = ToolParser.of(form.format(), TOOLS, false, event -> {});
      parser.accept(text);
      ParsedAnswer answer = parser.finish();
      assertThat(answer.calls()).as(text).isNotEmpty();
      assertThat(answer.text()).as(text).isEmpty();
      answer.calls().forEach(call -> assertFits(call, text));
    }
  }

  private static void assertFits(ToolCall call, String text) {
    Map<String, Object> arguments = call.argumentsMap();
    if (call.name().equals("clock")) {
      assertThat(arguments).isEmpty();
      return;
    }
    assertThat(arguments.keySet()).as(text).contains("city", "seat");
    assertThat(arguments.get("city")).isIn("Rome", "L'Aquila");
    assertThat(((Map<?, ?>) arguments.get("seat")).get("row")).isInstanceOf(Long.class);
    if (arguments.containsKey("nonstop")) {
      assertThat(arguments.get("nonstop")).isInstanceOf(Boolean.class);
    }
    if (arguments.containsKey("days")) {
      assertThat((List<?>) arguments.get("days")).allMatch(Long.class::isInstance);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gemma4", "minimax"})
  void aKeywordThatTheNotationCannotEnsureIsRefused(String name) {
    Tool strict =
        Tool.of(
            "find",
            "Finds.",
            Map.of(
                "type",
                "object",
                "properties",
                Map.of("code", Map.of("type", "string", "pattern", "[a-z]+"))));
    ToolGrammar grammar = new ToolGrammar(form(name), List.of(strict), true);
    assertThatThrownBy(grammar::calls)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("find")
        .hasMessageContaining("pattern");
  }

  @Test
  void gptOssThinksAndSpeaksInChannels() {
    ToolParser parser = ToolParser.of(ToolFormat.HARMONY, TOOLS, false, event -> {});
    parser.accept(
        "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary<|message|>"
            + "Let me look.<|end|><|start|>assistant<|channel|>commentary to=functions.clock"
            + " <|constrain|>json<|message|>{}<|call|>");
    ParsedAnswer answer = parser.finish();
    assertThat(answer.thinking()).isEqualTo("Hm.");
    assertThat(answer.text()).isEqualTo("Let me look.");
    assertThat(answer.calls()).extracting(ToolCall::name).containsExactly("clock");
  }

  @ParameterizedTest
  @ValueSource(strings = {"clock to=functions.", "  Hello <b>there</b>.", "to be", "<|start|>"})
  void gptOssWithoutChannelsIsText(String text) {
    ToolParser parser = ToolParser.of(ToolFormat.HARMONY, TOOLS, false, event -> {});
    parser.accept(text);
    assertThat(parser.finish().text()).isEqualTo(text);
  }

  @Test
  void gptOssGetsCallsOneByOneWithTheirResults() {
    ChatTemplate template = TestTools.template("gpt_oss");
    ToolTemplate form = ToolTemplate.of(template, ChatOptions.defaults());
    ToolCall first = new ToolCall("a", "clock", "{}");
    ToolCall second = new ToolCall("b", "book", "{\"city\": \"Rome\"}");
    List<ChatMessage> talk =
        List.of(
            ChatMessage.user("Hi"),
            ChatMessage.assistant("Wait.")
                .with("reasoning_content", "Hm.")
                .with("tool_calls", List.of(first.definition(), second.definition())),
            second.result("done"),
            first.result("noon"));
    assertThat(template.render(form.messages(talk, ChatOptions.defaults()), ChatOptions.defaults()))
        .endsWith(
            "<|start|>assistant<|channel|>analysis<|message|>Hm.\nWait.<|end|>"
                + "<|start|>assistant to=functions.clock<|channel|>commentary json<|message|>{}<|call|>"
                + "<|start|>functions.clock to=assistant<|channel|>commentary<|message|>\"noon\"<|end|>"
                + "<|start|>assistant to=functions.book<|channel|>commentary json<|message|>"
                + "{\"city\": \"Rome\"}<|call|>"
                + "<|start|>functions.book to=assistant<|channel|>commentary<|message|>\"done\"<|end|>");
  }

  @Test
  void whyATextIsNoCallIsTold() {
    assertThat(reason("<tool_call>{\"name\": \"clock\", \"arguments\": {\"a\": 1"))
        .isEqualTo(UnparsedCall.Reason.CUT_OFF);
    assertThat(reason("<tool_call>{\"name\": \"no\", \"arguments\": {}}</tool_call>"))
        .isEqualTo(UnparsedCall.Reason.UNKNOWN_TOOL);
    assertThat(reason("<tool_call>{\"name\": \"clock\", \"arguments\": {\"a\": oops}}</tool_call>"))
        .isEqualTo(UnparsedCall.Reason.INVALID_ARGUMENTS);
    assertThat(reason("<tool_call>clock()</tool_call>"))
        .isEqualTo(UnparsedCall.Reason.INVALID_SYNTAX);
  }

  private static UnparsedCall.Reason reason(String text) {
    ToolParser parser = ToolParser.of(ToolFormat.HERMES, TOOLS, false, event -> {});
    parser.accept(text);
    ParsedAnswer answer = parser.finish();
    assertThat(answer.text()).isEqualTo(text);
    assertThat(answer.unparsed()).hasSize(1);
    return answer.unparsed().get(0).reason();
  }
}
