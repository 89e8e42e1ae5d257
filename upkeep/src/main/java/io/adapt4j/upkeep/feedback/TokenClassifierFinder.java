package io.adapt4j.upkeep.feedback;

import io.adapt4j.core.TokenClassifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;

/**
 * Finds personal data by a model that classifies tokens with labels in BIO or BIOES form, such as
 * {@code B-PERSON}. A text is given to the model in overlapping windows, so that none is longer
 * than the model reads. Thread-safe.
 */
public final class TokenClassifierFinder implements PersonalDataFinder {

  private static final int WINDOW = 400;

  private final Function<String, List<TokenClassifier.Entity>> model;
  private final double minScore;
  private final int window;

  TokenClassifierFinder(
      Function<String, List<TokenClassifier.Entity>> model, double minScore, int window) {
    this.model = model;
    this.minScore = minScore;
    this.window = window;
  }

  /**
   * Creates a finder with windows of 400 characters.
   *
   * @param model the model, closed by the caller
   * @param minScore minimum score of an entity, from 0 to 1
   * @throws IllegalArgumentException if the score is out of range
   */
  public TokenClassifierFinder(TokenClassifier model, double minScore) {
    this(Objects.requireNonNull(model, "model")::entities, minScore, WINDOW);
    if (!(minScore >= 0 && minScore <= 1)) {
      throw new IllegalArgumentException("minScore: expected 0 to 1, found " + minScore);
    }
  }

  @Override
  public List<PersonalSpan> find(String text) {
    List<PersonalSpan> found = new ArrayList<>();
    int step = window - window / 4;
    for (int from = 0; from < text.length(); from += step) {
      String part = text.substring(from, Math.min(text.length(), from + window));
      if (!part.isBlank()) {
        add(part, from, found);
      }
      if (from + window >= text.length()) {
        break;
      }
    }
    return found;
  }

  private void add(String part, int offset, List<PersonalSpan> found) {
    int lastEnd = -1;
    for (TokenClassifier.Entity entity : model.apply(part)) {
      if (entity.score() < minScore || part.substring(entity.start(), entity.end()).isBlank()) {
        continue;
      }
      int start = entity.start();
      while (Character.isWhitespace(part.charAt(start))) {
        start++;
      }
      String kind = kind(entity.type());
      int last = found.size() - 1;
      // In BIOES form the last token of an entity has a label of its own.
      boolean ends = entity.type().startsWith("E-") && lastEnd >= 0;
      if (ends && found.get(last).kind().equals(kind) && part.substring(lastEnd, start).isBlank()) {
        found.set(last, new PersonalSpan(kind, found.get(last).start(), offset + entity.end()));
      } else {
        found.add(new PersonalSpan(kind, offset + start, offset + entity.end()));
      }
      lastEnd = entity.end();
    }
  }

  private static String kind(String type) {
    boolean prefixed = type.startsWith("E-") || type.startsWith("S-");
    return (prefixed ? type.substring(2) : type).toUpperCase(Locale.ROOT).replace('-', '_');
  }
}
