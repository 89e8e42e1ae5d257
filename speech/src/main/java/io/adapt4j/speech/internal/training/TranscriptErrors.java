package io.adapt4j.speech.internal.training;

import io.adapt4j.eval.metric.TranscriptNormalizer;
import io.adapt4j.eval.metric.WordErrorRate;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Word error rate of a pass over the validation data. */
final class TranscriptErrors {

  static final String METRIC = "wer";

  private static final String SPELLINGS = "normalizer.json";

  private final TranscriptNormalizer normalizer;
  private final WordErrorRate rate;
  private boolean said;

  /** Starts a pass. */
  interface Scoring {
    TranscriptErrors start();
  }

  private TranscriptErrors(TranscriptNormalizer normalizer) {
    this.normalizer = normalizer;
    this.rate = WordErrorRate.ofWords(normalizer);
  }

  /**
   * Returns the scoring of texts in a language. Letters are counted where no spaces are between
   * words, as in the paper.
   */
  static Scoring scoring(Path folder, String language, boolean spaced) {
    TranscriptNormalizer normalizer;
    if (language.equals("en")) {
      Path spellings = folder.resolve(SPELLINGS);
      normalizer =
          Files.exists(spellings)
              ? TranscriptNormalizer.english(spellings)
              : TranscriptNormalizer.english(Map.of());
    } else {
      normalizer = TranscriptNormalizer.basic(false, /* splitLetters= */ !spaced);
    }
    return () -> new TranscriptErrors(normalizer);
  }

  void add(String text, String reference) {
    said |= !normalizer.apply(reference).isBlank();
    rate.add(text, reference);
  }

  Map<String, Double> metrics() {
    return said ? Map.of(METRIC, rate.rate()) : Map.of();
  }
}
