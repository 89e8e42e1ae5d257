package io.adapt4j.upkeep.feedback;

import io.adapt4j.core.TokenClassifier;
import io.adapt4j.core.model.ModelSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;

/**
 * Finds personal data by a model that classifies tokens with labels in BIO or BIOES form, such as
 * {@code B-PERSON}: OpenAI's privacy filter, or a fine-tuned encoder. Texts of any length are read
 * whole, in windows that overlap. Thread-safe.
 *
 * <pre>{@code
 * try (TokenClassifierFinder filter = TokenClassifierFinder.load(ModelSource.path(folder))) {
 *   PersonalData.patterns().and(filter).mask("I am Ann Lee")   // I am [PRIVATE_PERSON]
 * }
 * }</pre>
 */
public final class TokenClassifierFinder implements PersonalDataFinder, AutoCloseable {

  private final Function<String, List<TokenClassifier.Entity>> model;
  private final double minScore;
  private final Runnable close;

  TokenClassifierFinder(
      Function<String, List<TokenClassifier.Entity>> model, double minScore, Runnable close) {
    this.model = model;
    this.minScore = minScore;
    this.close = close;
  }

  /**
   * Creates a finder.
   *
   * @param model the model, closed by the caller
   * @param minScore minimum score of an entity, from 0 to 1
   * @throws IllegalArgumentException if the score is out of range
   */
  public TokenClassifierFinder(TokenClassifier model, double minScore) {
    this(Objects.requireNonNull(model, "model")::allEntities, minScore, () -> {});
    if (!(minScore >= 0 && minScore <= 1)) {
      throw new IllegalArgumentException("minScore: expected 0 to 1, found " + minScore);
    }
  }

  /**
   * Loads a model that finds every entity, whatever its score.
   *
   * @param model location of the model
   * @return the finder, closed by the caller
   * @throws io.adapt4j.core.exception.CheckpointException if it is no token classifier, or cannot
   *     be loaded
   */
  public static TokenClassifierFinder load(ModelSource model) {
    TokenClassifier loaded = TokenClassifier.load(model);
    return new TokenClassifierFinder(loaded::allEntities, 0, loaded::close);
  }

  @Override
  public List<PersonalSpan> find(String text) {
    List<PersonalSpan> found = new ArrayList<>();
    if (text.isBlank()) {
      return found;
    }
    int lastEnd = -1;
    for (TokenClassifier.Entity entity : model.apply(text)) {
      if (entity.score() < minScore || text.substring(entity.start(), entity.end()).isBlank()) {
        continue;
      }
      int start = entity.start();
      while (Character.isWhitespace(text.charAt(start))) {
        start++;
      }
      String kind = kind(entity.type());
      int last = found.size() - 1;
      // In BIOES form the last token of an entity has a label of its own.
      boolean ends = entity.type().startsWith("E-") && lastEnd >= 0;
      if (ends && found.get(last).kind().equals(kind) && text.substring(lastEnd, start).isBlank()) {
        found.set(last, new PersonalSpan(kind, found.get(last).start(), entity.end()));
      } else {
        found.add(new PersonalSpan(kind, start, entity.end()));
      }
      lastEnd = entity.end();
    }
    return found;
  }

  private static String kind(String type) {
    boolean prefixed = type.startsWith("E-") || type.startsWith("S-");
    return (prefixed ? type.substring(2) : type).toUpperCase(Locale.ROOT).replace('-', '_');
  }

  /** Closes the model if the finder loaded it. */
  @Override
  public void close() {
    close.run();
  }
}
