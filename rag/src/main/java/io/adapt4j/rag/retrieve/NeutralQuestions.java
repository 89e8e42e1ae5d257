package io.adapt4j.rag.retrieve;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Questions on many everyday subjects, which most document collections do not answer. */
final class NeutralQuestions {

  private static final String RESOURCE = "neutral-questions.txt";

  private NeutralQuestions() {}

  static List<String> all() {
    try (InputStream in = NeutralQuestions.class.getResourceAsStream(RESOURCE)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(RESOURCE + " cannot be read from the library's jar", e);
    }
  }
}
