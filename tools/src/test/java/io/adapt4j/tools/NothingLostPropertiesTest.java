package io.adapt4j.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.chat.RenderedChat;
import io.adapt4j.core.internal.PlainJson;
import io.adapt4j.core.internal.chat.ToolTemplate;
import io.adapt4j.jinja.Span;
import io.adapt4j.tools.ParsedAnswer.UnparsedCall;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;

/** An answer of calls, however it is cut and damaged, keeps every word in what is parsed of it. */
class NothingLostPropertiesTest {

  private static final Tool DEEP =
      Tool.of(
          "store",
          "Stores.",
          Map.of(
              "type",
              "object",
              "properties",
              Map.of("text", Map.of("type", "string"), "tree", Map.of("type", "object"))));

  private static final List<Tool> TOOLS = List.of(DEEP, TestTools.CLOCK);

  /** The ends of calls, of which those of another format may be in a text. */
  private static final List<String> ENDS =
      List.of(
          "</tool_call>",
          "<｜tool▁call▁end｜>",
          "<|tool_call_end|>",
          "<|END_ACTION|>",
          "</invoke>",
          "]",
          ")",
          "}",
          "<|call|>",
          "<|end|>",
          "[TOOL_CALLS]");

  /** Words of the formats. A word of an argument has digits in it. */
  private static final Pattern WORD = Pattern.compile("w[0-9]+x");

  private final List<Object> words = new ArrayList<>();

  private Object value(Random random, int depth, boolean enclosed) {
    return switch (depth == 0 ? random.nextInt(3) : random.nextInt(5)) {
      case 0 -> word();
      // In a format whose texts are quoted as in JSON, a text may have the end of a call.
      case 1 ->
          enclosed ? word() + " " + ENDS.get(random.nextInt(ENDS.size())) + " " + word() : word();
      case 2 -> random.nextBoolean();
      case 3 -> {
        List<Object> list = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
          list.add(value(random, depth - 1, enclosed));
        }
        yield list;
      }
      default -> {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = random.nextInt(3); i > 0; i--) {
          map.put(word(), value(random, depth - 1, enclosed));
        }
        yield map;
      }
    };
  }

  private String word() {
    String word = "w" + words.size() + "x";
    words.add(word);
    return word;
  }

  private List<Map<String, Object>> calls(Random random, ToolFormat format) {
    boolean enclosed =
        format != ToolFormat.QWEN_XML && format != ToolFormat.GLM && format != ToolFormat.MINIMAX;
    boolean single = format == ToolFormat.LLAMA || format == ToolFormat.HARMONY;
    List<Map<String, Object>> calls = new ArrayList<>();
    for (int i = single ? 1 : 1 + random.nextInt(3); i > 0; i--) {
      Map<String, Object> arguments = new LinkedHashMap<>();
      if (random.nextInt(4) > 0) {
        arguments.put("text", enclosed ? String.valueOf(value(random, 0, true)) : word());
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put(word(), value(random, 3, enclosed));
        arguments.put("tree", tree);
      }
      calls.add(arguments);
    }
    return calls;
  }

  private static String written(ChatTemplate template, List<Map<String, Object>> calls) {
    ChatOptions options =
        ChatOptions.defaults().withTools(TOOLS.stream().map(Tool::definition).toList());
    ToolTemplate form = ToolTemplate.of(template, options);
    List<Map<String, Object>> definitions = new ArrayList<>();
    for (Map<String, Object> each : calls) {
      String tool = each.isEmpty() ? "clock" : "store";
      definitions.add(new ToolCall("any", tool, PlainJson.object(each).toString()).definition());
    }
    List<ChatMessage> talk =
        List.of(ChatMessage.user("Hi"), ChatMessage.assistant("").with("tool_calls", definitions));
    RenderedChat chat =
        template.renderWithSpans(form.messages(talk, options), form.options(options));
    Span span = chat.assistantSpans().get(0);
    return chat.text().substring(span.start(), span.end());
  }

  private static ParsedAnswer parse(ToolFormat format, String text, Random pieces, Heard heard) {
    ToolParser parser = ToolParser.of(format, TOOLS, false, heard);
    for (int at = 0; at < text.length(); ) {
      int end = Math.min(text.length(), at + 1 + pieces.nextInt(7));
      parser.accept(text.substring(at, end));
      at = end;
    }
    ParsedAnswer answer = parser.finish();
    assertThat(heard.summary()).isEqualTo(Heard.summary(answer));
    return answer;
  }

  @Property(tries = 800, shrinking = ShrinkingMode.OFF)
  void nestedAndParallelCallsAreReadAsTheyWereWritten(
      @ForAll("templates") String name, @ForAll long seed) {
    Random random = new Random(seed);
    ChatTemplate template = TestTools.template(name);
    ToolFormat format = ToolFormat.of(template);
    List<Map<String, Object>> calls = calls(random, format);
    String written = written(template, calls);
    ParsedAnswer answer = parse(format, written, random, new Heard());
    assertThat(answer.calls().stream().map(ToolCall::argumentsMap).toList())
        .as(written)
        .isEqualTo(calls);
    assertThat(answer.unparsed()).as(written).isEmpty();
  }

  @Property(tries = 3000, shrinking = ShrinkingMode.OFF)
  void noWordOfADamagedAnswerIsLost(@ForAll("templates") String name, @ForAll long seed) {
    Random random = new Random(seed);
    ChatTemplate template = TestTools.template(name);
    ToolFormat format = ToolFormat.of(template);
    String damaged = word() + " " + written(template, calls(random, format)) + " " + word();
    if (random.nextBoolean() || format == ToolFormat.HARMONY) {
      damaged = damaged.substring(damaged.indexOf(' ') + 1);
    }
    for (int i = random.nextInt(3); i >= 0; i--) {
      damaged = damage(damaged, random);
    }
    words.clear();
    Heard heard = new Heard();
    ParsedAnswer answer = parse(format, damaged, random, heard);
    String kept = Heard.summary(answer);
    assertThat(words(kept)).as("%s%n%s", damaged, kept).containsAll(words(damaged));
    for (UnparsedCall unparsed : answer.unparsed()) {
      assertThat(answer.text()).contains(unparsed.text());
      assertThat(heard.events).contains(new ToolEvent.CallUnparsed(unparsed));
    }
  }

  private static List<String> words(String text) {
    List<String> found = new ArrayList<>();
    Matcher matcher = WORD.matcher(text);
    while (matcher.find()) {
      found.add(matcher.group());
    }
    return found;
  }

  private static String damage(String text, Random random) {
    int at = random.nextInt(text.length() + 1);
    int length = Math.min(text.length() - at, 1 + random.nextInt(8));
    return switch (random.nextInt(5)) {
      case 0 -> text.substring(0, at);
      case 1 -> text.substring(0, at) + text.substring(at + length);
      case 2 -> text.substring(0, at) + "\"{<[(:".charAt(random.nextInt(6)) + text.substring(at);
      case 3 -> text.substring(0, at) + ENDS.get(random.nextInt(ENDS.size())) + text.substring(at);
      default -> text.substring(0, at) + text.substring(at, at + length) + text.substring(at);
    };
  }

  @Provide
  Arbitrary<String> templates() {
    return Arbitraries.of(TestTools.TEMPLATES);
  }
}
