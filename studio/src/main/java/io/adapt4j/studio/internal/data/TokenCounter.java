package io.adapt4j.studio.internal.data;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Number of tokens of a row, with the template that a first plan has, by a model's tokenizer. */
final class TokenCounter {

  /** Never closed: rows are truncated as they are read. */
  private static final Map<Path, TokenCounter> OPEN = new ConcurrentHashMap<>();

  private final Tokenizer tokenizer;
  private final ExampleEncoder encoder;
  private final boolean chats;

  private TokenCounter(Path model) {
    this.tokenizer = Tokenizer.load(ModelSource.path(model).folder());
    Optional<ChatTemplate> template = ChatTemplate.find(ModelSource.path(model).folder());
    ExampleEncoder.Builder builder =
        ExampleEncoder.builder(tokenizer, 2).appendEos(tokenizer.eosId().isPresent());
    template.ifPresent(builder::chatTemplate);
    this.encoder = builder.build();
    this.chats = template.isPresent();
  }

  static TokenCounter of(Path model) {
    return OPEN.computeIfAbsent(model, TokenCounter::new);
  }

  Tokenizer tokenizer() {
    return tokenizer;
  }

  /** Returns whether long rows like this can be truncated. */
  static boolean canTruncate(Example example) {
    return example instanceof Example.Text
        || example instanceof Example.Classified
        || example instanceof Example.PromptCompletion;
  }

  int count(Example example) {
    Example asked = chats ? MaskedTokens.chat(example) : example;
    boolean encoded =
        asked instanceof Example.Text
            || asked instanceof Example.PromptCompletion
            || (chats && asked instanceof Example.Chat);
    return encoded ? encoder.tokens(asked) : tokenizer.encode(text(example), true).length;
  }

  /** Returns how many tokens are the template's and not the text's. */
  int around(Example example) {
    return count(example) - tokenizer.encode(text(example), false).length;
  }

  /** Returns what a model sees at once. */
  private static String text(Example example) {
    if (example instanceof Example.Preference pair) {
      return pair.prompt() + longer(pair.chosen(), pair.rejected());
    }
    if (example instanceof Example.QueryPassage pair) {
      return pair.negatives().stream()
          .reduce(longer(pair.query(), pair.passage()), TokenCounter::longer);
    }
    StringBuilder text = new StringBuilder();
    for (ExampleFields.Field field : ExampleFields.of(example)) {
      if (!field.name().equals("label") && !field.name().equals("tags")) {
        text.append(field.text());
      }
    }
    return text.toString();
  }

  private static String longer(String one, String other) {
    return one.length() >= other.length() ? one : other;
  }
}
