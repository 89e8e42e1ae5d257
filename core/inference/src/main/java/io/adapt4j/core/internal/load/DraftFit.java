package io.adapt4j.core.internal.load;

import io.adapt4j.core.tokenize.Tokenizer;
import java.util.Optional;

/** Checks that a draft model has the vocabulary of the model that it drafts for. */
public final class DraftFit {

  private DraftFit() {}

  /** Rejects a draft whose ids mean other tokens. */
  public static void require(LoadedModel model, LoadedModel draft) {
    if (draft.equals(model)) {
      throw new IllegalArgumentException(
          "draft: expected a smaller model, found the model itself. Load another one.");
    }
    Optional<Tokenizer> own = model.tokenizer();
    Optional<Tokenizer> other = draft.tokenizer();
    if (own.isPresent() && other.isPresent()) {
      requireSame(own.get(), other.get());
      return;
    }
    int rows = model.decoder().dimensions().vocabularySize();
    int found = draft.decoder().dimensions().vocabularySize();
    if (own.isPresent() != other.isPresent() || rows != found) {
      throw refused(
          describe(own.isPresent(), rows), "found one " + describe(other.isPresent(), found));
    }
  }

  private static String describe(boolean hasTokenizer, int rows) {
    return (hasTokenizer ? "with" : "without") + " a tokenizer and of " + rows + " tokens";
  }

  private static void requireSame(Tokenizer own, Tokenizer other) {
    int size = own.vocabularySize();
    if (other.vocabularySize() != size) {
      throw refused("of " + size + " tokens", "found one of " + other.vocabularySize());
    }
    for (int id = 0; id < size; id++) {
      Optional<String> token = token(own, id);
      Optional<String> found = token(other, id);
      if (!token.equals(found)) {
        throw refused(
            "with " + token.map(text -> "'" + text + "'").orElse("no token") + " at id " + id,
            "found " + found.map(text -> "'" + text + "'").orElse("no token"));
      }
    }
  }

  /** Returns a token; ids may have gaps. */
  private static Optional<String> token(Tokenizer tokenizer, int id) {
    try {
      return Optional.of(tokenizer.token(id));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static IllegalArgumentException refused(String expected, String found) {
    return new IllegalArgumentException(
        "draft: expected the model's vocabulary, "
            + expected
            + ", "
            + found
            + ". Use a smaller model of the same family, with the same tokenizer.json.");
  }
}
