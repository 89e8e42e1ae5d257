package io.adapt4j.tools;

import static io.adapt4j.core.Words.split;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.chat.RenderedChat;
import io.adapt4j.core.internal.chat.ToolTemplate;
import io.adapt4j.jinja.Span;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What holds of all calls and all texts. */
class ToolFormatPropertiesTest {

  private static final List<String> ENDS =
      List.of(
          "<|im_end|>",
          "<|eot_id|>",
          "<end_of_turn>",
          "</s>",
          "<｜end▁of▁sentence｜>",
          "<|END_OF_TURN_TOKEN|>",
          "[e~[",
          "<turn|>",
          "<|eot|>");

  /** Formats of which an answer with calls has text too. */
  private static final List<ToolFormat> SPEAKING =
      List.of(
          ToolFormat.HERMES,
          ToolFormat.QWEN_XML,
          ToolFormat.GLM,
          ToolFormat.DEEPSEEK,
          ToolFormat.KIMI,
          ToolFormat.MINIMAX,
          ToolFormat.GEMMA);

  /** Formats with one call in an answer. */
  private static final List<ToolFormat> SINGLE = List.of(ToolFormat.LLAMA, ToolFormat.HARMONY);

  /** Rendered by the template of a family and read again, calls are the same. */
  @Property(tries = 800)
  void aRenderedCallIsReadAgain(
      @ForAll("templates") String name,
      @ForAll("calls") List<Map<String, Object>> arguments,
      @ForAll("words") String said) {
    ChatTemplate template = TestTools.template(name);
    ChatOptions options =
        ChatOptions.defaults().withTools(TestTools.ALL.stream().map(Tool::definition).toList());
    // LFM2's template does not escape the quotation marks of a text.
    Assume.that(
        !name.equals("lfm2")
            || arguments.toString().chars().noneMatch(c -> c == '\'' || c == '\\'));
    ToolTemplate form = ToolTemplate.of(template, options);
    ToolFormat format = ToolFormat.of(template);
    List<Map<String, Object>> called =
        SINGLE.contains(format) ? arguments.subList(0, 1) : arguments;
    boolean speaks = SPEAKING.contains(format);
    List<Map<String, Object>> calls = new ArrayList<>();
    for (Map<String, Object> each : called) {
      calls.add(
          new ToolCall("any", each.isEmpty() ? "clock" : "get_weather", json(each)).definition());
    }
    List<ChatMessage> talk =
        List.of(
            ChatMessage.user("Hi"),
            ChatMessage.assistant(speaks ? said : "").with("tool_calls", calls));
    RenderedChat chat =
        template.renderWithSpans(form.messages(talk, options), form.options(options));
    Span span = chat.assistantSpans().get(0);
    String written = chat.text().substring(span.start(), span.end());
    for (String end : ENDS) {
      written = written.replace(end, "");
    }
    ToolParser parser = ToolParser.of(format, TestTools.ALL, false, event -> {});
    parser.accept(written);
    ParsedAnswer answer = parser.finish();
    assertThat(answer.calls().stream().map(ToolCall::argumentsMap).toList())
        .as(written)
        .isEqualTo(called);
    assertThat(answer.text()).isEqualTo(speaks ? said : "");
  }

  private static String json(Map<String, Object> arguments) {
    return io.adapt4j.core.internal.PlainJson.object(arguments).toString();
  }

  /** However an answer is cut into pieces, and whatever it is, it is read as the same. */
  @Property(tries = 2000)
  void anyTextIsReadTheSameHoweverItComes(
      @ForAll ToolFormat format, @ForAll("texts") String text, @ForAll boolean thinking) {
    Heard whole = new Heard();
    ToolParser parser = ToolParser.of(format, TestTools.ALL, thinking, whole);
    parser.accept(text);
    ParsedAnswer answer = parser.finish();
    assertThat(whole.summary()).isEqualTo(Heard.summary(answer));
    assertThat(answer.calls())
        .allSatisfy(call -> assertThat(call.name()).isIn("clock", "get_weather"))
        .allSatisfy(call -> assertThat(call.argumentsMap()).isNotNull());
    Heard pieces = new Heard();
    ToolParser streamed = ToolParser.of(format, TestTools.ALL, thinking, pieces);
    IntStream.range(0, text.length()).forEach(i -> streamed.accept(text.substring(i, i + 1)));
    assertThat(Heard.summary(streamed.finish())).isEqualTo(Heard.summary(answer));
    assertThat(pieces.summary()).isEqualTo(whole.summary());
    boolean hides =
        format == ToolFormat.HARMONY
            || format == ToolFormat.COMMAND_R
            || text.contains(Thoughts.of(format).open());
    if (answer.calls().isEmpty() && !thinking && !hides) {
      assertThat(answer.text()).isEqualTo(text);
    }
  }

  @Provide
  Arbitrary<String> templates() {
    return Arbitraries.of(TestTools.TEMPLATES);
  }

  @Provide
  Arbitrary<String> words() {
    return Arbitraries.strings().withChars("abc .,!").ofMaxLength(20).map(String::strip);
  }

  @Provide
  Arbitrary<List<Map<String, Object>>> calls() {
    Arbitrary<String> texts =
        Arbitraries.strings()
            .withChars("aé\"\\{}[]<>/:,\n\t 'ß語0")
            .ofMaxLength(12)
            .filter(text -> !text.contains("</parameter>") && !text.contains("</arg_value>"));
    Arbitrary<Map<String, Object>> weather =
        Combinators.combine(
                texts,
                Arbitraries.longs(),
                Arbitraries.of(true, false),
                Arbitraries.longs().between(-5, 5).list().ofMaxSize(3),
                texts)
            .as(
                (city, days, metric, hours, name) -> {
                  Map<String, Object> arguments = new LinkedHashMap<>();
                  arguments.put("city", city);
                  arguments.put("days", days);
                  arguments.put("metric", metric);
                  arguments.put("hours", hours);
                  arguments.put("place", Map.of("name", name));
                  return arguments;
                });
    return Arbitraries.oneOf(weather, weather, Arbitraries.just(Map.<String, Object>of()))
        .list()
        .ofMinSize(1)
        .ofMaxSize(3);
  }

  /** Parts of calls, whole and in pieces, mixed with anything. */
  @Provide
  Arbitrary<String> texts() {
    Arbitrary<String> parts =
        Arbitraries.of(
            split(
                "~",
                "<tool_call>~</tool_call>~<think>~</think>~<function=clock>~<function=",
                "<parameter=a>~</parameter>~</function>~<arg_key>~</arg_key>~<arg_value>",
                "<｜tool▁calls▁begin｜>~<｜tool▁call▁begin｜>~<｜tool▁sep｜>~<｜tool▁call▁end｜>",
                "<｜tool▁calls▁end｜>~<|tool_calls_section_begin|>~<|tool_call_begin|>",
                "<|tool_call_argument_begin|>~<|tool_call_end|>~functions.clock:0~```json",
                "<|START_ACTION|>~<|END_ACTION|>~<|START_RESPONSE|>~<minimax:tool_call>",
                "<invoke name=\"clock\">~<parameter name=\"a\">~</invoke>~</minimax:tool_call>",
                "<|tool_call_start|>~<|tool_call_end|>~clock(~)~a=~[clock()]~'~call:clock{",
                "<|tool_call>~<tool_call|>~<|\"|>~<start_function_call>~<end_function_call>~<escape>",
                "<|start|>~<|channel|>~<|message|>~<|call|>~<|end|>~analysis~final~commentary",
                " to=functions.clock~ to=functions.no~<|constrain|>json",
                "</arg_value>~[TOOL_CALLS]~[ARGS]~[CALL_ID]~<|python_tag|>~clock",
                "{\"name\": \"clock\", \"arguments\": {}}",
                "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Rome\"}}",
                "{\"name\": \"clock\", \"arguments\": ",
                "{\"a\": [1, true, null, -0.5e3, \"\\u00e9\"]}~{~}~[~]~,~;~\"~\\~\n~ ~<~</~text"));
    return Arbitraries.oneOf(parts, parts, parts, parts, Arbitraries.strings().all().ofMaxLength(5))
        .list()
        .ofMaxSize(14)
        .map(list -> String.join("", list));
  }
}
