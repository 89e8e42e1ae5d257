package io.adapt4j.cli;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.model.ModelSource;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A smaller model that drafts tokens for the model of a command. */
final class DraftArgument {

  private static final String NAME = "--draft";

  @Option(
      names = NAME,
      paramLabel = "MODEL",
      description =
          "A smaller model with the same tokenizer, which guesses tokens that the model then checks"
              + " together: the same text, sooner where it guesses well.")
  private @Nullable String draft;

  @Option(
      names = "--draft-tokens",
      paramLabel = "N",
      defaultValue = "4",
      description = "With --draft: guess up to N tokens at once. Default ${DEFAULT-VALUE}.")
  private int tokens;

  DraftArgument() {}

  boolean isGiven() {
    return draft != null;
  }

  /** A draft model, closed after its use; nothing to close where none is given. */
  interface Opened extends AutoCloseable {
    @Override
    void close();
  }

  /** Loads the draft model, if one is given, and lets it draft. */
  Opened open(LanguageModel model) {
    if (draft == null) {
      return () -> {};
    }
    if (tokens < 1) {
      throw new IllegalArgumentException(
          "--draft-tokens: expected at least 1, found "
              + tokens
              + ". Give about 4, or leave out --draft.");
    }
    LanguageModel smaller = LanguageModel.load(ModelSource.path(ModelArgument.folder(NAME, draft)));
    try {
      model.useDraft(smaller, tokens);
      return smaller::close;
    } catch (RuntimeException e) {
      smaller.close();
      throw e;
    }
  }
}
