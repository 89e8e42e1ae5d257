package io.adapt4j.core.internal.task.episode;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.chat.AnswerParser;
import io.adapt4j.core.reinforce.Environment;
import io.adapt4j.core.reinforce.EpisodeLimits;
import io.adapt4j.core.reinforce.Tool;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Common parts of the episodes of a run. */
public final class EpisodeSetting {

  final Environment environment;
  final EpisodeLimits limits;
  final int maxNewTokens;
  final Tokenizer tokenizer;
  final Map<String, Tool> tools = new LinkedHashMap<>();
  final Optional<AnswerParser> parser;
  final Continuation continuation;
  final TimedCalls calls = new TimedCalls();

  private EpisodeSetting(
      Environment environment,
      EpisodeLimits limits,
      int maxNewTokens,
      Tokenizer tokenizer,
      ChatTemplate template) {
    this.environment = environment;
    this.limits = limits;
    this.maxNewTokens = maxNewTokens;
    this.tokenizer = tokenizer;
    List<Map<String, Object>> definitions = definitions(environment);
    environment.tools().forEach(tool -> tools.put(tool.name(), tool));
    this.parser =
        definitions.isEmpty()
            ? Optional.empty()
            : Optional.of(
                AnswerParser.provider()
                    .orElseThrow(
                        () -> new IllegalArgumentException("tools need the module adapt4j-tools"))
                    .parser(template, definitions));
    this.continuation = new Continuation(tokenizer, template, definitions);
  }

  /** Returns the definitions of an environment's tools. */
  public static List<Map<String, Object>> definitions(Environment environment) {
    return environment.tools().stream().map(Tool::definition).toList();
  }

  public static EpisodeSetting of(
      Environment environment,
      EpisodeLimits limits,
      int maxNewTokens,
      Tokenizer tokenizer,
      Optional<ChatTemplate> template) {
    if (template.isEmpty()) {
      throw SettingsException.ofFineTuning(
          List.of(
              "an environment needs a chat template, and the model has none; name one with"
                  + " chatTemplate(...), such as chatml"));
    }
    try {
      return new EpisodeSetting(environment, limits, maxNewTokens, tokenizer, template.get());
    } catch (IllegalArgumentException | io.adapt4j.core.chat.ChatException e) {
      throw SettingsException.ofFineTuning(List.of("environment: " + e.getMessage()));
    }
  }
}
