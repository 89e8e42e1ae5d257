package io.adapt4j.core.internal.chat;

import io.adapt4j.core.chat.ChatTemplate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;

/** Parser of the tool calls in a model's answers, in the format of its chat template. */
@FunctionalInterface
public interface AnswerParser {

  record Call(String name, Map<String, Object> arguments) {}

  /** Text of an answer, without thoughts, and its calls. */
  record Answer(String text, List<Call> calls) {}

  /** Parses an answer whose prompt may have begun a thought. */
  Answer parse(String prompt, String answer);

  /** Factory of parsers, which the module {@code adapt4j-tools} provides as a service. */
  interface Provider {

    /** Creates a parser of calls of tools, given in the format of OpenAI's API. */
    AnswerParser parser(ChatTemplate template, List<Map<String, Object>> tools);
  }

  /** Finds the provider; empty without the module. */
  static Optional<Provider> provider() {
    return ServiceLoader.load(Provider.class, Provider.class.getClassLoader()).findFirst();
  }
}
