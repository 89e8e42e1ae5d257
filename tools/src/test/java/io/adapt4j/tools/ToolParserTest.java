package io.adapt4j.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is read out of an answer's text. */
class ToolParserTest {

  private final Heard heard = new Heard();

  private ParsedAnswer parse(ToolFormat format, String text) {
    ToolParser parser = ToolParser.of(format, TestTools.ALL, false, heard);
    parser.accept(text);
    ParsedAnswer answer = parser.finish();
    assertThat(heard.summary()).isEqualTo(Heard.summary(answer));
    return answer;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "HERMES|`<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Rome\"}}\n</tool_call>`",
        "HERMES|`<tool_call>{\"arguments\": {\"city\": \"Rome\"}, \"name\": \"get_weather\"}</tool_call>`",
        "HERMES|`<tool_call>{\"name\": \"get_weather\", \"arguments\": \"{\\\"city\\\": \\\"Rome\\\"}\"}</tool_call>`",
        // The end is missing: the call is complete without it.
        "HERMES|`<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Rome\"}}`",
        "HERMES|`<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Rome\"}\n</tool_call>`",
        "QWEN_XML|`<tool_call>\n<function=get_weather>\n<parameter=city>\nRome\n</parameter>\n</function>\n</tool_call>`",
        "QWEN_XML|`<function=get_weather><parameter=city>Rome</parameter></function>`",
        "GLM|`<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Rome</arg_value>\n</tool_call>`",
        "GLM|`<tool_call>get_weather<arg_key>city</arg_key><arg_value>Rome</arg_value></tool_call>`",
        "LLAMA|`{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Rome\"}}`",
        "LLAMA|`<|python_tag|>{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Rome\"}}`",
        "LLAMA|`\n\n{\"type\": \"function\", \"name\": \"get_weather\", \"parameters\": {\"city\": \"Rome\"}}`",
        "MISTRAL_LIST|`[TOOL_CALLS] [{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Rome\"}, \"id\": \"abcdefghi\"}]`",
        "MISTRAL_LIST|`[TOOL_CALLS][{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Rome\"}}]`",
        "MISTRAL|`[TOOL_CALLS]get_weather[ARGS]{\"city\": \"Rome\"}`",
        "MISTRAL|`[TOOL_CALLS]get_weather[CALL_ID]abcdefghi[ARGS]{\"city\": \"Rome\"}`",
        "MISTRAL|`[TOOL_CALLS]get_weather{\"city\": \"Rome\"}`",
      })
  void readsTheCallsOfAFamily(ToolFormat format, String text) {
    ParsedAnswer answer = parse(format, text);
    assertThat(answer.text()).isEmpty();
    assertThat(answer.calls()).hasSize(1);
    assertThat(answer.calls().get(0).name()).isEqualTo("get_weather");
    assertThat(answer.calls().get(0).argumentsMap()).isEqualTo(Map.of("city", "Rome"));
    assertThat(answer.calls().get(0).id()).matches("call_[a-zA-Z0-9]{24}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "HERMES|`<tool_call>\n{\"name\": \"clock\", \"arguments\": {}}\n</tool_call>\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Rome\"}}\n</tool_call>`",
        "QWEN_XML|`<tool_call>\n<function=clock>\n</function>\n</tool_call>\n<tool_call>\n<function=get_weather>\n<parameter=city>\nRome\n</parameter>\n</function>\n</tool_call>`",
        "GLM|`<tool_call>clock\n</tool_call>\n<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Rome</arg_value>\n</tool_call>`",
        "LLAMA|`{\"name\": \"clock\", \"parameters\": {}}; {\"name\": \"get_weather\", \"parameters\": {\"city\": \"Rome\"}}`",
        "MISTRAL_LIST|`[TOOL_CALLS] [{\"name\": \"clock\", \"arguments\": {}}, {\"name\": \"get_weather\", \"arguments\": {\"city\": \"Rome\"}}]`",
        "MISTRAL|`[TOOL_CALLS]clock[ARGS]{}[TOOL_CALLS]get_weather[ARGS]{\"city\": \"Rome\"}`",
      })
  void readsSeveralCalls(ToolFormat format, String text) {
    ParsedAnswer answer = parse(format, text);
    assertThat(answer.text()).isEmpty();
    assertThat(answer.calls()).extracting(ToolCall::name).containsExactly("clock", "get_weather");
    assertThat(answer.calls().get(0).argumentsMap()).isEmpty();
    assertThat(answer.calls().get(1).argumentsMap()).isEqualTo(Map.of("city", "Rome"));
  }

  @Test
  void textStandsBeforeAndAfterCallsWithoutTheSpaceAroundThem() {
    String call = "<tool_call>\n{\"name\": \"clock\", \"arguments\": {}}\n</tool_call>";
    assertThat(parse(ToolFormat.HERMES, "Let me look.\n" + call).text()).isEqualTo("Let me look.");
    assertThat(parseAgain(call + "\nDone.\n").text()).isEqualTo("\nDone.");
  }

  private static ParsedAnswer parseAgain(String text) {
    ToolParser parser = ToolParser.of(ToolFormat.HERMES, TestTools.ALL, false, event -> {});
    parser.accept(text);
    return parser.finish();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "HERMES|`Just text, with <b>signs</b> and {\"name\": \"clock\", \"arguments\": {}}\n`",
        "HERMES|`<tool_call>`",
        "HERMES|`<tool_call>\n{\"name\": \"clock\", \"arguments\": {\"a\": 1`",
        "HERMES|`<tool_call>\n{\"name\": \"clock\", \"arguments\": {\"a\": wrong}}\n</tool_call>`",
        "HERMES|`<tool_call>{\"name\": \"unknown\", \"arguments\": {}}</tool_call>`",
        "HERMES|`<tool_call>{\"name\": \"clock\", \"arguments\": [1]}</tool_call>`",
        "HERMES|`<tool_call>{\"name\": \"clock\", \"arguments\": {\"a\": 1, \"a\": 2}}</tool_call>`",
        "QWEN_XML|`<tool_call>\n<function=unknown>\n</function>\n</tool_call>`",
        "QWEN_XML|`<tool_call>\n<function=clock>\n<parameter=a>1`",
        "QWEN_XML|`<function=clock>text</function>`",
        "GLM|`<tool_call>unknown\n</tool_call>`",
        "GLM|`<tool_call>clock\n<arg_key>a</arg_key>\n<arg_value>1`",
        "GLM|`<tool_call>clock\n<arg_key>a</arg_key>text</tool_call>`",
        "LLAMA|`{\"answer\": 42}`",
        "LLAMA|`The JSON: {\"name\": \"clock\", \"parameters\": {}}`",
        "LLAMA|`<|python_tag|>print(5)`",
        "MISTRAL_LIST|`[TOOL_CALLS] [5]`",
        "MISTRAL|`[TOOL_CALLS]unknown[ARGS]{}`",
      })
  void whatIsNoCallIsTextToTheCharacter(ToolFormat format, String text) {
    ParsedAnswer answer = parse(format, text);
    assertThat(answer.calls()).isEmpty();
    assertThat(answer.text()).isEqualTo(text);
  }

  @Test
  void aCallAfterABrokenOneIsRead() {
    ParsedAnswer answer =
        parse(
            ToolFormat.HERMES,
            "<tool_call>{\"name\": \"clock\", \"arguments\": {<tool_call>{\"name\": \"clock\","
                + " \"arguments\": {}}</tool_call>");
    assertThat(answer.calls()).hasSize(1);
    assertThat(answer.text()).isEqualTo("<tool_call>{\"name\": \"clock\", \"arguments\": {");
    assertThat(heard.events).anyMatch(ToolEvent.CallDropped.class::isInstance);
  }

  @Test
  void argumentsAreToldAsTheyCome() {
    ToolParser parser = ToolParser.of(ToolFormat.HERMES, TestTools.ALL, false, heard);
    parser.accept("<tool_call>\n{\"name\": \"get_weather\", \"argu");
    assertThat(heard.events).isEmpty();
    parser.accept("ments\": {\"city\":");
    assertThat(heard.events).hasSize(2);
    assertThat(heard.events.get(0)).isInstanceOf(ToolEvent.CallBegun.class);
    assertThat(heard.events.get(1)).isEqualTo(new ToolEvent.Arguments(0, "{\"city\":"));
    parser.accept(" \"Rome\"}}");
    assertThat(heard.events.get(2)).isEqualTo(new ToolEvent.Arguments(0, " \"Rome\"}"));
    assertThat(heard.events.get(3)).isInstanceOf(ToolEvent.CallComplete.class);
    assertThat(parser.finish().calls()).hasSize(1);
  }

  @Test
  void valuesInXmlAreOfTheTypesOfTheSchema() {
    ParsedAnswer answer =
        parse(
            ToolFormat.QWEN_XML,
            "<function=get_weather><parameter=city>\n5\n</parameter><parameter=days>\n5\n</parameter>"
                + "<parameter=metric>True</parameter><parameter=hours>[1, 2]</parameter>"
                + "<parameter=other>null</parameter><parameter=more>some text</parameter></function>");
    assertThat(answer.calls().get(0).arguments())
        .isEqualTo(
            "{\"city\": \"5\", \"days\": 5, \"metric\": true, \"hours\": [1,2], \"other\": null,"
                + " \"more\": \"some text\"}");
  }

  @Test
  void thoughtsAreSeparated() {
    ParsedAnswer answer = parse(ToolFormat.HERMES, "<think>\nA or B? <tool_call>\n</think>\n\nA.");
    assertThat(answer.thinking()).isEqualTo("A or B? <tool_call>");
    assertThat(answer.text()).isEqualTo("A.");
  }

  @Test
  void aThoughtThatThePromptBeganNeedsNoOpening() {
    ToolParser parser = ToolParser.of(ToolFormat.HERMES, List.of(), true, heard);
    parser.accept("Well </thin k>\n\n</think>\nYes.");
    assertThat(parser.finish()).isEqualTo(new ParsedAnswer("Yes.", "Well </thin k>", List.of()));
  }

  @Test
  void aThoughtWithoutAnEndIsAllThought() {
    ParsedAnswer answer = parse(ToolFormat.HERMES, "<think>On and on </th");
    assertThat(answer.thinking()).isEqualTo("On and on </th");
    assertThat(answer.text()).isEmpty();
  }

  @Test
  void withoutToolsThereAreNoCalls() {
    String text = "<tool_call>{\"name\": \"clock\", \"arguments\": {}}</tool_call>\n ";
    ToolParser parser = ToolParser.of(ToolFormat.HERMES, List.of(), false, heard);
    parser.accept(text);
    assertThat(parser.finish().text()).isEqualTo(text);
  }

  @Test
  void aCallOfMoreThanAMillionCharactersIsText() {
    String text =
        "<tool_call>{\"name\": \"clock\", \"arguments\": {\"a\": \"" + "x".repeat(1 << 20) + "\"}}";
    ParsedAnswer answer = parse(ToolFormat.HERMES, text);
    assertThat(answer.calls()).isEmpty();
    assertThat(answer.text()).isEqualTo(text);
  }

  @Test
  void nestingIsBounded() {
    String text = "<tool_call>{\"name\": \"clock\", \"arguments\": {\"a\": " + "[".repeat(100_000);
    assertThat(parse(ToolFormat.HERMES, text).text()).isEqualTo(text);
  }

  @Test
  void anAnswerThatHasEndedTakesNoMore() {
    ToolParser parser = ToolParser.of(ToolFormat.HERMES, List.of(), false, heard);
    parser.finish();
    assertThatThrownBy(() -> parser.accept("more")).isInstanceOf(IllegalStateException.class);
  }
}
