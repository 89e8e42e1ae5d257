package io.adapt4j.tools.internal;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.chat.AnswerParser;
import io.adapt4j.tools.ParsedAnswer;
import io.adapt4j.tools.Tool;
import io.adapt4j.tools.ToolFormat;
import io.adapt4j.tools.ToolParser;
import java.util.List;
import java.util.Map;

/** Provider of answer parsers for training, by {@link ToolParser}. */
public final class ToolAnswerParsers implements AnswerParser.Provider {

  private static final String THOUGHT = "<think>";

  /** Creates the provider, for the service loader. */
  public ToolAnswerParsers() {}

  @Override
  public AnswerParser parser(ChatTemplate template, List<Map<String, Object>> definitions) {
    ToolFormat format = ToolFormat.of(template);
    List<Tool> tools = definitions.stream().map(Tool::from).toList();
    // Refuses repeated names before the first answer.
    ToolParser.of(format, tools, false, event -> {});
    return (prompt, answer) -> {
      boolean thinking = prompt.stripTrailing().endsWith(THOUGHT);
      ToolParser parser = ToolParser.of(format, tools, thinking, event -> {});
      parser.accept(answer);
      ParsedAnswer parsed = parser.finish();
      return new AnswerParser.Answer(
          parsed.text(),
          parsed.calls().stream()
              .map(call -> new AnswerParser.Call(call.name(), call.argumentsMap()))
              .toList());
    };
  }
}
