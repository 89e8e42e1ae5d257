package io.adapt4j.core.internal.task.distillation;

import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.TrainingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Check that a teacher has the tokens of its student, before its weights are loaded. */
final class SameTokenizer {

  private static final String FILE = "tokenizer.json";

  private SameTokenizer() {}

  static boolean hasTokenizer(Path folder) {
    return Files.isRegularFile(folder.resolve(FILE));
  }

  /**
   * Rejects a teacher with another token for the same id. Special tokens may differ: fine-tuned
   * models rename unused ones.
   */
  static void require(Path teacher, Tokenizer own) {
    if (!hasTokenizer(teacher)) {
      return;
    }
    try (Tokenizer other = Tokenizer.load(teacher)) {
      int ids = Math.min(own.vocabularySize(), other.vocabularySize());
      for (int id = 0; id < ids; id++) {
        Optional<String> expected = text(own, id);
        Optional<String> found = text(other, id);
        if (expected.isPresent() && found.isPresent() && !expected.equals(found)) {
          throw new TrainingException(
              ("%s: expected a teacher with the model's tokenizer, whose token %d is '%s', found"
                      + " '%s'. Give a model of the same tokenizer, or set alignTokenizers.")
                  .formatted(teacher, id, expected.get(), found.get()));
        }
      }
    }
  }

  private static Optional<String> text(Tokenizer tokenizer, int id) {
    try {
      return tokenizer.isSpecial(id) ? Optional.empty() : Optional.of(tokenizer.token(id));
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // An id without a token.
    }
  }
}
