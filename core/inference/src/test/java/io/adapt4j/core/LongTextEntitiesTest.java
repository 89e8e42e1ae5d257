package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.model.ModelSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Texts longer than an encoder reads, whose tokenizer adds tokens to every text. */
class LongTextEntitiesTest {

  /** Without a label O every word belongs to an entity. */
  private static final String LABELS = ", \"id2label\": {\"0\": \"X\", \"1\": \"Y\"}";

  @TempDir private Path folder;

  @Test
  void everyWordIsReadInOneOfTheWindows() throws IOException {
    Path model = SmallEncoder.write(folder, "BertForTokenClassification", LABELS);
    String text = "the red cat sat on a mat ".repeat(30).strip();
    try (TokenClassifier classifier = TokenClassifier.load(ModelSource.path(model))) {
      assertThat(words(classifier.allEntities(text))).isEqualTo(210);
      assertThat(words(classifier.entities(text))).isLessThan(SmallEncoder.POSITIONS);
      String brief = "the red cat sat";
      assertThat(classifier.allEntities(brief)).isEqualTo(classifier.entities(brief));
    }
  }

  private static int words(List<TokenClassifier.Entity> entities) {
    return entities.stream().mapToInt(entity -> entity.text().split(" ").length).sum();
  }
}
