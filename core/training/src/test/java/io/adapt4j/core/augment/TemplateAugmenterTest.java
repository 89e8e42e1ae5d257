package io.adapt4j.core.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemplateAugmenterTest {

  @TempDir private Path folder;

  @Test
  void everyTemplateIsUsedOnceWithTheSpacesOfTheText() {
    Dataset rows = Datasets.of(List.of(new Example.PromptCompletion("why {x}?\n", " so")));
    assertThat(rows(TemplateAugmenter.of("Tell me, {text}", "{text} Thanks.").augment(rows)))
        .containsExactly(
            rows.get(0),
            new Example.PromptCompletion("Tell me, why {x}?\n", " so"),
            new Example.PromptCompletion("why {x}? Thanks.\n", " so"));
  }

  @Test
  void listsAreDrawnFromAndEqualWordingsLeftOut() {
    TemplateAugmenter augmenter =
        TemplateAugmenter.of("{hello} {text}")
            .list("hello", "Hi,", "Hello,", "hi")
            .paraphrases(5)
            .withoutOriginals();
    Dataset rows = Datasets.of(List.of(new Example.Text("it rains")));
    Augmented augmented = augmenter.augment(rows);
    // "Hi," and "hi" are the same words.
    assertThat(augmented.dataset().size()).isEqualTo(2);
    assertThat(augmented.report().rejected()).isEqualTo(Map.of(Rejection.DUPLICATE, 3));
    assertThat(rows(augmenter.augment(rows))).isEqualTo(rows(augmented));
  }

  @Test
  void fieldsOfTheSourceFillTemplates() throws IOException {
    Path file = folder.resolve("capitals.csv");
    Files.writeString(file, "text,country\nParis is its capital,France\n");
    Dataset rows = Datasets.read(file).open();
    assertThat(rows(TemplateAugmenter.of("{country}: {text}").withoutOriginals().augment(rows)))
        .containsExactly(new Example.Text("France: Paris is its capital"));
    assertThatThrownBy(() -> TemplateAugmenter.of("{city}: {text}").augment(rows))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("capitals.csv line 2")
        .hasMessageContaining("[city]");
  }

  private static List<Example> rows(Augmented augmented) {
    Dataset dataset = augmented.dataset();
    return IntStream.range(0, dataset.size()).<Example>mapToObj(dataset::get).toList();
  }
}
