package io.adapt4j.eval.metric;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.eval.internal.metric.text.SpeechText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Normalizes transcripts before they are compared, so that an error rate counts wrong words and not
 * another spelling of the right ones: Whisper's normalizers (Radford et al. 2022, appendix C),
 * equal to those of Transformers. Immutable and safe to share between threads.
 */
public final class TranscriptNormalizer implements UnaryOperator<String> {

  private final UnaryOperator<String> normalizing;

  private TranscriptNormalizer(UnaryOperator<String> normalizing) {
    this.normalizing = normalizing;
  }

  /**
   * {@return the normalizer for any language: lower case, without symbols and remarks in brackets}
   */
  public static TranscriptNormalizer basic() {
    return basic(false, false);
  }

  /**
   * Creates the normalizer for any language.
   *
   * @param removeDiacritics whether letters lose their diacritics
   * @param splitLetters whether letters are separated by spaces, for languages without any between
   *     words
   * @return the normalizer
   */
  public static TranscriptNormalizer basic(boolean removeDiacritics, boolean splitLetters) {
    return new TranscriptNormalizer(text -> SpeechText.basic(text, removeDiacritics, splitLetters));
  }

  /**
   * Creates the normalizer for English: it also expands contractions and titles, writes numbers in
   * digits, and leaves out fillers.
   *
   * @param spellings words to replace, such as British by American ones; may be empty
   * @return the normalizer
   */
  public static TranscriptNormalizer english(Map<String, String> spellings) {
    Map<String, String> copy = Map.copyOf(spellings);
    return new TranscriptNormalizer(text -> SpeechText.english(text, copy));
  }

  /**
   * Creates the normalizer for English with the spellings of a model.
   *
   * @param file the model's {@code normalizer.json}
   * @return the normalizer
   * @throws CheckpointException if the file is no JSON object of words
   */
  public static TranscriptNormalizer english(Path file) {
    Map<String, String> spellings = new LinkedHashMap<>();
    try {
      JsonNode words = Json.parse(Files.readString(file));
      if (!words.isObject()) {
        throw wrong(file, "another value");
      }
      for (Map.Entry<String, JsonNode> word : words.properties()) {
        if (!word.getValue().isTextual()) {
          throw wrong(file, word.getValue() + " for " + word.getKey());
        }
        spellings.put(word.getKey(), word.getValue().textValue());
      }
    } catch (JsonProcessingException e) {
      throw wrong(file, e.getOriginalMessage());
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": reading failed", e);
    }
    return english(spellings);
  }

  private static CheckpointException wrong(Path file, String found) {
    return CheckpointException.inFile(
        file, "a JSON object of words", found, "Use the normalizer.json of a Whisper model.");
  }

  /**
   * Normalizes a text.
   *
   * @param text a transcript or its reference
   * @return the text to compare
   */
  @Override
  public String apply(String text) {
    return normalizing.apply(text);
  }
}
